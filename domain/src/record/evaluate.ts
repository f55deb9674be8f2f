import { z } from 'zod';
import type { Summary } from '../chunk/reading.ts';
import { DigestHex, Identifier, MomentMs } from '../identifiers.ts';
import { isVitalCode, type VitalCode } from '../vital-signs.ts';
import { PatientBasics } from './submit.ts';

/** Largest page of chunks. */
export const MAX_PAGE_SIZE = 1_000;
/** A page of chunks ends early at this size, well below gRPC's default limit for one answer. */
export const MAX_PAGE_BYTES: number = 1024 * 1024;
/** A page ends early, and may be empty, after this many stored chunks were looked at. */
export const MAX_SCANNED_CHUNKS = 2_000;

const Bookmark: z.ZodType<string> = z.string().min(1).max(200);
const Code: z.ZodType<VitalCode> = z.custom<VitalCode>(
  (code) => typeof code === 'string' && isVitalCode(code),
  'expected a code of a vital sign',
);

/** Input of `vitals:ReadChunks`, `vitals:ReadMinutes` and `vitals:ReadHours`. */
export interface ReadVitalsInput {
  readonly patientId: string;
  /** Of the chart, which is open for class `vitals`. */
  readonly permitId: string;
  /** Readings starting at or after this moment. */
  readonly fromMs: number;
  /** Readings starting before this moment. */
  readonly toMs: number;
  /** Only chunks (or summaries) with at least one of these codes; all when left out. */
  readonly codes?: readonly VitalCode[] | undefined;
  /** Chunks, minutes or hours a page. */
  readonly pageSize: number;
  /** From the page before. */
  readonly bookmark?: string | undefined;
}
export const ReadVitalsInput: z.ZodType<ReadVitalsInput> = z.strictObject({
  patientId: Identifier,
  permitId: Identifier,
  fromMs: MomentMs,
  toMs: MomentMs,
  codes: z.array(Code).min(1).max(64).optional(),
  pageSize: z.int().min(1).max(MAX_PAGE_SIZE),
  bookmark: Bookmark.optional(),
});

/** Answer of `vitals:ReadChunks`; there may be more when there is a bookmark. */
export interface ReadChunksOutput {
  /** Signed chunks, base64, in the order of hour, device, boot, first sequence. */
  readonly chunks: readonly string[];
  /** Those of them that came late; left out when none did. */
  readonly late?: readonly LateChunk[] | undefined;
  readonly bookmark?: string | undefined;
}

/** A chunk that was recorded more than `LATE_AFTER_MS` after the end of its measurement. */
export interface LateChunk {
  /** Place of the chunk in the answer. */
  readonly index: number;
  /** Time of the transaction that recorded it. */
  readonly recordedAtMs: number;
}
export const ReadChunksOutput: z.ZodType<ReadChunksOutput> = z.object({
  chunks: z.array(z.string()),
  late: z.array(z.object({ index: z.int().min(0), recordedAtMs: MomentMs })).optional(),
  bookmark: Bookmark.optional(),
});

const Statistics = z.object({
  first: z.number(),
  firstMs: z.number(),
  last: z.number(),
  lastMs: z.number(),
  min: z.number(),
  max: z.number(),
  sum: z.number(),
  mean: z.number(),
});
const SummarySchema: z.ZodType<Summary> = z.object({
  code: Code,
  unit: z.string(),
  form: z.enum(['instant', 'interval', 'sampled']),
  count: z.int(),
  implausible: z.int(),
  absent: z.int(),
  statistics: Statistics.exactOptional(),
});

/** Summaries of several codes. */
export const SummaryList: z.ZodType<readonly Summary[]> = z.array(SummarySchema);

/** The readings that start within one minute or one hour. */
export interface SummaryRow {
  /** Start of the minute or hour. */
  readonly atMs: number;
  readonly summaries: readonly Summary[];
}
export const SummaryRow: z.ZodType<SummaryRow> = z.object({
  atMs: MomentMs,
  summaries: SummaryList,
});

/** Answer of `vitals:ReadMinutes` and `vitals:ReadHours`, oldest first. */
export interface ReadSummariesOutput {
  readonly rows: readonly SummaryRow[];
  readonly bookmark?: string | undefined;
}
export const ReadSummariesOutput: z.ZodType<ReadSummariesOutput> = z.object({
  rows: z.array(SummaryRow),
  bookmark: Bookmark.optional(),
});

/** Input of `vitals:FindChunk`: the chunk that holds one reading. */
export interface FindChunkInput {
  readonly patientId: string;
  /** Of the chart, which is open for class `vitals`. */
  readonly permitId: string;
  readonly deviceId: string;
  readonly boot: number;
  readonly sequence: number;
  /** Start of the reading. */
  readonly atMs: number;
}
export const FindChunkInput: z.ZodType<FindChunkInput> = z.strictObject({
  patientId: Identifier,
  permitId: Identifier,
  deviceId: Identifier,
  boot: z.int().min(0).max(0xffff_ffff),
  sequence: z.int().min(0),
  atMs: MomentMs,
});

/** Answer of `vitals:FindChunk`. */
export interface FindChunkOutput {
  readonly patientId: string;
  /** Signed chunk, base64. */
  readonly chunk: string;
  /** Time of the transaction that recorded it, when it came late ({@link LateChunk}). */
  readonly lateRecordedAtMs?: number | undefined;
}
export const FindChunkOutput: z.ZodType<FindChunkOutput> = z.object({
  patientId: Identifier,
  chunk: z.string(),
  lateRecordedAtMs: MomentMs.optional(),
});

/** Most open hours on a page. */
export const MAX_OPEN_HOURS_PAGE = 200;

/** Input of `vitals:ListOpenHours`. */
export interface ListOpenHoursInput {
  /** Only hours that end at this moment or before. */
  readonly endedByMs: number;
  readonly pageSize: number;
  readonly bookmark?: string | undefined;
}
export const ListOpenHoursInput: z.ZodType<ListOpenHoursInput> = z.strictObject({
  endedByMs: MomentMs,
  pageSize: z.int().min(1).max(MAX_OPEN_HOURS_PAGE),
  bookmark: z
    .string()
    .regex(/^\d{8}\.[0-9a-f]{32}$/)
    .optional(),
});

/** An hour with chunks that its summary does not count yet. */
export interface OpenHour {
  readonly patientId: string;
  readonly hourMs: number;
  /** Another one after each chunk that opened the hour again. */
  readonly mark: string;
}

/** Answer of `vitals:ListOpenHours`, oldest first. */
export interface ListOpenHoursOutput {
  readonly hours: readonly OpenHour[];
  readonly bookmark?: string | undefined;
}
export const ListOpenHoursOutput: z.ZodType<ListOpenHoursOutput> = z.object({
  hours: z.array(z.object({ patientId: Identifier, hourMs: MomentMs, mark: DigestHex })),
  bookmark: Bookmark.optional(),
});

/** Input of `vitals:ListHourChunks`. */
export interface ListHourChunksInput {
  readonly patientId: string;
  readonly hourMs: number;
}
export const ListHourChunksInput: z.ZodType<ListHourChunksInput> = z.strictObject({
  patientId: Identifier,
  hourMs: MomentMs.refine((ms) => ms % 3_600_000 === 0, 'expected the start of an hour'),
});

/** Answer of `vitals:ListHourChunks`. */
export interface ListHourChunksOutput {
  readonly chunkKeys: readonly string[];
}
export const ListHourChunksOutput: z.ZodType<ListHourChunksOutput> = z.object({
  chunkKeys: z.array(z.string()),
});

/** Input of `access:ListRepresentatives` and `care:ListLinks`. */
export interface PatientInput {
  readonly patientId: string;
}
export const PatientInput: z.ZodType<PatientInput> = z.strictObject({ patientId: Identifier });

/** Input of `care:ReadPatient` and `device:ListByPatient`. */
export interface ReadPatientInput {
  readonly patientId: string;
  /** Of the chart, which is open for class `basics` or `device`. */
  readonly permitId: string;
}
export const ReadPatientInput: z.ZodType<ReadPatientInput> = z.strictObject({
  patientId: Identifier,
  permitId: Identifier,
});

/** Answer of `care:ReadPatient`. */
export interface PatientView {
  readonly patientId: string;
  readonly basics: PatientBasics;
  /** Name of the patient's live hint topic. */
  readonly pseudonym: string;
}
export const PatientView: z.ZodType<PatientView> = z.object({
  patientId: Identifier,
  basics: PatientBasics,
  pseudonym: Identifier,
});

/** Input of `care:ListPatients`: the caller's own patients. */
export interface ListPatientsInput {
  readonly pageSize: number;
  readonly bookmark?: string | undefined;
}
export const ListPatientsInput: z.ZodType<ListPatientsInput> = z.strictObject({
  pageSize: z.int().min(1).max(100),
  bookmark: Bookmark.optional(),
});

/** Answer of `care:ListPatients`. */
export interface ListPatientsOutput {
  readonly patients: readonly PatientView[];
  readonly bookmark?: string | undefined;
}
export const ListPatientsOutput: z.ZodType<ListPatientsOutput> = z.object({
  patients: z.array(PatientView),
  bookmark: Bookmark.optional(),
});

/** Who treats a patient, or did. */
export interface TreatingRelation {
  readonly practitionerId: string;
  /** Organization for which the practitioner acts. */
  readonly mspId: string;
  readonly fromMs: number;
  /** Half-open; null = until it is ended. */
  readonly untilMs: number | null;
}

/** Answer of `care:ListTreating`; its input is the patient's id. */
export interface ListTreatingOutput {
  readonly relations: readonly TreatingRelation[];
}
export const ListTreatingOutput: z.ZodType<ListTreatingOutput> = z.object({
  relations: z.array(
    z.object({
      practitionerId: Identifier,
      mspId: z.string(),
      fromMs: MomentMs,
      untilMs: MomentMs.nullable(),
    }),
  ),
});

/**
 * Input of `device:Read` and `device:ReadGaps`; a reader names the patient and the permit of the
 * chart, which is open for class `device`, the custodian's administrator need not.
 */
export interface ReadDeviceInput {
  readonly deviceId: string;
  readonly patientId?: string | undefined;
  readonly permitId?: string | undefined;
}
export const ReadDeviceInput: z.ZodType<ReadDeviceInput> = z.strictObject({
  deviceId: Identifier,
  patientId: Identifier.optional(),
  permitId: Identifier.optional(),
});

/** Input of `device:Locate`. */
export interface LocateDeviceInput {
  readonly deviceId: string;
  /** Who wore it then; everybody who ever did when left out. */
  readonly atMs?: number | undefined;
}
export const LocateDeviceInput: z.ZodType<LocateDeviceInput> = z.strictObject({
  deviceId: Identifier,
  atMs: MomentMs.optional(),
});

/** Answer of `device:Locate`: patients whose devices the caller may see. */
export interface LocateDeviceOutput {
  readonly patientIds: readonly string[];
}
export const LocateDeviceOutput: z.ZodType<LocateDeviceOutput> = z.object({
  patientIds: z.array(Identifier),
});

/** When a device was worn by whom; half-open, null = still. */
export interface Assignment {
  readonly patientId: string;
  readonly fromMs: number;
  readonly untilMs: number | null;
}
export const Assignment: z.ZodType<Assignment> = z.object({
  patientId: Identifier,
  fromMs: MomentMs,
  untilMs: MomentMs.nullable(),
});

/** A device as its readers see it: only the assignments to patients whom they may read. */
export interface DeviceView {
  readonly deviceId: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly serial: string;
  readonly status: 'active' | 'lost' | 'revoked';
  /** Since when it is lost or revoked. */
  readonly sinceMs: number | null;
  readonly assignments: readonly Assignment[];
}
export const DeviceView: z.ZodType<DeviceView> = z.object({
  deviceId: Identifier,
  manufacturer: z.string(),
  model: z.string(),
  serial: z.string(),
  status: z.enum(['active', 'lost', 'revoked']),
  sinceMs: MomentMs.nullable(),
  assignments: z.array(Assignment),
});

/** Answer of `device:ListByPatient`. */
export interface ListDevicesOutput {
  readonly devices: readonly DeviceView[];
}
export const ListDevicesOutput: z.ZodType<ListDevicesOutput> = z.object({
  devices: z.array(DeviceView),
});

/** Input of `device:Status`. */
export interface DeviceStatusInput {
  readonly deviceId: string;
  readonly atMs: number;
}
export const DeviceStatusInput: z.ZodType<DeviceStatusInput> = z.strictObject({
  deviceId: Identifier,
  atMs: MomentMs,
});

/** Answer of `device:Status`, for the custodian's ingest service: who wore the device at that time. */
export interface DeviceStatusOutput {
  readonly status: 'active' | 'lost' | 'revoked' | 'unknown';
  readonly patientId: string | null;
  /** Name of that patient's live hint topic. */
  readonly pseudonym: string | null;
}
export const DeviceStatusOutput: z.ZodType<DeviceStatusOutput> = z.object({
  status: z.enum(['active', 'lost', 'revoked', 'unknown']),
  patientId: Identifier.nullable(),
  pseudonym: Identifier.nullable(),
});
