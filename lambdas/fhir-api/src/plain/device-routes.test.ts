import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Caller } from '../smart/token.ts';
import { type TestApi, testApi } from '../testing/api.ts';
import { AMINA, administrator, amina, doctor, emptyRecord, NOON } from '../testing/story.ts';

const DEVICE = 'd7'.repeat(16);
const stated = {
  publicKeySpkiBase64: Buffer.alloc(91, 1).toString('base64'),
  ...{ manufacturer: 'Pulse', model: 'One', serial: '42' },
};
const worn = { patientId: AMINA, fromMs: NOON, untilMs: null };

let api: TestApi;
beforeEach(() => {
  api = testApi(emptyRecord(), [administrator, doctor, amina]);
});

async function send(caller: Caller, method: string, path: string, body?: object) {
  const sending = { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  const { status, text } = await api.send(caller, `devices/${DEVICE}${path}`, sending);
  return { status, json: JSON.parse(text) as unknown };
}

describe('the register of devices', () => {
  it('takes a device, its wearer and its end, each once however often it is told', async () => {
    const steps = [
      ['PUT', '', stated],
      ['PUT', '/wearer', worn],
      ['POST', '/revoke', undefined],
    ] as const;
    for (const [method, path, body] of steps) {
      for (const status of ['changed', 'unchanged']) {
        expect(await send(administrator, method, path, body)).toEqual({
          status: 200,
          json: { status },
        });
      }
    }
    expect(api.devices.registered.get(DEVICE)).toMatchObject({ ...stated, deviceId: DEVICE });
    expect(api.devices.worn).toEqual([{ ...worn, deviceId: DEVICE }]);
  });

  it.each([doctor, amina])('is not for a $role', async (caller) => {
    expect(await send(caller, 'PUT', '', stated)).toMatchObject({
      status: 403,
      json: { code: 'access_denied' },
    });
  });

  it('does not take another key for a device that is there', async () => {
    await send(administrator, 'PUT', '', stated);
    const other = { ...stated, publicKeySpkiBase64: Buffer.alloc(91, 2).toString('base64') };
    expect(await send(administrator, 'PUT', '', other)).toMatchObject({ status: 409 });
  });

  it.each([
    ['', { ...stated, model: '' }],
    ['', { ...stated, colour: 'red' }],
    ['/wearer', { ...worn, patientId: 'amina' }],
  ])('refuses to %s what is not as it should be', async (path, body) => {
    expect(await send(administrator, 'PUT', path, body)).toMatchObject({
      status: 400,
      json: { code: 'invalid_input' },
    });
  });
});
