import { z } from 'zod';
import { LoincCode } from '../clinical/loinc.ts';
import { Identifier, MomentMs, SaltHex } from '../identifiers.ts';
import { ROLES, type Role } from '../record/roles.ts';
import {
  ACTIONS,
  type Action,
  PURPOSES,
  type Purpose,
  REASON_CODES,
  RECORD_CLASSES,
  type ReasonCode,
  type RecordClass,
} from './vocabulary.ts';

/** How long after its moment an attestation may be used. */
export const ATTESTATION_LIFE_MS = 60_000;
/** How far the moment of an attestation may be from the time of the transaction that makes it. */
export const ATTESTATION_SKEW_MS = 30_000;
/** How far ahead of the transaction that uses it an attestation may be. */
export const ATTESTATION_LEAD_MS = 5_000;
/** Most things asked for in one attestation. */
export const MAX_WANTS = 64;
/** Most open requests for correction in one attestation: more than are taken of one record. */
const MAX_ATTESTED_OPEN = 100;
/** Most tests asked about in one attestation; the table of equivalents has fewer codes. */
export const MAX_TESTS = 100;

export const RecordClassSchema: z.ZodType<RecordClass> = z.enum(RECORD_CLASSES);
export const ActionSchema: z.ZodType<Action> = z.enum(ACTIONS);
export const PurposeSchema: z.ZodType<Purpose> = z.enum(PURPOSES);
/** Codes of v3-ActCode or v3-Confidentiality; unknown ones are kept and change nothing. */
export const LabelList: z.ZodType<readonly string[]> = z
  .array(z.string().regex(/^[A-Za-z]{1,20}$/))
  .max(20);

/** Something that the caller wants to do. */
export interface Want {
  readonly action: Action;
  readonly recordClass: RecordClass;
  /** Labels of the records, sorted; the class as a whole when left out. */
  readonly labels?: readonly string[] | undefined;
}
export const Want: z.ZodType<Want> = z.strictObject({
  action: ActionSchema,
  recordClass: RecordClassSchema,
  labels: LabelList.optional(),
});

/** Why somebody breaks the glass. */
export const EMERGENCY_REASONS = [
  'unconscious',
  'cardiac-arrest',
  'trauma',
  'stroke',
  'sepsis',
  'poisoning',
  'anaphylaxis',
  'obstetric',
  'psychiatric',
  'other',
] as const;
export type EmergencyReason = (typeof EMERGENCY_REASONS)[number];

/** Reason of an emergency access, code and words. */
export interface EmergencyClaim {
  readonly reasonCode: EmergencyReason;
  readonly text: string;
}
export const EmergencyClaim: z.ZodType<EmergencyClaim> = z.strictObject({
  reasonCode: z.enum(EMERGENCY_REASONS),
  text: z.string().min(3).max(500),
});

/** Input of `access:Attest`: exactly one of patient and share. */
export interface AttestInput {
  readonly patientId?: string | undefined;
  /** Of an insurer, who does not know the patient's id. */
  readonly shareId?: string | undefined;
  readonly purpose: Purpose;
  readonly wants: readonly Want[];
  /** The moment of the decision, the same for both organizations. */
  readonly atMs: number;
  /** 16 random bytes. */
  readonly nonceHex: string;
  readonly emergency?: EmergencyClaim | undefined;
  /** LOINC codes of tests that are about to be ordered. */
  readonly tests?: readonly string[] | undefined;
  /** Record, of the class that is wanted to be corrected or amended, whose correction is about to be asked for or answered. */
  readonly corrects?: string | undefined;
}
export const AttestInput: z.ZodType<AttestInput> = z
  .strictObject({
    patientId: Identifier.optional(),
    shareId: Identifier.optional(),
    purpose: PurposeSchema,
    wants: z.array(Want).min(1).max(MAX_WANTS),
    atMs: MomentMs,
    nonceHex: Identifier,
    emergency: EmergencyClaim.optional(),
    tests: z.array(LoincCode).max(MAX_TESTS).optional(),
    corrects: Identifier.optional(),
  })
  .refine(
    ({ patientId, shareId }) => (patientId === undefined) !== (shareId === undefined),
    'expected a patient or a share',
  );

/** What was decided about one want. */
export interface AttestedDecision {
  readonly action: Action;
  readonly recordClass: RecordClass;
  readonly labels: readonly string[];
  readonly outcome: 'permit' | 'deny';
  readonly reason: ReasonCode;
}
const AttestedDecision: z.ZodType<AttestedDecision> = z.strictObject({
  action: ActionSchema,
  recordClass: RecordClassSchema,
  labels: LabelList,
  outcome: z.enum(['permit', 'deny']),
  reason: z.enum(REASON_CODES),
});

/** A live consent towards an insurer: what later matching records are copied to. */
export interface AttestedShare {
  readonly shareId: string;
  /** Makes the aliases of what is copied; never in `extract`. */
  readonly aliasSaltHex: string;
  readonly classes: readonly RecordClass[] | 'all';
  readonly labels: readonly string[];
  readonly fromMs: number;
  readonly untilMs: number | null;
}
export const AttestedShare: z.ZodType<AttestedShare> = z.strictObject({
  shareId: Identifier,
  aliasSaltHex: SaltHex,
  classes: z.union([z.array(RecordClassSchema).max(RECORD_CLASSES.length), z.literal('all')]),
  labels: LabelList,
  fromMs: MomentMs,
  untilMs: MomentMs.nullable(),
});

/** Whether there is a recent result of an equivalent test, which the subject may read. */
export interface AttestedTest {
  readonly loinc: string;
  /** Record of the newest one; an order needs a reason that names it. */
  readonly recentResultId: string | null;
}
const AttestedTest: z.ZodType<AttestedTest> = z.strictObject({
  loinc: LoincCode,
  recentResultId: Identifier.nullable(),
});

/** A record whose correction the subject may ask for or answer, as it stands now. */
export interface AttestedRecord {
  readonly recordClass: RecordClass;
  readonly recordId: string;
  readonly version: number;
  /** Organization that wrote this version. */
  readonly mspId: string;
  /** Requests that are open. */
  readonly open: readonly {
    readonly correctionId: string;
    /** That is said to be wrong. */
    readonly version: number;
    /** Organization that has to answer. */
    readonly mspId: string;
  }[];
}
export const AttestedRecord: z.ZodType<AttestedRecord> = z.strictObject({
  recordClass: RecordClassSchema,
  recordId: Identifier,
  version: z.int().min(1),
  mspId: z.string(),
  open: z
    .array(
      z.strictObject({
        correctionId: Identifier,
        version: z.int().min(1),
        mspId: z.string(),
      }),
    )
    .max(MAX_ATTESTED_OPEN),
});

/** What every attestation says: who asked about whom, and when. */
export interface CommonClaims {
  /** Null for a service. */
  readonly subjectId: string | null;
  readonly role: Role;
  readonly mspId: string;
  readonly atMs: number;
  readonly expiresAtMs: number;
  readonly nonceHex: string;
}

/** What an organization attests: a decision made from its own state. */
export interface Claims extends CommonClaims {
  readonly v: 1;
  readonly kind: 'access';
  readonly patientId: string | null;
  readonly shareId: string | null;
  readonly purpose: Purpose;
  readonly decisions: readonly AttestedDecision[];
  /** Live consents towards `extract`; only with a create, amend or delete among the decisions. */
  readonly shares: readonly AttestedShare[];
  /** Orders that a laboratory has to answer, by record id. */
  readonly orders: readonly string[];
  /** Groups of authors of psychotherapy notes that the subject belongs to; only if one is wanted. */
  readonly authorGroups: readonly string[];
  readonly emergency: EmergencyClaim | null;
  /** Of the tests asked about; only for who may order. */
  readonly tests: readonly AttestedTest[];
  /** The record asked about, for who may ask for its correction or amend it; null also when there is none. */
  readonly corrects: AttestedRecord | null;
}
export const Claims: z.ZodType<Claims> = z.strictObject({
  v: z.literal(1),
  kind: z.literal('access'),
  subjectId: Identifier.nullable(),
  role: z.enum(ROLES),
  mspId: z.string(),
  patientId: Identifier.nullable(),
  shareId: Identifier.nullable(),
  purpose: PurposeSchema,
  atMs: MomentMs,
  expiresAtMs: MomentMs,
  decisions: z.array(AttestedDecision).max(MAX_WANTS),
  shares: z.array(AttestedShare).max(200),
  orders: z.array(Identifier).max(200),
  authorGroups: z.array(Identifier).max(50),
  emergency: EmergencyClaim.nullable(),
  tests: z.array(AttestedTest).max(MAX_TESTS),
  corrects: AttestedRecord.nullable(),
  nonceHex: Identifier,
});

const Ed25519Signature: z.ZodType<string> = z.string().regex(/^[A-Za-z0-9+/]{86}==$/);

/** Answer of `access:Attest`. */
export interface AttestOutput {
  /** Canonical JSON of {@link Claims}; the signature is over these bytes. */
  readonly claims: string;
  readonly mspId: string;
  /** Ed25519, base64. */
  readonly signature: string;
}
export const AttestOutput: z.ZodType<AttestOutput> = z.object({
  claims: z.string().max(100_000),
  mspId: z.string(),
  signature: Ed25519Signature,
});

/** Transient field `attestation` of a submitted function: the same claims signed by both providers. */
export interface Attestation {
  readonly claims: string;
  readonly signatures: { readonly HospitalMSP: string; readonly ClinicMSP: string };
}
export const Attestation: z.ZodType<Attestation> = z.strictObject({
  claims: z.string().max(100_000),
  signatures: z.strictObject({ HospitalMSP: Ed25519Signature, ClinicMSP: Ed25519Signature }),
});
