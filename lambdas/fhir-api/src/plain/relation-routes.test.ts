import { beforeEach, describe, expect, it } from '@jest/globals';
import { RepresentativesAnswer, TreatingAnswer } from '@pulseledger/domain';
import type { Caller } from '../smart/token.ts';
import { type TestApi, testApi } from '../testing/api.ts';
import { AMINA, amina, BORIS, boris, doctor, emptyRecord, NOON } from '../testing/story.ts';

const SALT = '5a'.repeat(16);
const NEW_DOCTOR = '77'.repeat(16);
const named = {
  ...{ kind: 'Practitioner' as const, id: NEW_DOCTOR, ifVersion: null, saltHex: SALT },
  resource: { resourceType: 'Practitioner', name: [{ family: 'Varga', given: ['Ilona'] }] },
};
const DAY_MS = 86_400_000;

let api: TestApi;
beforeEach(() => {
  api = testApi(emptyRecord(), [doctor, amina, boris], { people: [named] });
});

async function send(caller: Caller, method: string, path: string, body?: object) {
  const sending = { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  const { status, text } = await api.send(caller, `patients/${AMINA}/${path}`, sending);
  return { status, json: JSON.parse(text) as unknown };
}

describe('who treats a patient', () => {
  const body = { organization: 'clinic', untilMs: null };
  const treating = async () =>
    TreatingAnswer.parse((await send(amina, 'GET', 'treating')).json).relations;

  it('is entered by the patient from now on, and is named as the directory has it', async () => {
    expect(await send(amina, 'PUT', `treating/${NEW_DOCTOR}`, body)).toMatchObject({
      status: 200,
      json: { status: 'changed' },
    });
    expect(await treating()).toMatchObject([
      { practitionerId: NEW_DOCTOR, name: 'Ilona Varga', organization: 'clinic', untilMs: null },
    ]);
  });

  it('has no name when the directory has none, and comes last when it is over', async () => {
    await send(amina, 'PUT', `treating/${doctor.subjectId}`, body);
    await send(amina, 'PUT', `treating/${NEW_DOCTOR}`, body);
    await send(amina, 'POST', `treating/${NEW_DOCTOR}/end`);
    expect(await treating()).toMatchObject([
      { name: null, untilMs: null },
      { name: 'Ilona Varga', untilMs: NOON },
    ]);
  });

  it.each([doctor, boris])('is not decided by a $role of another', async (caller) => {
    expect(await send(caller, 'PUT', `treating/${NEW_DOCTOR}`, body)).toMatchObject({
      status: 403,
      json: { code: 'access_denied' },
    });
    expect(await send(caller, 'GET', 'treating')).toMatchObject({ status: 404 });
  });

  it.each([{ organization: 'pharmacy', untilMs: null }, { organization: 'clinic' }])(
    'is refused as %j',
    async (wrong) => {
      expect(await send(amina, 'PUT', `treating/${NEW_DOCTOR}`, wrong)).toMatchObject({
        status: 400,
        json: { code: 'invalid_input' },
      });
    },
  );
});

describe('who acts for a patient', () => {
  const body = {
    kind: 'proxy',
    scope: { classes: ['result'], actions: ['read'] },
    untilMs: NOON + DAY_MS,
  };

  it('is named with a scope and until when, and ended', async () => {
    await send(amina, 'PUT', `representatives/${BORIS}`, body);
    await send(amina, 'POST', `representatives/${BORIS}/end`);
    const { json } = await send(amina, 'GET', 'representatives');
    expect(RepresentativesAnswer.parse(json).representatives).toMatchObject([
      { representativeId: BORIS, kind: 'proxy', scope: body.scope, untilMs: NOON },
    ]);
  });

  it('is not ended when there is none', async () => {
    expect(await send(amina, 'POST', `representatives/${BORIS}/end`)).toMatchObject({
      status: 404,
    });
  });
});
