import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Caller } from '../smart/token.ts';
import { type TestApi, testApi } from '../testing/api.ts';
import {
  AMINA,
  administrator,
  agent,
  amina,
  BORIS,
  BORIS_WATCH,
  boris,
  doctor,
  doctorElsewhere,
  emptyRecord,
  heartRate,
  NOBODY,
  NOON,
  nurse,
  TEN,
  WATCH,
} from '../testing/story.ts';

const CALLERS = [doctor, nurse, doctorElsewhere, amina, boris, agent, administrator];

let api: TestApi;
beforeEach(() => {
  const record = emptyRecord();
  record.send({ deviceId: WATCH, firstSequence: 4, readings: [heartRate(TEN)] });
  record.send({ deviceId: BORIS_WATCH, firstSequence: 0, readings: [heartRate(TEN)] });
  api = testApi(record, CALLERS);
});

async function get(caller: Caller | undefined, path: string) {
  const answer = await api.send(caller, path);
  return { ...answer, json: JSON.parse(answer.text) as Record<string, unknown> };
}

describe('what is missing of a device', () => {
  it.each([amina, doctor, administrator])('is told to $role of $organization', async (caller) => {
    const { status, headers, json } = await get(caller, `devices/${WATCH}/gaps`);
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
    expect(json).toMatchObject({
      deviceId: WATCH,
      missingReadings: 4,
      boots: [{ missing: [[0, 3]] }],
    });
  });

  it.each([boris, nurse, doctorElsewhere, agent])(
    'does not exist for $role of $organization, like a device that is none',
    async (caller) => {
      const other = await get(caller, `devices/${WATCH}/gaps`);
      const none = await get(caller, `devices/${NOBODY}/gaps`);
      const wrong = await get(caller, 'devices/watch/gaps');
      expect(other.status).toBe(404);
      expect(other.headers['content-type']).toBe('application/problem+json; charset=utf-8');
      expect(other.json).toMatchObject({ status: 404, code: 'not_found' });
      expect(none.json).toEqual(other.json);
      expect(wrong.json).toEqual(other.json);
    },
  );

  it('needs a login, and takes no parameters', async () => {
    const nobody = await get(undefined, `devices/${WATCH}/gaps`);
    expect(nobody).toMatchObject({ status: 401, json: { code: 'unauthenticated' } });
    expect(nobody.headers['www-authenticate']).toContain('Bearer');
    const more = await get(amina, `devices/${WATCH}/gaps?device=${BORIS_WATCH}`);
    expect(more).toMatchObject({ status: 400, json: { code: 'invalid_input' } });
  });

  it('is read only, and stands nowhere else', async () => {
    const posted = await api.send(amina, `devices/${WATCH}/gaps`, { method: 'POST' });
    expect(posted.status).toBe(405);
    expect(posted.headers['allow']).toBe('GET, HEAD');
    expect(posted.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect((await get(amina, `devices/${WATCH}`)).status).toBe(405);
    // A wish for FHIR does not reach what is beside it.
    const fhir = { headers: { accept: 'application/fhir+xml' } };
    expect((await api.send(amina, `devices/${WATCH}/gaps`, fhir)).status).toBe(200);
  });
});

describe('the list of what is missing', () => {
  it('is for the administrator of the organization, a page at a time', async () => {
    const first = await get(administrator, 'devices/gaps?pageSize=1');
    expect(first.json).toMatchObject({ devices: [{ deviceId: WATCH }], bookmark: WATCH });
    const second = await get(administrator, `devices/gaps?bookmark=${WATCH}`);
    expect(second.json).toEqual({ devices: [expect.objectContaining({ deviceId: BORIS_WATCH })] });
  });

  it.each([amina, doctor, nurse, agent])('is refused to $role of $organization', async (caller) => {
    const { status, json } = await get(caller, 'devices/gaps');
    expect({ status, code: json['code'] }).toEqual({ status: 403, code: 'access_denied' });
  });

  it.each(['pageSize=0', 'pageSize=101', 'pageSize=x', 'bookmark=x', 'patient=1'])(
    'refuses %s',
    async (query) => {
      const { status, json } = await get(administrator, `devices/gaps?${query}`);
      expect({ status, code: json['code'] }).toEqual({ status: 400, code: 'invalid_input' });
    },
  );
});

describe('watching a patient', () => {
  const post = { method: 'POST' };

  it.each([amina, doctor])('lets $role ask the devices for short windows', async (caller) => {
    const answer = await api.send(caller, `patients/${AMINA}/watch`, post);
    const command = { watchUntilMs: NOON + 300_000 };
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toEqual({ ...command, devices: 1 });
    expect(api.published).toEqual([{ topic: `v1/${WATCH}/commands`, payload: command }]);
  });

  it.each([boris, nurse, doctorElsewhere, agent, administrator, undefined])(
    'is nothing for others (%#), and no device hears of it',
    async (caller) => {
      const answer = await api.send(caller, `patients/${AMINA}/watch`, post);
      expect(answer.status).toBe(caller === undefined ? 401 : 404);
      expect(api.published).toEqual([]);
    },
  );

  it('does not wake a device that is reported lost', async () => {
    const answer = await api.send(boris, `patients/${BORIS}/watch`, post);
    expect(JSON.parse(answer.text)).toMatchObject({ devices: 0 });
    expect(api.published).toEqual([]);
  });
});

describe('a refusal', () => {
  it('is counted, also one that is shown as nothing being there', async () => {
    await api.send(undefined, `Patient/${AMINA}`);
    await api.send(boris, `Patient/${AMINA}`);
    await api.send(boris, `Patient/${BORIS}`);
    await api.send(amina, 'devices/gaps');
    expect(api.measured).toEqual([
      ['Denied', { at: 'api', reason: 'unauthenticated' }],
      ['Denied', { at: 'api', reason: 'access_denied' }],
      ['Denied', { at: 'api', reason: 'access_denied' }],
    ]);
  });
});
