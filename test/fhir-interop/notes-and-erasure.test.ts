/** What is beside FHIR and for few: psychotherapy notes and erasure, from the event to the ledger and back. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  AccessesAnswer,
  ErasureProgress,
  ErasureRequested,
  ErasuresAnswer,
  NotesAnswer,
  WrittenNote,
} from '@pulseledger/domain';
import type { Caller } from '../../lambdas/fhir-api/src/smart/token.ts';
import type { Received } from '../../lambdas/fhir-api/src/testing/api.ts';
import {
  AMINA,
  administrator,
  agent,
  amina,
  boris,
  doctor,
  nurse,
} from '../../lambdas/fhir-api/src/testing/story.ts';
import { networkApi, type Send } from '../record-port/network-api.ts';
import { type NetworkWorld, openNetworkWorld } from '../record-port/network-world.ts';

const LIMIT_MS = 300_000;
const WORDS = 'She spoke of the flood.';
const NOTES = `patients/${AMINA}/notes`;
const ERASURES = `patients/${AMINA}/erasures`;
const medic: Caller = { ...doctor, subject: 'medic', role: 'emergency-medic' };
const laboratory: Caller = { ...doctor, subject: 'laboratory', role: 'laboratory' };
const guardian: Caller = { ...doctor, subject: 'guardian', role: 'representative' };

let world: NetworkWorld;
let api: Send;

beforeAll(async () => {
  world = await openNetworkWorld('devnet');
  api = networkApi(world.sessions);
}, LIMIT_MS);

afterAll(() => world.close(), LIMIT_MS);

function send(caller: Caller, method: string, path: string, body?: object): Promise<Received> {
  const isPlain = path.startsWith('patients/');
  const headers = { 'content-type': isPlain ? 'application/json' : 'application/fhir+json' };
  const sending = body === undefined ? { method } : { method, headers, body: JSON.stringify(body) };
  return api(caller, path, sending);
}

async function noteOf(text: string): Promise<string> {
  const written = await send(doctor, 'POST', NOTES, { text });
  expect(written.status).toBe(201);
  return WrittenNote.parse(JSON.parse(written.text)).noteId;
}

describe('psychotherapy notes on the devnet', () => {
  it(
    'are for their authors; to everybody else there is nothing, and the log names notes alone',
    async () => {
      expect((await send(doctor, 'GET', NOTES)).status).toBe(404);
      const groupId = await world.addNoteGroup(doctor);
      const noteId = await noteOf(WORDS);
      const { groups, notes } = NotesAnswer.parse(
        JSON.parse((await send(doctor, 'GET', NOTES)).text),
      );
      expect([groups, notes.map(({ text }) => text)]).toEqual([[groupId], [WORDS]]);
      for (const caller of [
        amina,
        boris,
        nurse,
        agent,
        administrator,
        medic,
        laboratory,
        guardian,
      ]) {
        const answers = await Promise.all([
          send(caller, 'GET', NOTES),
          send(caller, 'GET', `${NOTES}/${noteId}`),
          send(caller, 'POST', NOTES, { text: 'Mine' }),
          send(caller, 'DELETE', `${NOTES}/${noteId}?version=1`),
        ]);
        const statuses = answers.map(({ status }) => status);
        expect([caller.role, ...statuses]).toEqual([caller.role, 404, 404, 404, 404]);
        expect(answers.map(({ text }) => text).join()).not.toContain(noteId);
      }
      const log = await send(amina, 'GET', `patients/${AMINA}/accesses`);
      expect(log.text).not.toContain('psychotherapy');
      const { accesses } = AccessesAnswer.parse(JSON.parse(log.text));
      const looks = accesses.filter(({ subjectId }) => subjectId === doctor.subjectId);
      expect(JSON.stringify(looks)).toContain('note');
    },
    LIMIT_MS,
  );

  it(
    'get versions and are deleted by who names the present one',
    async () => {
      const address = `${NOTES}/${await noteOf('First')}`;
      const second = { text: 'Second', version: 1 };
      expect((await send(doctor, 'PUT', address, second)).status).toBe(200);
      expect((await send(doctor, 'PUT', address, second)).status).toBe(412);
      expect((await send(doctor, 'GET', address)).text).toContain('Second');
      expect((await send(doctor, 'GET', `${address}?version=1`)).text).toContain('First');
      expect((await send(doctor, 'DELETE', `${address}?version=2`)).status).toBe(204);
      expect((await send(doctor, 'GET', address)).status).toBe(404);
    },
    LIMIT_MS,
  );
});

describe('erasure on the devnet', () => {
  it(
    'is asked for, granted and carried out; every way of asking says 410 and not who ordered it',
    async () => {
      const noteId = await noteOf(WORDS);
      const subject = { reference: `Patient/${AMINA}` };
      const made = await send(doctor, 'POST', 'Condition', { resourceType: 'Condition', subject });
      const id = String(made.resource.id);
      const asked = await send(amina, 'POST', ERASURES, { scope: 'clinical' });
      const { requestId } = ErasureRequested.parse(JSON.parse(asked.text));
      expect((await send(administrator, 'GET', 'erasures')).text).toContain(requestId);
      const one = `${ERASURES}/${requestId}`;
      const grant = { refusal: null, retainUntilMs: Date.now() };
      expect((await send(doctor, 'POST', `${one}/answer`, grant)).status).toBe(403);
      expect((await send(administrator, 'POST', `${one}/carry-out`)).status).toBe(409);
      expect((await send(administrator, 'POST', `${one}/answer`, grant)).status).toBe(200);
      const carried = await send(administrator, 'POST', `${one}/carry-out`);
      const progress = ErasureProgress.parse(JSON.parse(carried.text));
      expect(progress.done).toBe(true);
      for (const path of [`Condition/${id}`, `Condition/${id}/_history`, `Patient/${AMINA}`]) {
        const { status, text } = await send(doctor, 'GET', path);
        expect([path, status]).toEqual([path, 410]);
        expect(text).not.toContain(administrator.subjectId);
      }
      expect((await send(doctor, 'GET', `Condition?patient=${AMINA}`)).status).toBe(410);
      const note = await send(doctor, 'GET', `${NOTES}/${noteId}`);
      expect([404, 410]).toContain(note.status);
      const { erasures } = ErasuresAnswer.parse(
        JSON.parse((await send(amina, 'GET', ERASURES)).text),
      );
      expect(erasures).toMatchObject([{ state: 'destroyed', purgedKeys: progress.purged }]);
    },
    LIMIT_MS,
  );
});
