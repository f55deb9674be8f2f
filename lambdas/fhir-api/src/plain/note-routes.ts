/**
 * Psychotherapy notes, for their authors alone: plain JSON beside FHIR, since a note has no coded content to exchange. The
 * text is sealed here, before the ledger sees it. To everybody else there is nothing at these addresses.
 */
import {
  AmendNoteRequest,
  MAX_NOTE_PAGE,
  NewNoteRequest,
  NotesAnswer,
  NoteVersionQuery,
  PsychotherapyNote,
  PulseError,
  type RecordView,
  type RecordWrite,
  SealedNote,
  WrittenNote,
} from '@pulseledger/domain';
import { openNote, sealNote } from '@pulseledger/ledger';
import { z } from 'zod';
import type { Call } from '../http/call.ts';
import { ok, type Reply } from '../http/reply.ts';
import type { Route } from '../http/routes.ts';
import { newId } from '../interactions/incoming.ts';
import { conceal } from '../record/chart.ts';
import { nothingToSee } from '../record/port.ts';
import { identifierIn, jsonBody, parsed } from './plain-input.ts';

const RECORD_CLASS = 'psychotherapy-note';
/** What a scope would have to name; only those for everything do. */
const SCOPE = 'PsychotherapyNote';
/** A text of the greatest length, each character as its JSON escape. */
const MAX_BODY = 250_000;
const BOOKMARK = /^\d{1,15}\.[0-9a-f]{32}$/;
const PageQuery = z.strictObject({ bookmark: z.string().regex(BOOKMARK).optional() });

export const NOTE_ROUTES: readonly Route[] = [
  {
    ...{ method: 'GET', path: 'patients/:id/notes', format: 'plain', access: 'login' },
    summary: 'Psychotherapy notes, for the doctors of their authors’ group',
    query: PageQuery,
    answer: NotesAnswer,
    handle: listNotes,
  },
  {
    ...{ method: 'POST', path: 'patients/:id/notes', format: 'plain', access: 'login' },
    summary: 'Write a psychotherapy note',
    body: NewNoteRequest,
    answer: WrittenNote,
    maxBody: MAX_BODY,
    handle: writeNote,
  },
  {
    ...{ method: 'GET', path: 'patients/:id/notes/:note', format: 'plain', access: 'login' },
    summary: 'One psychotherapy note, or an earlier version of it',
    query: NoteVersionQuery,
    answer: PsychotherapyNote,
    handle: readNote,
  },
  {
    ...{ method: 'PUT', path: 'patients/:id/notes/:note', format: 'plain', access: 'login' },
    summary: 'A new version of a psychotherapy note',
    body: AmendNoteRequest,
    answer: WrittenNote,
    maxBody: MAX_BODY,
    handle: amendNote,
  },
  {
    ...{ method: 'DELETE', path: 'patients/:id/notes/:note', format: 'plain', access: 'login' },
    summary: 'Delete a psychotherapy note; its present version is named',
    query: NoteVersionQuery,
    handle: deleteNote,
  },
];

async function listNotes(call: Call): Promise<Reply> {
  call.grant.require(SCOPE, 's');
  const patientId = identifierIn(call.path['id']);
  const { bookmark } = parsed(PageQuery, Object.fromEntries(call.request.query));
  const groups = await conceal(call.notes.authorGroups(patientId));
  const all = await call.chart.load(patientId, [RECORD_CLASS]);
  const rest = all.sort(newestFirst).filter((view) => isBehind(view, bookmark));
  const shown = rest.slice(0, MAX_NOTE_PAGE);
  const notes = await Promise.all(shown.map((view) => opened(call, patientId, view)));
  const last = rest.length > shown.length ? shown.at(-1) : undefined;
  return ok({ groups, notes, ...(last === undefined ? {} : { bookmark: bookmarkOf(last) }) });
}

function bookmarkOf({ writtenAtMs, recordId }: RecordView): string {
  return `${writtenAtMs}.${recordId}`;
}

function newestFirst(a: RecordView, b: RecordView): number {
  return b.writtenAtMs - a.writtenAtMs || (a.recordId < b.recordId ? -1 : 1);
}

function isBehind({ writtenAtMs, recordId }: RecordView, bookmark: string | undefined): boolean {
  if (bookmark === undefined) return true;
  const [atMs = '', id = ''] = bookmark.split('.');
  return writtenAtMs < Number(atMs) || (writtenAtMs === Number(atMs) && recordId > id);
}

async function opened(
  call: Call,
  patientId: string,
  { recordId: noteId, version, authorId, writtenAtMs, resource }: RecordView,
): Promise<PsychotherapyNote> {
  const sealed = SealedNote.safeParse(resource);
  if (!sealed.success) throw nothingToSee();
  const { groupId, keyId } = sealed.data;
  const key = await conceal(call.notes.privateKey(groupId, keyId));
  const { text } = openNote(sealed.data, key, { patientId, recordId: noteId });
  return { noteId, version, groupId, authorId, writtenAtMs, text };
}

async function writeNote(call: Call): Promise<Reply> {
  call.grant.require(SCOPE, 'c');
  const patientId = identifierIn(call.path['id']);
  const { text, groupId } = parsed(NewNoteRequest, jsonBody(call.request.body));
  const own = await conceal(call.notes.authorGroups(patientId));
  const [only, ...others] = own;
  if (groupId === undefined && others.length > 0) {
    throw new PulseError('invalid_input', 'name the group of authors');
  }
  const group = groupId ?? only;
  if (group === undefined || !own.includes(group)) throw nothingToSee();
  return written(call, 201, { patientId, noteId: newId(), ifVersion: null, text, groupId: group });
}

interface Writing {
  readonly patientId: string;
  readonly noteId: string;
  readonly ifVersion: number | null;
  readonly groupId: string;
  readonly text: string;
}

async function written(call: Call, status: number, writing: Writing): Promise<Reply> {
  const { patientId, noteId, ifVersion, groupId, text } = writing;
  const recipient = await call.notes.readAuthorGroup(groupId);
  const sealed = sealNote({ text }, recipient, { patientId, recordId: noteId });
  const write = writeOf(noteId, ifVersion, { ...sealed });
  const { versions } = await call.chart.write(patientId, [write]);
  const answer: WrittenNote = { noteId, version: versions[0] ?? 1 };
  return { ...ok(answer), status };
}

function writeOf(
  recordId: string,
  ifVersion: number | null,
  resource: RecordWrite['resource'],
): RecordWrite {
  return {
    recordClass: RECORD_CLASS,
    ...{ recordId, ifVersion, resource, labels: [], saltHex: newId() },
  };
}

interface Named {
  readonly patientId: string;
  readonly noteId: string;
}

function named(call: Call): Named {
  return { patientId: identifierIn(call.path['id']), noteId: identifierIn(call.path['note']) };
}

function viewOf(call: Call, { patientId, noteId }: Named, version?: number): Promise<RecordView> {
  const place = { patientId, recordClass: RECORD_CLASS, recordId: noteId } as const;
  return version === undefined ? call.chart.read(place) : call.chart.readVersion(place, version);
}

async function readNote(call: Call): Promise<Reply> {
  call.grant.require(SCOPE, 'r');
  const { version } = parsed(NoteVersionQuery, Object.fromEntries(call.request.query));
  const place = named(call);
  return ok(await opened(call, place.patientId, await viewOf(call, place, version)));
}

/** It stays with the group that it was written in. */
async function amendNote(call: Call): Promise<Reply> {
  call.grant.require(SCOPE, 'u');
  const { text, version } = parsed(AmendNoteRequest, jsonBody(call.request.body));
  const place = named(call);
  const { resource } = await viewOf(call, place);
  const sealed = SealedNote.safeParse(resource);
  if (!sealed.success) throw nothingToSee();
  const { groupId } = sealed.data;
  return written(call, 200, { ...place, ifVersion: version, groupId, text });
}

async function deleteNote(call: Call): Promise<Reply> {
  call.grant.require(SCOPE, 'd');
  const { version } = parsed(NoteVersionQuery, Object.fromEntries(call.request.query));
  const place = named(call);
  await viewOf(call, place);
  if (version === undefined) {
    throw new PulseError('precondition_required', 'name the version that is deleted');
  }
  await call.chart.write(place.patientId, [writeOf(place.noteId, version, null)]);
  return { status: 204, headers: {} };
}
