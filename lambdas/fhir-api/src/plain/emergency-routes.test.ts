import { beforeEach, describe, expect, it } from '@jest/globals';
import { EmergencyOpenAnswer, PARTS_MAY_BE_WITHHELD } from '@pulseledger/domain';
import type { Caller } from '../smart/token.ts';
import { type TestApi, testApi } from '../testing/api.ts';
import { AMINA, administrator, amina, doctor, emptyRecord } from '../testing/story.ts';

const medic: Caller = { ...doctor, subject: 'medic', role: 'emergency-medic' };
const OPEN = { patientId: AMINA, reasonCode: 'unconscious', text: 'found in the street' };

let api: TestApi;
beforeEach(() => {
  api = testApi(emptyRecord(), [medic, doctor, amina, administrator]);
});

async function send(caller: Caller, method: string, path: string, body?: unknown) {
  const sending = body === undefined ? { method } : { method, body: JSON.stringify(body) };
  const { status, text } = await api.send(caller, `emergency/${path}`, sending);
  return { status, json: JSON.parse(text) as unknown };
}

describe('break-glass over the API', () => {
  it('opens with a reason, and always says that parts may be withheld', async () => {
    const { status, json } = await send(medic, 'POST', 'open', OPEN);
    expect(status).toBe(200);
    const answer = EmergencyOpenAnswer.parse(json);
    expect(answer).toMatchObject({ isEntryLate: false });
    expect(answer.partsMayBeWithheld).toBe(PARTS_MAY_BE_WITHHELD);
  });

  it.each<[string, object]>([
    ['no reason', { ...OPEN, reasonCode: undefined }],
    ['a reason that is none', { ...OPEN, reasonCode: 'curiosity' }],
    ['no words', { ...OPEN, text: '' }],
    ['no patient', { ...OPEN, patientId: 'Amina' }],
  ])('does not open with %s', async (_what, body) => {
    expect((await send(medic, 'POST', 'open', body)).status).toBe(400);
  });

  it('finds by two identifiers or a token, not by one', async () => {
    const both = { family: 'Test', birthDate: '1990-01-01' };
    expect((await send(medic, 'POST', 'find', both)).status).toBe(200);
    expect((await send(medic, 'POST', 'find', { family: 'Test' })).status).toBe(400);
    expect((await send(medic, 'POST', 'find', 'Test')).status).toBe(400);
  });

  it('is the medic’s alone, its review the administrator’s', async () => {
    for (const caller of [doctor, amina, administrator]) {
      expect((await send(caller, 'POST', 'open', OPEN)).status).toBe(403);
    }
    for (const path of ['reviews', 'report']) {
      expect((await send(administrator, 'GET', path)).status).toBe(200);
      expect((await send(medic, 'GET', path)).status).toBe(403);
    }
    const verdict = { verdict: 'justified', text: '' };
    const path = `reviews/${AMINA}`;
    expect((await send(administrator, 'POST', path, verdict)).status).toBe(200);
    expect((await send(administrator, 'POST', 'reviews/none', verdict)).status).toBe(404);
    expect((await send(administrator, 'POST', path, { verdict: 'maybe' })).status).toBe(400);
  });
});
