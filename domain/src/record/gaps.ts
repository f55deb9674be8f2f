import { z } from 'zod';
import { Identifier, MomentMs } from '../identifiers.ts';
import { SequenceRange } from './documents.ts';

/** A device, or one of its boots, of which nothing came for so long is late. */
export const LATE_AFTER_MS: number = 15 * 60_000;
/** Missing ranges that one report names; the counts are right beyond that, too. */
export const MAX_LISTED_GAPS = 1_000;

const Count: z.ZodType<number> = z.int().min(0);

/** One boot of a device: which of its readings are not recorded. Sequences of each boot begin at 0. */
export interface BootGaps {
  readonly boot: number;
  readonly recorded: number;
  /** Ranges below the highest recorded sequence; what comes behind it nobody knows. */
  readonly missing: readonly SequenceRange[];
  /** `pending`: chunks of this boot came lately, so the missing ones may still be on their way. */
  readonly state: 'complete' | 'pending' | 'late';
  /** Time of measurement of what is recorded; null when not known. */
  readonly measuredFromMs: number | null;
  readonly measuredUntilMs: number | null;
}
export const BootGaps: z.ZodType<BootGaps> = z.object({
  boot: z.int(),
  recorded: Count,
  missing: z.array(SequenceRange),
  state: z.enum(['complete', 'pending', 'late']),
  measuredFromMs: MomentMs.nullable(),
  measuredUntilMs: MomentMs.nullable(),
});

/** What is known about the completeness of a device's readings; no reading is in it. */
export interface DeviceGaps {
  readonly deviceId: string;
  readonly status: 'active' | 'lost' | 'revoked';
  /** `none`: nothing was ever recorded; `late`: nothing came for {@link LATE_AFTER_MS}. */
  readonly contact: 'none' | 'current' | 'late';
  /** End of the latest measurement that is recorded. */
  readonly lastMeasuredMs: number | null;
  /** When the latest recorded chunk was received. */
  readonly lastReceivedMs: number | null;
  /** Time of the latest transaction that recorded something. */
  readonly lastCommittedMs: number | null;
  /**
   * Receipt minus end of measurement of the freshest chunk in that transaction: the time until it was
   * sent is in it, and negative means that the device's clock is ahead.
   */
  readonly clockOffsetMs: number | null;
  readonly recordedReadings: number;
  readonly missingReadings: number;
  /** The latest boot and every earlier one with gaps, rising. */
  readonly boots: readonly BootGaps[];
  /** Whether every missing range is named. */
  readonly isWhole: boolean;
  /** The time that `late` and `pending` are judged at. */
  readonly atMs: number;
}
export const DeviceGaps: z.ZodType<DeviceGaps> = z.object({
  deviceId: Identifier,
  status: z.enum(['active', 'lost', 'revoked']),
  contact: z.enum(['none', 'current', 'late']),
  lastMeasuredMs: MomentMs.nullable(),
  lastReceivedMs: MomentMs.nullable(),
  lastCommittedMs: MomentMs.nullable(),
  clockOffsetMs: z.int().nullable(),
  recordedReadings: Count,
  missingReadings: Count,
  boots: z.array(BootGaps),
  isWhole: z.boolean(),
  atMs: MomentMs,
});

/** Most devices on a page of gap reports. */
export const MAX_GAP_PAGE = 100;

/** Input of `device:ListGaps`: the devices of the caller's organization. */
export interface ListGapsInput {
  readonly pageSize: number;
  /** From the page before. */
  readonly bookmark?: string | undefined;
}
export const ListGapsInput: z.ZodType<ListGapsInput> = z.strictObject({
  pageSize: z.int().min(1).max(MAX_GAP_PAGE),
  bookmark: Identifier.optional(),
});

/** Answer of `device:ListGaps`, by device id; a page may be short, or empty, and have a bookmark. */
export interface ListGapsOutput {
  readonly devices: readonly DeviceGaps[];
  readonly bookmark?: string | undefined;
}
export const ListGapsOutput: z.ZodType<ListGapsOutput> = z.object({
  devices: z.array(DeviceGaps),
  bookmark: Identifier.optional(),
});
