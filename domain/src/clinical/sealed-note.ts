import { z } from 'zod';
import { Identifier } from '../identifiers.ts';

/** Longest text of a psychotherapy note, in UTF-16 units. */
export const MAX_NOTE_LENGTH = 40_000;

const Base64 = (bytes: number): z.ZodType<string> =>
  z
    .string()
    .regex(/^[A-Za-z0-9+/]+={0,2}$/)
    .refine((text) => byteLength(text) === bytes);

function byteLength(base64: string): number {
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0;
  return (base64.length / 4) * 3 - padding;
}

/**
 * What a psychotherapy note may hold before it is sealed: free text of the session's content. The
 * rule excludes medication, diagnosis, results and session times from it (45 CFR 164.501), so there
 * is no place for coded entries or times here; those belong to the ordinary record.
 */
export interface NoteText {
  readonly text: string;
}
export const NoteText: z.ZodType<NoteText> = z.strictObject({
  text: z.string().min(1).max(MAX_NOTE_LENGTH),
});

/**
 * A psychotherapy note as it stands on the ledger: only its authors' group can open it. The data key
 * is sealed as in HPKE's base mode with X25519, HKDF-SHA-256 and AES-256-GCM: an ephemeral key
 * agrees with the group's key on a wrapping key.
 */
export interface SealedNote {
  readonly resourceType: 'PsychotherapyNote';
  readonly v: 1;
  /** Group of authors who may open it. */
  readonly groupId: string;
  /** Which of the group's keys wraps the data key. */
  readonly keyId: string;
  /** X25519 public key made for this note, base64 of 32 bytes. */
  readonly ephemeralKey: string;
  /** Data key, wrapped: 32 bytes and the tag, base64. */
  readonly wrappedKey: string;
  /** Of the text, base64 of 12 bytes. */
  readonly nonce: string;
  /** Sealed canonical JSON of {@link NoteText}, tag at its end, base64. */
  readonly data: string;
}
export const SealedNote: z.ZodType<SealedNote> = z.strictObject({
  resourceType: z.literal('PsychotherapyNote'),
  v: z.literal(1),
  groupId: Identifier,
  keyId: Identifier,
  ephemeralKey: Base64(32),
  wrappedKey: Base64(48),
  nonce: Base64(12),
  data: z
    .string()
    .regex(/^[A-Za-z0-9+/]+={0,2}$/)
    .max(200_000),
});

/** Members of an authors' group, as stored: the public half of its key, and who belongs to it. */
export interface AuthorGroupDocument {
  readonly groupId: string;
  readonly mspId: string;
  readonly keyId: string;
  /** X25519 public key, base64 of 32 bytes. */
  readonly publicKey: string;
  readonly saltHex: string;
}
export const AuthorGroupDocument: z.ZodType<AuthorGroupDocument> = z.object({
  groupId: Identifier,
  mspId: z.string(),
  keyId: Identifier,
  publicKey: Base64(32),
  saltHex: Identifier,
});

/** That somebody belongs to an authors' group, as stored. */
export interface AuthorDocument {
  readonly subjectId: string;
  readonly groupId: string;
  readonly saltHex: string;
}
export const AuthorDocument: z.ZodType<AuthorDocument> = z.object({
  subjectId: Identifier,
  groupId: Identifier,
  saltHex: Identifier,
});

/** Input of `record:SetAuthorGroup`, by the administrator of the group's organization. */
export interface SetAuthorGroupInput {
  readonly groupId: string;
  readonly keyId: string;
  readonly publicKey: string;
  /** Who belongs to it from now on, and who no longer. */
  readonly add: readonly string[];
  readonly remove: readonly string[];
  readonly saltHex: string;
}
export const SetAuthorGroupInput: z.ZodType<SetAuthorGroupInput> = z.strictObject({
  groupId: Identifier,
  keyId: Identifier,
  publicKey: Base64(32),
  add: z.array(Identifier).max(50),
  remove: z.array(Identifier).max(50),
  saltHex: Identifier,
});

/** Input of `record:ReadAuthorGroup`. */
export interface AuthorGroupInput {
  readonly groupId: string;
}
export const AuthorGroupInput: z.ZodType<AuthorGroupInput> = z.strictObject({
  groupId: Identifier,
});

/** Answer of `record:ReadAuthorGroup`: the key to which new notes are sealed. */
export interface AuthorGroupView {
  readonly groupId: string;
  readonly mspId: string;
  readonly keyId: string;
  readonly publicKey: string;
}
export const AuthorGroupView: z.ZodType<AuthorGroupView> = z.object({
  groupId: Identifier,
  mspId: z.string(),
  keyId: Identifier,
  publicKey: Base64(32),
});
