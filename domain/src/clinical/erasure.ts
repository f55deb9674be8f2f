import { z } from 'zod';
import { DigestHex, Identifier, MomentMs, SaltHex } from '../identifiers.ts';

/** What is erased: the readings of wearables at once, or the whole clinical record after an answer. */
export const ERASURE_SCOPES = ['wearable', 'clinical'] as const;
export type ErasureScope = (typeof ERASURE_SCOPES)[number];

/** Why a custodian refuses to erase (GDPR art. 17(3)). */
export const REFUSAL_REASONS = ['legal-obligation', 'public-health', 'legal-claims'] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

/**
 * `requested`: waits for the custodians' answers. `restricted`: granted, kept until the end of
 * retention and read by nobody but the patient. `destroying`: keys are being purged. `destroyed`:
 * none was left. `refused`: a custodian must keep the record.
 */
export const ERASURE_STATES = [
  'requested',
  'refused',
  'restricted',
  'destroying',
  'destroyed',
] as const;
export type ErasureState = (typeof ERASURE_STATES)[number];

/** One custodian's answer: an organization at which the patient is registered. All of them must grant. */
export interface ErasureAnswer {
  readonly mspId: string;
  readonly answeredBy: string;
  readonly atMs: number;
  /** Null when granted. */
  readonly refusal: RefusalReason | null;
  /** End of this custodian's retention. */
  readonly retainUntilMs: number;
}
const ErasureAnswer: z.ZodType<ErasureAnswer> = z.object({
  mspId: z.string(),
  answeredBy: Identifier,
  atMs: MomentMs,
  refusal: z.enum(REFUSAL_REASONS).nullable(),
  retainUntilMs: MomentMs,
});

/** One request and what became of it. */
export interface Erasure {
  readonly requestId: string;
  readonly scope: ErasureScope;
  readonly state: ErasureState;
  readonly requestedBy: string;
  readonly requestedAtMs: number;
  readonly answers: readonly ErasureAnswer[];
  /** Keys purged so far. */
  readonly purgedKeys: number;
  /** Hash chain over the hashes of the purged keys. */
  readonly digestHex: string;
  readonly destroyedAtMs: number | null;
}
export const Erasure: z.ZodType<Erasure> = z.object({
  requestId: Identifier,
  scope: z.enum(ERASURE_SCOPES),
  state: z.enum(ERASURE_STATES),
  requestedBy: Identifier,
  requestedAtMs: MomentMs,
  answers: z.array(ErasureAnswer),
  purgedKeys: z.int().min(0),
  digestHex: DigestHex,
  destroyedAtMs: MomentMs.nullable(),
});

/** Most requests of one patient. */
export const MAX_ERASURES = 100;

/** All requests of a patient, as stored; it outlives the record, so that reads can say `gone`. */
export interface ErasureDocument {
  readonly patientId: string;
  readonly erasures: readonly Erasure[];
  /** Where the patient was registered: the custodians; and for who asks for the log of accesses later. */
  readonly registeredAt: readonly string[];
  /** Of consents that were erased: whose insurers looked stays in the log of accesses. */
  readonly shareIds: readonly string[];
  readonly saltHex: string;
}
export const ErasureDocument: z.ZodType<ErasureDocument> = z.object({
  patientId: Identifier,
  erasures: z.array(Erasure),
  registeredAt: z.array(z.string()),
  shareIds: z.array(Identifier).default([]),
  saltHex: SaltHex,
});

/** Input of `record:RequestErasure`, by the patient or a representative. */
export interface RequestErasureInput {
  readonly patientId: string;
  /** Random. */
  readonly requestId: string;
  readonly scope: ErasureScope;
  readonly saltHex: string;
}
export const RequestErasureInput: z.ZodType<RequestErasureInput> = z.strictObject({
  patientId: Identifier,
  requestId: Identifier,
  scope: z.enum(ERASURE_SCOPES),
  saltHex: SaltHex,
});

/** Input of `record:AnswerErasure`, by a provider's administrator. */
export interface AnswerErasureInput {
  readonly patientId: string;
  readonly requestId: string;
  readonly refusal: RefusalReason | null;
  readonly retainUntilMs: number;
  readonly saltHex: string;
}
export const AnswerErasureInput: z.ZodType<AnswerErasureInput> = z.strictObject({
  patientId: Identifier,
  requestId: Identifier,
  refusal: z.enum(REFUSAL_REASONS).nullable(),
  retainUntilMs: MomentMs,
  saltHex: SaltHex,
});

/** Most keys of one step. */
export const MAX_ERASED_KEYS = 400;

/** A key that is to be purged. */
export interface ErasableKey {
  readonly collection: 'providers' | 'extract';
  readonly objectType: string;
  readonly attributes: readonly string[];
  /** Of a copy in `extract`: the patient's consent that it was made for. */
  readonly consentId?: string | undefined;
}
export const ErasableKey: z.ZodType<ErasableKey> = z.strictObject({
  collection: z.enum(['providers', 'extract']),
  objectType: z.string().regex(/^[a-z-]{1,32}$/),
  attributes: z.array(z.string().max(200)).max(8),
  consentId: Identifier.optional(),
});

/** Input of `record:ListErasable`, `record:AttestErased`: which keys are left. */
export interface ErasureInput {
  readonly patientId: string;
  readonly requestId: string;
}
export const ErasureInput: z.ZodType<ErasureInput> = z.strictObject({
  patientId: Identifier,
  requestId: Identifier,
});

/** Answer of `record:ListErasable`: the next step's keys, and the objects off the ledger to delete first. */
export interface ListErasableOutput {
  readonly keys: readonly ErasableKey[];
  readonly objectIds: readonly string[];
}
export const ListErasableOutput: z.ZodType<ListErasableOutput> = z.object({
  keys: z.array(ErasableKey),
  objectIds: z.array(Identifier),
});

/** Input of `record:Erase`: one step; an empty list ends the erasure and needs both organizations' word that nothing is left. */
export interface EraseInput {
  readonly patientId: string;
  readonly requestId: string;
  readonly keys: readonly ErasableKey[];
  readonly saltHex: string;
}
export const EraseInput: z.ZodType<EraseInput> = z.strictObject({
  patientId: Identifier,
  requestId: Identifier,
  keys: z.array(ErasableKey).max(MAX_ERASED_KEYS * 8),
  saltHex: SaltHex,
});

/** Answer of `record:ReadErasures`: a patient's requests; one that is `destroyed` is the receipt. */
export interface ReadErasuresOutput {
  readonly erasures: readonly Erasure[];
}
export const ReadErasuresOutput: z.ZodType<ReadErasuresOutput> = z.object({
  erasures: z.array(Erasure),
});

/**
 * Input of `record:ListErasures`: erasures begun or done, which a restored node must have replayed before it serves;
 * with `waiting` the requests that the caller's organization has to answer still.
 */
export interface ListErasuresInput {
  readonly waiting?: boolean | undefined;
  readonly pageSize: number;
  readonly bookmark?: string | undefined;
}
export const ListErasuresInput: z.ZodType<ListErasuresInput> = z.strictObject({
  waiting: z.boolean().optional(),
  pageSize: z.int().min(1).max(200),
  bookmark: Identifier.optional(),
});

/** An erasure of such a list. */
export interface ReplayEntry {
  readonly patientId: string;
  readonly requestId: string;
  readonly scope: ErasureScope;
  readonly state: ErasureState;
  readonly destroyedAtMs: number | null;
}
export const ReplayEntry: z.ZodType<ReplayEntry> = z.object({
  patientId: Identifier,
  requestId: Identifier,
  scope: z.enum(ERASURE_SCOPES),
  state: z.enum(ERASURE_STATES),
  destroyedAtMs: MomentMs.nullable(),
});

/** Answer of `record:ListErasures`. */
export interface ListErasuresOutput {
  readonly erasures: readonly ReplayEntry[];
  readonly bookmark?: string | undefined;
}
export const ListErasuresOutput: z.ZodType<ListErasuresOutput> = z.object({
  erasures: z.array(ReplayEntry),
  bookmark: Identifier.optional(),
});
