import { z } from 'zod';
import type { Summary } from '../chunk/reading.ts';
import { Identifier, MomentMs, SaltHex } from '../identifiers.ts';
import { Assignment, SummaryList } from './evaluate.ts';
import { PatientBasics } from './submit.ts';

/** Private collection of the providers: hospital and clinic. */
export const PROVIDERS_COLLECTION = 'providers';

/** First and last sequence of a run without gaps. */
export type SequenceRange = readonly [first: number, last: number];
export const SequenceRange: z.ZodType<SequenceRange> = z.tuple([z.int(), z.int()]);

/** When a boot of a device measured and was heard of; nothing of what it measured. */
export interface BootActivity {
  readonly measuredFromMs: number;
  readonly measuredUntilMs: number;
  /** When the latest recorded chunk was received, as ingest says; null when it does not say. */
  readonly receivedAtMs: number | null;
  /** Time of the latest transaction that recorded something. */
  readonly committedAtMs: number;
  /** Least receipt minus end of measurement in that transaction. */
  readonly clockOffsetMs: number | null;
}
/** Null before the first chunk, and in documents of version 0.1.0. */
const NullableActivity: z.ZodType<BootActivity | null> = z
  .object({
    measuredFromMs: MomentMs,
    measuredUntilMs: MomentMs,
    receivedAtMs: MomentMs.nullable(),
    committedAtMs: MomentMs,
    clockOffsetMs: z.int().nullable(),
  })
  .nullable()
  .default(null);

/** A registered patient, as stored. */
export interface PatientDocument {
  readonly patientId: string;
  readonly basics: PatientBasics;
  /** MSP ids of the organizations at which the patient is registered; all providers when left out. */
  readonly registeredAt?: readonly string[] | undefined;
  readonly saltHex: string;
}
export const PatientDocument: z.ZodType<PatientDocument> = z.object({
  patientId: Identifier,
  basics: PatientBasics,
  registeredAt: z.array(z.string()).optional(),
  saltHex: SaltHex,
});

/** Who may treat whom, as stored, both by patient and by practitioner. */
export interface TreatingDocument {
  readonly patientId: string;
  readonly practitionerId: string;
  readonly mspId: string;
  readonly fromMs: number;
  readonly untilMs: number | null;
  readonly saltHex: string;
}
export const TreatingDocument: z.ZodType<TreatingDocument> = z.object({
  patientId: Identifier,
  practitionerId: Identifier,
  mspId: z.string(),
  fromMs: MomentMs,
  untilMs: MomentMs.nullable(),
  saltHex: SaltHex,
});

/** A registered device, as stored: all that admits a chunk stands in this one document. */
export interface DeviceDocument {
  readonly deviceId: string;
  /** MSP whose administrator registered it. */
  readonly custodian: string;
  readonly publicKeySpkiBase64: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly serial: string;
  readonly saltHex: string;
  readonly lostSinceMs: number | null;
  readonly revokedSinceMs: number | null;
  readonly assignments: readonly Assignment[];
  /** Highest boot number seen; null before the first chunk. */
  readonly boot: number | null;
  /** Sequences recorded for that boot, rising, neither touching nor overlapping. */
  readonly ranges: readonly SequenceRange[];
  /** Of that boot. */
  readonly activity: BootActivity | null;
  /** Latest hour (its number) in which that boot recorded for whoever wears it now; null when there is none. */
  readonly latestHour: number | null;
}
export const DeviceDocument: z.ZodType<DeviceDocument> = z.object({
  deviceId: Identifier,
  custodian: z.string(),
  publicKeySpkiBase64: z.string(),
  manufacturer: z.string(),
  model: z.string(),
  serial: z.string(),
  saltHex: SaltHex,
  lostSinceMs: MomentMs.nullable(),
  revokedSinceMs: MomentMs.nullable(),
  assignments: z.array(Assignment),
  boot: z.int().nullable(),
  ranges: z.array(SequenceRange),
  activity: NullableActivity,
  latestHour: z.int().nullable().default(null),
});

/** That a patient wears or wore a device, as stored. */
export interface WornDocument {
  readonly patientId: string;
  readonly deviceId: string;
  readonly saltHex: string;
}
export const WornDocument: z.ZodType<WornDocument> = z.object({
  patientId: Identifier,
  deviceId: Identifier,
  saltHex: SaltHex,
});

/** Sequences recorded for an earlier boot of a device, as stored. */
export interface BootDocument {
  readonly ranges: readonly SequenceRange[];
  readonly activity: BootActivity | null;
  readonly saltHex: string;
}
export const BootDocument: z.ZodType<BootDocument> = z.object({
  ranges: z.array(SequenceRange),
  activity: NullableActivity,
  saltHex: SaltHex,
});

/** That a chunk was recorded long after it was measured, as stored. */
export interface LateDocument {
  readonly recordedAtMs: number;
  readonly saltHex: string;
}
export const LateDocument: z.ZodType<LateDocument> = z.object({
  recordedAtMs: MomentMs,
  saltHex: SaltHex,
});

/** Which sequences of one device and boot an hour's summary counts. */
export interface HourSource {
  readonly deviceId: string;
  readonly boot: number;
  readonly ranges: readonly SequenceRange[];
}

/** Summary of a patient's hour, as stored. */
export interface HourDocument {
  readonly hourMs: number;
  readonly sources: readonly HourSource[];
  readonly summaries: readonly Summary[];
  readonly saltHex: string;
}
export const HourDocument: z.ZodType<HourDocument> = z.object({
  hourMs: MomentMs,
  sources: z.array(
    z.object({ deviceId: Identifier, boot: z.int(), ranges: z.array(SequenceRange) }),
  ),
  summaries: SummaryList,
  saltHex: SaltHex,
});
