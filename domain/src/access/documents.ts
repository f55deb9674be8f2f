import { z } from 'zod';
import { DigestHex, Identifier, MomentMs, SaltHex } from '../identifiers.ts';
import { ROLES, type Role } from '../record/roles.ts';
import { ActionSchema, EmergencyClaim, PurposeSchema, RecordClassSchema } from './attestation.ts';
import type { RelationScope } from './question.ts';
import {
  ACTIONS,
  type Purpose,
  REASON_CODES,
  RECORD_CLASSES,
  type ReasonCode,
  type RecordClass,
} from './vocabulary.ts';

/** A public key with which an organization attests, and when. */
export interface AttesterKey {
  readonly keyId: string;
  /** Ed25519, SubjectPublicKeyInfo DER, base64. */
  readonly publicKeySpkiBase64: string;
  readonly fromMs: number;
  readonly untilMs: number | null;
}
export const AttesterKey: z.ZodType<AttesterKey> = z.strictObject({
  keyId: Identifier,
  publicKeySpkiBase64: z.string().regex(/^[A-Za-z0-9+/]{59}=$/),
  fromMs: MomentMs,
  untilMs: MomentMs.nullable(),
});

/** Keys of an organization, newest last; public state. */
export interface AttesterDocument {
  readonly keys: readonly AttesterKey[];
}
/** Keys that are kept, ended ones too: a signature made with one can still be checked. */
export const MAX_ATTESTER_KEYS = 20;
export const AttesterDocument: z.ZodType<AttesterDocument> = z.object({
  keys: z.array(AttesterKey).max(MAX_ATTESTER_KEYS),
});

/** Private key of an attester, in its organization's own collection. */
export interface AttesterSecret {
  /** Ed25519, PKCS #8 DER, base64. */
  readonly privateKeyPkcs8Base64: string;
  readonly saltHex: string;
}
export const AttesterSecret: z.ZodType<AttesterSecret> = z.object({
  privateKeyPkcs8Base64: z.string().regex(/^[A-Za-z0-9+/]{64}$/),
  saltHex: SaltHex,
});

/** What a supervisor thought of an emergency access. */
export const VERDICTS = ['justified', 'unjustified', 'unclear'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** What was opened, or refused, of one class. */
export interface OpenedClass {
  readonly recordClass: RecordClass;
  readonly outcome: 'permit' | 'deny';
  readonly reason: ReasonCode;
}
const OpenedClass: z.ZodType<OpenedClass> = z.object({
  recordClass: RecordClassSchema,
  outcome: z.enum(['permit', 'deny']),
  reason: z.enum(REASON_CODES),
});

/**
 * One opening of a chart: a permit while it lasts, an entry of the accounting of disclosures
 * forever. Of a patient in `providers`, of a share in `extract`.
 */
export interface AccessEntryDocument {
  readonly permitId: string;
  readonly subjectId: string;
  readonly role: Role;
  /** Organization for which the subject acted. */
  readonly mspId: string;
  readonly purpose: Purpose;
  readonly classes: readonly OpenedClass[];
  readonly atMs: number;
  /** The permit ends before this moment. */
  readonly untilMs: number;
  readonly emergency: EmergencyClaim | null;
  /** When it was committed, if that was after the reading, because ordering was down. */
  readonly committedLateAtMs: number | null;
  /** Of an entry that opened nothing: a correction was asked for, or such a request answered. */
  readonly correction?: 'asked' | 'answered' | undefined;
  readonly saltHex: string;
}
const ENTRY = {
  permitId: Identifier,
  subjectId: Identifier,
  role: z.enum(ROLES),
  mspId: z.string(),
  purpose: PurposeSchema,
  classes: z.array(OpenedClass),
  atMs: MomentMs,
  untilMs: MomentMs,
  emergency: EmergencyClaim.nullable(),
  committedLateAtMs: MomentMs.nullable(),
  correction: z.enum(['asked', 'answered']).optional(),
};
export const AccessEntryDocument: z.ZodType<AccessEntryDocument> = z.object({
  ...ENTRY,
  saltHex: SaltHex,
});

/** One entry of the accounting of disclosures (45 CFR 164.528, EHDS art. 9). */
export type AccessEntry = Omit<AccessEntryDocument, 'saltHex'> & {
  /** What the supervisor thought of an emergency access; left out before the review. */
  readonly verdict?: Verdict | undefined;
};
export const AccessEntry: z.ZodType<AccessEntry> = z.object({
  ...ENTRY,
  verdict: z.enum(VERDICTS).optional(),
});

/** Classes and actions that a representative may use. */
export const RelationScopeSchema: z.ZodType<RelationScope> = z.strictObject({
  classes: z.union([
    z.array(RecordClassSchema).min(1).max(RECORD_CLASSES.length),
    z.literal('all'),
  ]),
  actions: z.union([z.array(ActionSchema).min(1).max(ACTIONS.length), z.literal('all')]),
});

/** Who recorded something, and for which organization. */
export interface Recorder {
  readonly subjectId: string;
  readonly role: Role;
  readonly mspId: string;
}
const Recorder: z.ZodType<Recorder> = z.object({
  subjectId: Identifier,
  role: z.enum(ROLES),
  mspId: z.string(),
});

/** Somebody who acts for a patient. */
export interface RepresentativeDocument {
  readonly patientId: string;
  readonly representativeId: string;
  /** By law, or named by the patient. */
  readonly kind: 'guardian' | 'proxy';
  readonly scope: RelationScope;
  readonly fromMs: number;
  readonly untilMs: number | null;
  readonly recordedBy: Recorder;
  readonly saltHex: string;
}
export const RepresentativeDocument: z.ZodType<RepresentativeDocument> = z.object({
  patientId: Identifier,
  representativeId: Identifier,
  kind: z.enum(['guardian', 'proxy']),
  scope: RelationScopeSchema,
  fromMs: MomentMs,
  untilMs: MomentMs.nullable(),
  recordedBy: Recorder,
  saltHex: SaltHex,
});

/**
 * A link between registrations: the number under which an organization has the patient, or another
 * patient id that means the same person. Records never move, so that a wrong link is simply ended.
 */
export interface LinkDocument {
  readonly linkId: string;
  readonly patientId: string;
  /** Organization that vouches for the link. */
  readonly mspId: string;
  readonly target:
    | { readonly kind: 'local-number'; readonly number: string }
    | { readonly kind: 'same-person'; readonly patientId: string };
  readonly fromMs: number;
  readonly untilMs: number | null;
  readonly linkedBy: Recorder;
  readonly unlinkedBy: Recorder | null;
  readonly saltHex: string;
}
export const LinkTarget: z.ZodType<LinkDocument['target']> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('local-number'), number: z.string().min(1).max(64) }),
  z.strictObject({ kind: z.literal('same-person'), patientId: Identifier }),
]);
export const LinkDocument: z.ZodType<LinkDocument> = z.object({
  linkId: Identifier,
  patientId: Identifier,
  mspId: z.string(),
  target: LinkTarget,
  fromMs: MomentMs,
  untilMs: MomentMs.nullable(),
  linkedBy: Recorder,
  unlinkedBy: Recorder.nullable(),
  saltHex: SaltHex,
});

/** What a patient says about emergencies. */
export interface EmergencyChoiceDocument {
  /** Break-glass is refused. */
  readonly optOut: boolean;
  readonly saltHex: string;
}
export const EmergencyChoiceDocument: z.ZodType<EmergencyChoiceDocument> = z.object({
  optOut: z.boolean(),
  saltHex: SaltHex,
});

/** Leads from a wristband's token to the patient. */
export interface WristbandDocument {
  readonly patientId: string;
  readonly tokenDigestHex: string;
  readonly fromMs: number;
  readonly untilMs: number | null;
  readonly saltHex: string;
}
export const WristbandDocument: z.ZodType<WristbandDocument> = z.object({
  patientId: Identifier,
  tokenDigestHex: DigestHex,
  fromMs: MomentMs,
  untilMs: MomentMs.nullable(),
  saltHex: SaltHex,
});

/** An emergency access as the supervisor of the medic's organization has it before and after review. */
export interface EmergencyNoticeDocument {
  readonly permitId: string;
  readonly patientId: string;
  readonly medicId: string;
  readonly mspId: string;
  readonly atMs: number;
  readonly emergency: EmergencyClaim;
  readonly committedLateAtMs: number | null;
  readonly review: {
    readonly verdict: Verdict;
    readonly text: string;
    readonly reviewerId: string;
    readonly atMs: number;
  } | null;
  readonly saltHex: string;
}
export const EmergencyNoticeDocument: z.ZodType<EmergencyNoticeDocument> = z.object({
  permitId: Identifier,
  patientId: Identifier,
  medicId: Identifier,
  mspId: z.string(),
  atMs: MomentMs,
  emergency: EmergencyClaim,
  committedLateAtMs: MomentMs.nullable(),
  review: z
    .object({
      verdict: z.enum(VERDICTS),
      text: z.string(),
      reviewerId: Identifier,
      atMs: MomentMs,
    })
    .nullable(),
  saltHex: SaltHex,
});
