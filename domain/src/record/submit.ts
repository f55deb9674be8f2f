import { z } from 'zod';
import { QUARANTINE_REASONS, type QuarantineReason } from '../errors.ts';
import { DigestHex, Identifier, MomentMs, SaltHex } from '../identifiers.ts';

/** Most chunks in one transaction. */
export const MAX_CHUNKS_PER_TRANSACTION = 200;
/** Most bytes of chunks in one transaction, half of a 2 MB block. */
export const MAX_TRANSACTION_BYTES: number = 1024 * 1024;
/** Most chunks of one hour of one patient that `vitals:CloseHour` sums up: short windows, two devices. */
export const MAX_CHUNKS_PER_HOUR = 4_000;
/**
 * An hour is not summed up before so long after its end. Until it ends only its first chunk of a boot marks it as open,
 * so no transaction that began within the hour may still be on its way to the ledger when the mark is taken away.
 */
export const HOUR_CLOSES_AFTER_MS: number = 15 * 60_000;

const Name: z.ZodType<string> = z.string().min(1).max(100);

/** Code set of FHIR AdministrativeGender. */
export const GENDERS = ['male', 'female', 'other', 'unknown'] as const;

/** Who a patient is. */
export interface PatientBasics {
  readonly family: string;
  readonly given: readonly string[];
  /** FHIR date: year, year and month, or day. */
  readonly birthDate: string;
  readonly gender: (typeof GENDERS)[number];
}
export const PatientBasics: z.ZodType<PatientBasics> = z.strictObject({
  family: Name,
  given: z.array(Name).max(10),
  birthDate: z.string().regex(/^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$/),
  gender: z.enum(GENDERS),
});

/** Input of `care:RegisterPatient`. */
export interface RegisterPatientInput {
  readonly patientId: string;
  readonly basics: PatientBasics;
  readonly saltHex: string;
}
export const RegisterPatientInput: z.ZodType<RegisterPatientInput> = z.strictObject({
  patientId: Identifier,
  basics: PatientBasics,
  saltHex: SaltHex,
});

/** Input of `care:SetTreating`; the interval is half-open, null = until ended. */
export interface SetTreatingInput {
  readonly patientId: string;
  readonly practitionerId: string;
  /** MSP of the organization the practitioner works for. */
  readonly mspId: string;
  readonly fromMs: number;
  readonly untilMs: number | null;
  readonly saltHex: string;
}
export const SetTreatingInput: z.ZodType<SetTreatingInput> = z.strictObject({
  patientId: Identifier,
  practitionerId: Identifier,
  mspId: z.string().min(1).max(64),
  fromMs: MomentMs,
  untilMs: MomentMs.nullable(),
  saltHex: SaltHex,
});

/** Input of `care:EndTreating`. */
export interface EndTreatingInput {
  readonly patientId: string;
  readonly practitionerId: string;
  readonly untilMs: number;
}
export const EndTreatingInput: z.ZodType<EndTreatingInput> = z.strictObject({
  patientId: Identifier,
  practitionerId: Identifier,
  untilMs: MomentMs,
});

/** Input of `device:Register`. */
export interface RegisterDeviceInput {
  readonly deviceId: string;
  /** P-256 public key, SubjectPublicKeyInfo DER with an uncompressed point, base64. */
  readonly publicKeySpkiBase64: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly serial: string;
  readonly saltHex: string;
}
export const RegisterDeviceInput: z.ZodType<RegisterDeviceInput> = z.strictObject({
  deviceId: Identifier,
  publicKeySpkiBase64: z.string().regex(/^[A-Za-z0-9+/]{121}[A-Za-z0-9+/=]{3}$/),
  manufacturer: Name,
  model: Name,
  serial: Name,
  saltHex: SaltHex,
});

/** Input of `device:Assign`; the interval is half-open, null = until ended. */
export interface AssignDeviceInput {
  readonly deviceId: string;
  readonly patientId: string;
  readonly fromMs: number;
  readonly untilMs: number | null;
}
export const AssignDeviceInput: z.ZodType<AssignDeviceInput> = z.strictObject({
  deviceId: Identifier,
  patientId: Identifier,
  fromMs: MomentMs,
  untilMs: MomentMs.nullable(),
});

/** Input of `device:EndAssignment`: the assignment that covers the time just before untilMs. */
export interface EndAssignmentInput {
  readonly deviceId: string;
  readonly patientId: string;
  readonly untilMs: number;
}
export const EndAssignmentInput: z.ZodType<EndAssignmentInput> = z.strictObject({
  deviceId: Identifier,
  patientId: Identifier,
  untilMs: MomentMs,
});

/** Input of `device:ReportLost` and `device:Revoke`. */
export interface SinceInput {
  readonly deviceId: string;
  readonly sinceMs: number;
}
export const SinceInput: z.ZodType<SinceInput> = z.strictObject({
  deviceId: Identifier,
  sinceMs: MomentMs,
});

/** Public answer of a submitted function that changes one record: `unchanged` = it said so already. */
export interface ChangeOutput {
  readonly status: 'changed' | 'unchanged';
}
export const ChangeOutput: z.ZodType<ChangeOutput> = z.object({
  status: z.enum(['changed', 'unchanged']),
});

/** What became of one chunk. */
export type ChunkResult =
  | { readonly status: 'recorded' | 'already' }
  | { readonly status: 'refused'; readonly reason: QuarantineReason };
export const ChunkResult: z.ZodType<ChunkResult> = z.union([
  z.object({ status: z.enum(['recorded', 'already']) }),
  z.object({ status: z.literal('refused'), reason: z.enum(QUARANTINE_REASONS) }),
]);

/** Public answer of `vitals:RecordChunks`, in the order of the chunks. */
export interface RecordChunksOutput {
  readonly results: readonly ChunkResult[];
  /** RFC 6962 root over the recorded chunks, hex; null when none was recorded. */
  readonly root: string | null;
}
export const RecordChunksOutput: z.ZodType<RecordChunksOutput> = z.object({
  results: z.array(ChunkResult),
  root: DigestHex.nullable(),
});

/** Name of the event that `vitals:RecordChunks` sets when it recorded something. */
export const CHUNKS_RECORDED_EVENT = 'ChunksRecorded';

/** Payload of that event, JSON. */
export interface ChunksRecorded {
  readonly root: string;
  readonly count: number;
}
export const ChunksRecorded: z.ZodType<ChunksRecorded> = z.object({
  root: DigestHex,
  count: z.int().min(1),
});

/** Input of `vitals:CloseHour`: all chunks of the hour, as `vitals:ListHourChunks` lists them. */
export interface CloseHourInput {
  readonly patientId: string;
  /** Start of the UTC hour. */
  readonly hourMs: number;
  /** The mark that `vitals:ListOpenHours` gave before the chunks were listed; a newer one stays. */
  readonly mark: string;
  readonly chunkKeys: readonly string[];
  readonly saltHex: string;
}
export const CloseHourInput: z.ZodType<CloseHourInput> = z.strictObject({
  patientId: Identifier,
  hourMs: MomentMs.refine((ms) => ms % 3_600_000 === 0, 'expected the start of an hour'),
  mark: DigestHex,
  chunkKeys: z
    .array(z.string().regex(/^[0-9a-f]{32}\.\d{10}\.\d{15}$/))
    .min(1)
    .max(MAX_CHUNKS_PER_HOUR),
  saltHex: SaltHex,
});

/**
 * Optional transient field `received` of `vitals:RecordChunks`: when each chunk was received durably
 * (PUBACK), in the order of the chunks. It goes to private data only.
 */
export type ReceivedTimes = readonly number[];
export const ReceivedTimes: z.ZodType<ReceivedTimes> = z
  .array(MomentMs)
  .max(MAX_CHUNKS_PER_TRANSACTION);
