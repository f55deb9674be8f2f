import type { VitalCode } from '../vital-signs.ts';

/** Why a reading has no value: codes of http://terminology.hl7.org/CodeSystem/data-absent-reason. Only append. */
export const ABSENT_REASONS = [
  'unknown',
  'error',
  'not-performed',
  'not-a-number',
  'negative-infinity',
  'positive-infinity',
  'not-applicable',
  'temp-unknown',
  'unsupported',
] as const;
export type AbsentReason = (typeof ABSENT_REASONS)[number];

interface ReadingBase {
  readonly code: VitalCode;
  /** UCUM unit, one of the sign's. */
  readonly unit: string;
  /** Moment of measurement, or start of the time it was measured over; Unix milliseconds. */
  readonly atMs: number;
}

/** One number, at a moment or (with durationMs) over a time. */
export interface ValueReading extends ReadingBase {
  readonly durationMs?: number;
  readonly value: number;
}

/** The device measured and got nothing, and says why. */
export interface AbsentReading extends ReadingBase {
  readonly durationMs?: number;
  readonly absent: AbsentReason;
}

/** A strip of samples as FHIR SampledData with one dimension: value = origin + factor × data[i]. */
export interface SampledReading extends ReadingBase {
  readonly sampled: {
    /** Milliseconds between samples. */
    readonly periodMs: number;
    readonly origin: number;
    readonly factor: number;
    /** Whole numbers within 32 bits. */
    readonly data: readonly number[];
  };
}

export type Reading = ValueReading | AbsentReading | SampledReading;

/** What a device signs: its readings of one window, all starting within one UTC hour. */
export interface ChunkContent {
  readonly deviceId: string;
  /** Number of the device's start; unsigned 32 bits. */
  readonly boot: number;
  /** Sequence of readings[0]; readings[i] has firstSequence + i. */
  readonly firstSequence: number;
  /** Offset of the wearer's civil time from UTC, minutes. */
  readonly zoneOffsetMinutes: number;
  /** In canonical order, see {@link canonicalOrder}. */
  readonly readings: readonly Reading[];
  /** 16 random bytes, so that the hash of a chunk cannot be guessed. */
  readonly salt: Uint8Array;
}

/** The identity and extent of a chunk, read without its values. */
export interface ChunkHeader {
  readonly deviceId: string;
  readonly boot: number;
  readonly firstSequence: number;
  readonly zoneOffsetMinutes: number;
  /** Number of readings. */
  readonly count: number;
  /** Start of the earliest reading. */
  readonly startMs: number;
  /** Latest moment that a reading covers, durations included. */
  readonly endMs: number;
}

/** How the readings of a series lie in time. */
export type ReadingForm = 'instant' | 'interval' | 'sampled';

/** What the plausible values of one code and unit amount to. */
export interface Statistics {
  readonly first: number;
  readonly firstMs: number;
  readonly last: number;
  readonly lastMs: number;
  readonly min: number;
  readonly max: number;
  readonly sum: number;
  readonly mean: number;
}

/** Readings of one code, unit and form. */
export interface Summary {
  readonly code: VitalCode;
  readonly unit: string;
  readonly form: ReadingForm;
  /** All readings, with and without a value. */
  readonly count: number;
  /** Of these: outside what is plausible, left out of the statistics. */
  readonly implausible: number;
  /** Of these: without a value. */
  readonly absent: number;
  /** Of the plausible values; none when there is none, and none for strips. */
  readonly statistics?: Statistics;
}

/** A decoded chunk. */
export interface Chunk extends ChunkHeader, ChunkContent {
  readonly summaries: readonly Summary[];
  /** ES256, raw r‖s, over SHA-256 of the body. */
  readonly signature: Uint8Array;
}
