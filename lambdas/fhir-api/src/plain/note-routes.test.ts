import { beforeEach, describe, expect, it } from '@jest/globals';
import { NotesAnswer, PsychotherapyNote, WrittenNote } from '@pulseledger/domain';
import type { Caller } from '../smart/token.ts';
import { type TestApi, testApi } from '../testing/api.ts';
import {
  AMINA,
  administrator,
  agent,
  amina,
  BORIS,
  doctor,
  emptyRecord,
  nurse,
} from '../testing/story.ts';

const WORDS = 'He spoke of his brother for the first time.';
const NOTES = `patients/${AMINA}/notes`;

/** Treats too, and belongs to no group. */
const colleague: Caller = { ...doctor, subject: 'colleague', subjectId: '1d'.repeat(16) };
/** Treats, and belongs to another group. */
const otherAuthor: Caller = { ...doctor, subject: 'other-author', subjectId: '2d'.repeat(16) };
const medic: Caller = { ...doctor, subject: 'medic', role: 'emergency-medic' };
const laboratory: Caller = { ...doctor, subject: 'laboratory', role: 'laboratory' };
const guardian: Caller = { ...amina, subject: 'guardian', role: 'representative' };
const narrow: Caller = { ...doctor, subject: 'narrow' };

const NOT_AUTHORS = [
  ...[colleague, amina, nurse, agent, medic, laboratory, guardian, administrator],
];

let api: TestApi;
let groupId: string;

beforeEach(() => {
  const record = emptyRecord();
  record.treat(AMINA, colleague);
  record.treat(AMINA, otherAuthor);
  const callers = [doctor, otherAuthor, narrow, ...NOT_AUTHORS];
  const scopes = new Map([['narrow', 'user/DocumentReference.cruds user/Observation.cruds']]);
  api = testApi(record, callers, { scopes });
  groupId = api.notes.addGroup(doctor);
  api.notes.addGroup(otherAuthor);
});

async function send(caller: Caller, method: string, path: string, body?: object) {
  const headers = { 'content-type': 'application/json' };
  const sending = body === undefined ? { method } : { method, headers, body: JSON.stringify(body) };
  const { status, text } = await api.send(caller, path, sending);
  return { status, text, json: text === '' ? {} : (JSON.parse(text) as unknown) };
}

async function write(text = WORDS): Promise<WrittenNote> {
  const { status, json } = await send(doctor, 'POST', NOTES, { text });
  expect(status).toBe(201);
  return WrittenNote.parse(json);
}

describe('psychotherapy notes', () => {
  it('are written and read by a doctor of the group; the ledger gets no word of them', async () => {
    const { noteId } = await write();
    const { json } = await send(doctor, 'GET', NOTES);
    const { groups, notes } = NotesAnswer.parse(json);
    expect(groups).toEqual([groupId]);
    expect(notes).toMatchObject([{ noteId, version: 1, groupId, text: WORDS }]);
    const one = await send(doctor, 'GET', `${NOTES}/${noteId}`);
    expect(PsychotherapyNote.parse(one.json)).toEqual(notes[0]);
    expect(api.clinical.stored()).not.toContain('brother');
  });

  it('get new versions, of which earlier ones stay readable, and are deleted', async () => {
    const { noteId } = await write();
    const address = `${NOTES}/${noteId}`;
    const amended = { text: 'And of his sister.', version: 1 };
    expect((await send(doctor, 'PUT', address, amended)).json).toEqual({ noteId, version: 2 });
    expect((await send(doctor, 'PUT', address, amended)).status).toBe(412);
    expect((await send(doctor, 'GET', address)).json).toMatchObject({ text: amended.text });
    const first = await send(doctor, 'GET', `${address}?version=1`);
    expect(first.json).toMatchObject({ text: WORDS, version: 1 });
    expect((await send(doctor, 'DELETE', address)).status).toBe(428);
    expect((await send(doctor, 'DELETE', `${address}?version=1`)).status).toBe(412);
    expect((await send(doctor, 'DELETE', `${address}?version=2`)).status).toBe(204);
    expect((await send(doctor, 'GET', address)).status).toBe(404);
    expect((await send(doctor, 'GET', NOTES)).json).toMatchObject({ notes: [] });
  });

  it('come in pages, newest first, each once', async () => {
    for (let count = 0; count < 53; count += 1) await write(`${String(count)} times`);
    const first = NotesAnswer.parse((await send(doctor, 'GET', NOTES)).json);
    expect(first.notes).toHaveLength(50);
    const next = await send(doctor, 'GET', `${NOTES}?bookmark=${first.bookmark ?? ''}`);
    const second = NotesAnswer.parse(next.json);
    expect(second.notes).toHaveLength(3);
    expect(second.bookmark).toBeUndefined();
    const ids = [...first.notes, ...second.notes].map(({ noteId }) => noteId);
    expect(new Set(ids).size).toBe(53);
  });

  it.each(NOT_AUTHORS.map((caller) => [caller.role, caller.subject, caller] as const))(
    'are not there for a %s (%s): every address answers like one where nothing ever was',
    async (_role, _subject, caller) => {
      const { noteId } = await write();
      const address = `${NOTES}/${noteId}`;
      const nothing = `${NOTES}/${'9'.repeat(32)}`;
      const calls: [string, string, string, object?][] = [
        ['GET', address, nothing],
        ['GET', `${address}?version=1`, `${nothing}?version=1`],
        ['PUT', address, nothing, { text: 'Mine', version: 1 }],
        ['DELETE', `${address}?version=1`, `${nothing}?version=1`],
      ];
      for (const [method, there, elsewhere, body] of calls) {
        const answer = await send(caller, method, there, body);
        expect([method, answer.status]).toEqual([method, 404]);
        expect(answer.text).toBe((await send(caller, method, elsewhere, body)).text);
      }
      const list = await send(caller, 'GET', NOTES);
      expect([list.status, list.text.includes(noteId)]).toEqual([404, false]);
      expect((await send(caller, 'POST', NOTES, { text: 'Mine' })).status).toBe(404);
      expect((await send(doctor, 'GET', address)).json).toMatchObject({ version: 1, text: WORDS });
    },
  );

  it('are hidden from the doctors of another group, who cannot write into this one', async () => {
    const { noteId } = await write();
    expect((await send(otherAuthor, 'GET', `${NOTES}/${noteId}`)).status).toBe(404);
    const list = NotesAnswer.parse((await send(otherAuthor, 'GET', NOTES)).json);
    expect(list.notes).toEqual([]);
    expect(list.groups).not.toContain(groupId);
    const foreign = { text: 'Mine', groupId };
    expect((await send(otherAuthor, 'POST', NOTES, foreign)).status).toBe(404);
    const deleting = `${NOTES}/${noteId}?version=1`;
    expect((await send(otherAuthor, 'DELETE', deleting)).status).toBe(404);
  });

  it('are nowhere in FHIR, whoever asks, also not by the note’s id', async () => {
    const { noteId } = await write();
    for (const caller of [doctor, amina, colleague]) {
      for (const type of ['DocumentReference', 'ClinicalImpression', 'Basic', 'Observation']) {
        const { status, text } = await api.send(caller, `${type}/${noteId}`);
        expect([type, status, text.includes('brother')]).toEqual([type, 404, false]);
      }
      const everything = await api.send(caller, `Patient/${AMINA}/$everything`);
      expect(everything.text).not.toContain(noteId);
    }
  });

  it('are for patients whom the doctor treats, and for texts of the right form', async () => {
    expect((await send(doctor, 'GET', `patients/${BORIS}/notes`)).status).toBe(404);
    expect((await send(doctor, 'POST', NOTES, { text: '' })).status).toBe(400);
    expect((await send(doctor, 'POST', NOTES, { text: 'x'.repeat(40_001) })).status).toBe(400);
    expect((await send(doctor, 'POST', NOTES, { text: 'x', code: 'F32' })).status).toBe(400);
    expect((await send(doctor, 'POST', NOTES, { text: 'x', groupId: BORIS })).status).toBe(404);
    expect((await send(doctor, 'GET', `${NOTES}?bookmark=1`)).status).toBe(400);
  });

  it('need a group to be named by who belongs to several', async () => {
    const second = api.notes.addGroup(doctor);
    expect((await send(doctor, 'POST', NOTES, { text: WORDS })).status).toBe(400);
    const named = await send(doctor, 'POST', NOTES, { text: WORDS, groupId: second });
    expect(named.status).toBe(201);
    const { noteId } = WrittenNote.parse(named.json);
    expect((await send(doctor, 'GET', `${NOTES}/${noteId}`)).json).toMatchObject({
      groupId: second,
    });
  });

  it('are not reached by a token whose scopes name resources', async () => {
    expect((await send(narrow, 'GET', NOTES)).status).toBe(403);
    expect((await send(narrow, 'POST', NOTES, { text: WORDS })).status).toBe(403);
  });
});
