import { beforeEach, describe, expect, it } from '@jest/globals';
import { ErasureRequested, ErasuresAnswer } from '@pulseledger/domain';
import type { Caller } from '../smart/token.ts';
import { type TestApi, testApi } from '../testing/api.ts';
import {
  AMINA,
  administrator,
  agent,
  amina,
  boris,
  doctor,
  emptyRecord,
  NOON,
  nurse,
} from '../testing/story.ts';

const ERASURES = `patients/${AMINA}/erasures`;
const CONDITION = {
  resourceType: 'Condition',
  subject: { reference: `Patient/${AMINA}` },
  code: { text: 'Asthma' },
};
const RETAINED_UNTIL_MS = NOON + 1_000;

let api: TestApi;
let nowMs: number;
beforeEach(() => {
  nowMs = NOON;
  const callers = [doctor, nurse, amina, boris, agent, administrator];
  api = testApi(emptyRecord(), callers, { now: () => nowMs });
});

async function send(caller: Caller, method: string, path: string, body?: object) {
  const isPlain = path.startsWith('patients') || path.startsWith('erasures');
  const headers = { 'content-type': isPlain ? 'application/json' : 'application/fhir+json' };
  const sending = body === undefined ? { method } : { method, headers, body: JSON.stringify(body) };
  const { status, text } = await api.send(caller, path, sending);
  return { status, text, json: text === '' ? {} : (JSON.parse(text) as unknown) };
}

async function ask(): Promise<string> {
  const { status, json } = await send(amina, 'POST', ERASURES, { scope: 'clinical' });
  expect(status).toBe(201);
  return ErasureRequested.parse(json).requestId;
}

function answer(caller: Caller, requestId: string, refusal: string | null = null) {
  const body = { refusal, retainUntilMs: RETAINED_UNTIL_MS };
  return send(caller, 'POST', `${ERASURES}/${requestId}/answer`, body);
}

function carryOut(caller: Caller, requestId: string) {
  return send(caller, 'POST', `${ERASURES}/${requestId}/carry-out`);
}

async function states(caller: Caller): Promise<string[]> {
  const { json } = await send(caller, 'GET', ERASURES);
  return ErasuresAnswer.parse(json).erasures.map(({ state }) => state);
}

describe('erasure', () => {
  it('is asked for by the patient, granted, carried out after retention, with a receipt', async () => {
    await send(doctor, 'POST', 'Condition', CONDITION);
    const requestId = await ask();
    const waiting = await send(administrator, 'GET', 'erasures');
    expect(waiting.json).toMatchObject({ erasures: [{ patientId: AMINA, requestId }] });
    expect((await answer(administrator, requestId)).status).toBe(200);
    expect((await send(administrator, 'GET', 'erasures')).json).toMatchObject({ erasures: [] });
    expect((await carryOut(administrator, requestId)).status).toBe(409);
    nowMs = RETAINED_UNTIL_MS;
    expect((await carryOut(administrator, requestId)).json).toEqual({ purged: 1, done: true });
    const { json } = await send(amina, 'GET', ERASURES);
    const [receipt] = ErasuresAnswer.parse(json).erasures;
    expect(receipt).toMatchObject({ state: 'destroyed', purgedKeys: 1, destroyedAtMs: nowMs });
  });

  it('is refused by a custodian with one of the reasons of the law', async () => {
    const requestId = await ask();
    expect((await answer(administrator, requestId, 'because')).status).toBe(400);
    expect((await answer(administrator, requestId, 'legal-obligation')).status).toBe(200);
    expect((await answer(administrator, requestId)).status).toBe(409);
    expect(await states(amina)).toEqual(['refused']);
    nowMs = RETAINED_UNTIL_MS;
    expect((await carryOut(administrator, requestId)).status).toBe(409);
  });

  it('is neither asked for, answered, seen nor carried out by anybody else', async () => {
    const scope = { scope: 'clinical' };
    for (const caller of [doctor, nurse, boris, agent, administrator]) {
      expect((await send(caller, 'POST', ERASURES, scope)).status).toBe(403);
    }
    const requestId = await ask();
    for (const caller of [doctor, nurse, boris, agent]) {
      expect((await send(caller, 'GET', ERASURES)).status).toBe(404);
      expect((await send(caller, 'GET', 'erasures')).status).toBe(403);
      expect((await answer(caller, requestId)).status).toBe(403);
      expect((await carryOut(caller, requestId)).status).toBe(403);
    }
    expect((await answer(amina, requestId)).status).toBe(403);
    expect((await carryOut(amina, requestId)).status).toBe(403);
    expect((await answer(administrator, '9'.repeat(32))).status).toBe(404);
    expect((await answer(administrator, 'x')).status).toBe(404);
    expect(await states(amina)).toEqual(['requested']);
  });

  it('takes no other scope or form', async () => {
    for (const body of [{}, { scope: 'all' }, { scope: 'clinical', patientId: AMINA }]) {
      expect((await send(amina, 'POST', ERASURES, body)).status).toBe(400);
    }
    expect(await states(amina)).toEqual([]);
  });
});

describe('what was erased', () => {
  it('answers 410 to every way of asking, and does not say who ordered it', async () => {
    const created = await send(doctor, 'POST', 'Condition', CONDITION);
    const { id } = created.json as { id: string };
    const requestId = await ask();
    await answer(administrator, requestId);
    nowMs = RETAINED_UNTIL_MS;
    await carryOut(administrator, requestId);
    const asking: [string, string, object?][] = [
      ['GET', `Condition/${id}`],
      ['GET', `Condition/${id}/_history`],
      ['GET', `Condition/${id}/_history/1`],
      ['PUT', `Condition/${id}`, { ...CONDITION, id }],
      ['DELETE', `Condition/${id}`],
    ];
    for (const [method, path, body] of asking) {
      const { status, text, json } = await send(doctor, method, path, body);
      expect([method, path, status]).toEqual([method, path, 410]);
      expect(json).toMatchObject({
        issue: [{ severity: 'error', code: 'deleted', details: { coding: [{ code: 'gone' }] } }],
      });
      expect(text).not.toMatch(new RegExp(`${AMINA}|${administrator.subjectId}|Hospital`));
    }
    const search = await send(doctor, 'GET', `Condition?_id=${id}`);
    expect(search.json).toMatchObject({ total: 0 });
  });

  it('is told apart from what was deleted, which has a history', async () => {
    const created = await send(doctor, 'POST', 'Condition', CONDITION);
    const { id } = created.json as { id: string };
    expect((await send(doctor, 'DELETE', `Condition/${id}`)).status).toBe(204);
    const { status, json } = await send(doctor, 'GET', `Condition/${id}`);
    expect(status).toBe(410);
    expect(json).toMatchObject({ issue: [{ details: { coding: [{ code: 'deleted' }] } }] });
    expect((await send(doctor, 'GET', `Condition/${id}/_history`)).status).toBe(200);
  });
});
