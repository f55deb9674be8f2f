import { z } from 'zod';
import { MAX_NOTE_LENGTH } from '../clinical/sealed-note.ts';
import { Identifier, MomentMs } from '../identifiers.ts';

/** Most psychotherapy notes on one page. */
export const MAX_NOTE_PAGE = 50;

const Version: z.ZodType<number> = z.int().min(1).max(999_999);
const NoteContent: z.ZodType<string> = z.string().min(1).max(MAX_NOTE_LENGTH);

/** A psychotherapy note, opened for one of its authors. */
export interface PsychotherapyNote {
  readonly noteId: string;
  readonly version: number;
  /** Group of authors who may open it. */
  readonly groupId: string;
  /** Who wrote this version. */
  readonly authorId: string;
  readonly writtenAtMs: number;
  readonly text: string;
}
export const PsychotherapyNote: z.ZodType<PsychotherapyNote> = z.object({
  noteId: Identifier,
  version: Version,
  groupId: Identifier,
  authorId: Identifier,
  writtenAtMs: MomentMs,
  text: NoteContent,
});

/** Answer of `GET /patients/{id}/notes`, newest first. */
export interface NotesAnswer {
  /** Groups of authors in which the caller may write notes about this patient. */
  readonly groups: readonly string[];
  readonly notes: readonly PsychotherapyNote[];
  readonly bookmark?: string | undefined;
}
export const NotesAnswer: z.ZodType<NotesAnswer> = z.object({
  groups: z.array(Identifier),
  notes: z.array(PsychotherapyNote).max(MAX_NOTE_PAGE),
  bookmark: z.string().optional(),
});

/** Body of `POST /patients/{id}/notes`. */
export interface NewNoteRequest {
  readonly text: string;
  /** May be left out by who belongs to one group. */
  readonly groupId?: string | undefined;
}
export const NewNoteRequest: z.ZodType<NewNoteRequest> = z.strictObject({
  text: NoteContent,
  groupId: Identifier.optional(),
});

/** Body of `PUT /patients/{id}/notes/{note}`: a new version of the one named. */
export interface AmendNoteRequest {
  readonly text: string;
  readonly version: number;
}
export const AmendNoteRequest: z.ZodType<AmendNoteRequest> = z.strictObject({
  text: NoteContent,
  version: Version,
});

/** Query of `GET` and `DELETE /patients/{id}/notes/{note}`. */
export const NoteVersionQuery: z.ZodType<{ readonly version?: number | undefined }> =
  z.strictObject({ version: z.coerce.number().int().min(1).max(999_999).optional() });

/** Answer of whatever writes a note. */
export interface WrittenNote {
  readonly noteId: string;
  readonly version: number;
}
export const WrittenNote: z.ZodType<WrittenNote> = z.object({
  noteId: Identifier,
  version: Version,
});
