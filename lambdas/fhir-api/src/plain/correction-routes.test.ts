import { beforeEach, describe, expect, it } from '@jest/globals';
import { type Correction, CorrectionRequested, CorrectionsAnswer } from '@pulseledger/domain';
import type { Caller } from '../smart/token.ts';
import { codeIn, type Received, type TestApi, testApi } from '../testing/api.ts';
import {
  AMINA,
  administrator,
  agent,
  amina,
  BORIS,
  boris,
  doctor,
  emptyRecord,
  nurse,
} from '../testing/story.ts';

const CORRECTIONS = `patients/${AMINA}/corrections`;
const CONDITION = {
  resourceType: 'Condition',
  subject: { reference: `Patient/${AMINA}` },
  code: { text: 'Asthma' },
};
const TEXT = 'I never had asthma.';
const REFUSED = { correctedIn: null, refusal: 'The test of March says so.' };
const CORRECTED = { correctedIn: 2, refusal: null };

let api: TestApi;
let recordId: string;
beforeEach(async () => {
  const callers = [doctor, nurse, amina, boris, agent, administrator];
  api = testApi(emptyRecord(), callers, {
    scopes: new Map([[amina.subject, 'patient/*.cruds']]),
  });
  const { resource } = await send(doctor, 'POST', 'Condition', CONDITION);
  recordId = resource.id ?? '';
});

function send(caller: Caller, method: string, path: string, body?: object): Promise<Received> {
  const isPlain = path.startsWith('patients');
  const headers = { 'content-type': isPlain ? 'application/json' : 'application/fhir+json' };
  const sending = body === undefined ? { method } : { method, headers, body: JSON.stringify(body) };
  return api.send(caller, path, sending);
}

function ask(caller: Caller = amina, more: object = {}): Promise<Received> {
  return send(caller, 'POST', CORRECTIONS, { recordId, version: 1, text: TEXT, ...more });
}

async function asked(): Promise<string> {
  const { status, text } = await ask();
  expect(status).toBe(201);
  return CorrectionRequested.parse(JSON.parse(text)).correctionId;
}

function answer(caller: Caller, correctionId: string, outcome: object): Promise<Received> {
  return send(caller, 'POST', `${CORRECTIONS}/${correctionId}/answer`, { recordId, ...outcome });
}

async function seenBy(caller: Caller): Promise<readonly Correction[]> {
  const { status, text } = await send(caller, 'GET', CORRECTIONS);
  expect(status).toBe(200);
  return CorrectionsAnswer.parse(JSON.parse(text)).corrections;
}

describe('correction', () => {
  it('is asked for by the patient, made by who wrote the record, and seen by the patient', async () => {
    const correctionId = await asked();
    const open = { correctionId, recordId, recordClass: 'condition', version: 1, text: TEXT };
    expect(await seenBy(doctor)).toMatchObject([{ ...open, answer: null }]);
    expect((await answer(doctor, correctionId, CORRECTED)).status).toBe(409);
    const changed = { ...CONDITION, id: recordId, code: { text: 'Bronchitis' } };
    const headers = { 'content-type': 'application/fhir+json', 'if-match': 'W/"1"' };
    const sending = { method: 'PUT', headers, body: JSON.stringify(changed) };
    expect((await api.send(doctor, `Condition/${recordId}`, sending)).status).toBe(200);
    expect((await answer(doctor, correctionId, CORRECTED)).status).toBe(200);
    const given = { ...CORRECTED, answeredBy: doctor.subjectId };
    expect(await seenBy(amina)).toMatchObject([{ ...open, answer: given }]);
  });

  it('is refused with a reason, once', async () => {
    const correctionId = await asked();
    expect((await answer(doctor, correctionId, REFUSED)).status).toBe(200);
    expect((await answer(doctor, correctionId, REFUSED)).status).toBe(404);
    expect(await seenBy(amina)).toMatchObject([{ answer: REFUSED }]);
  });

  it('is asked for by nobody else, and seen or answered by nobody to whom it is not addressed', async () => {
    expect((await ask(doctor)).status).toBe(403);
    for (const caller of [nurse, boris, agent, administrator]) {
      expect((await ask(caller)).status).toBe(404);
    }
    const correctionId = await asked();
    for (const caller of [nurse, boris, agent, administrator]) {
      expect((await send(caller, 'GET', CORRECTIONS)).status).toBe(404);
      expect((await answer(caller, correctionId, REFUSED)).status).toBe(404);
    }
    expect((await answer(amina, correctionId, REFUSED)).status).toBe(403);
    expect(await seenBy(amina)).toMatchObject([{ answer: null }]);
  });

  it('names a record of this patient in its latest version', async () => {
    expect((await ask(amina, { recordId: '9'.repeat(32) })).status).toBe(404);
    expect(codeIn(await ask(amina, { version: 2 }))).toBe('precondition_failed');
    const elsewhere = `patients/${BORIS}/corrections`;
    const body = { recordId, version: 1, text: TEXT };
    expect((await send(amina, 'POST', elsewhere, body)).status).toBe(404);
    expect(await seenBy(amina)).toEqual([]);
  });

  it('takes no other form', async () => {
    for (const more of [{ text: '' }, { version: 0 }, { recordId: 'x' }, { more: 1 }]) {
      expect((await ask(amina, more)).status).toBe(400);
    }
    const correctionId = await asked();
    for (const outcome of [
      {},
      { ...REFUSED, correctedIn: 2 },
      { ...CORRECTED, correctedIn: null },
    ]) {
      expect((await answer(doctor, correctionId, outcome)).status).toBe(400);
    }
    expect((await answer(doctor, 'x', REFUSED)).status).toBe(404);
  });
});

describe('a token with scopes for single resource types', () => {
  it('does not reach requests for correction', async () => {
    const narrow = testApi(emptyRecord(), [amina], {
      scopes: new Map([[amina.subject, 'patient/Condition.cruds']]),
    });
    expect((await narrow.send(amina, CORRECTIONS)).status).toBe(403);
  });
});
