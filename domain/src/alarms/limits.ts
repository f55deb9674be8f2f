import { z } from 'zod';
import { MomentMs } from '../identifiers.ts';
import { isVitalCode, VITAL_SIGNS, type VitalCode } from '../vital-signs.ts';

/** Priorities of IEC 60601-1-8, the most urgent first. */
export const ALARM_PRIORITIES = ['high', 'medium', 'low'] as const;
export type AlarmPriority = (typeof ALARM_PRIORITIES)[number];

/** One limit of one sign. */
export interface AlarmLimit {
  readonly side: 'low' | 'high';
  /** In the first unit of the sign; a value beyond it violates the limit, the limit itself does not. */
  readonly value: number;
  readonly priority: AlarmPriority;
  /** How long values must violate the limit before there is an alarm; 0 = the first one raises it. */
  readonly persistenceMs: number;
  /** How far inside the limit a value must come back for the violation to be over. */
  readonly hysteresis: number;
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
/** Longest persistence that a limit may ask for. */
const MAX_PERSISTENCE_MS = 10 * MINUTE_MS;
const MAX_NO_DATA_MS = 24 * 60 * MINUTE_MS;

export const AlarmLimit: z.ZodType<AlarmLimit> = z.strictObject({
  side: z.enum(['low', 'high']),
  value: z.number().min(-1_000).max(10_000),
  priority: z.enum(ALARM_PRIORITIES),
  persistenceMs: z.int().min(0).max(MAX_PERSISTENCE_MS),
  hysteresis: z.number().min(0).max(1_000),
});

/** Limits by code; a code that is not named has the default ones, an empty list switches them off. */
export type AlarmLimits = Readonly<Partial<Record<VitalCode, readonly AlarmLimit[]>>>;

function isOrdered(limits: readonly AlarmLimit[]): boolean {
  const names = limits.map(({ side, priority }) => `${side}.${priority}`);
  const lowest = Math.max(...limits.filter(({ side }) => side === 'low').map((l) => l.value));
  const highest = Math.min(...limits.filter(({ side }) => side === 'high').map((l) => l.value));
  return new Set(names).size === names.length && lowest < highest;
}

const Limits: z.ZodType<AlarmLimits> = z
  .record(
    z.string().refine((code) => isVitalCode(code), 'expected a code of a vital sign'),
    z
      .array(AlarmLimit)
      .max(2 * ALARM_PRIORITIES.length)
      .refine(isOrdered, 'expected each limit once, and the low ones below the high ones'),
  )
  .refine((limits) => Object.keys(limits).length <= 40, 'too many codes');

/** How a patient is watched. */
export interface AlarmSettings {
  readonly limits: AlarmLimits;
  /** A device that says nothing new for so long raises a technical alarm; null = never. */
  readonly noDataAfterMs: number | null;
  /** Why NEWS2 is not for this patient, beside age. */
  readonly news2Excluded: 'pregnancy' | 'spinal-cord-injury' | null;
}
export const AlarmSettings: z.ZodType<AlarmSettings> = z.strictObject({
  limits: Limits,
  noDataAfterMs: z.int().min(MINUTE_MS).max(MAX_NO_DATA_MS).nullable(),
  news2Excluded: z.enum(['pregnancy', 'spinal-cord-injury']).nullable(),
});

/** Settings with who made them. */
export interface SettingsEntry extends AlarmSettings {
  /** Ordered or ended: the second scale of oxygen saturation in NEWS2; null = nothing is said about it. */
  readonly scale2: boolean | null;
  readonly by: string;
  readonly mspId: string;
  readonly atMs: number;
}
export const SettingsEntry: z.ZodType<SettingsEntry> = z.object({
  limits: Limits,
  noDataAfterMs: z.int().nullable(),
  scale2: z.boolean().nullable(),
  news2Excluded: z.enum(['pregnancy', 'spinal-cord-injury']).nullable(),
  by: z.string(),
  mspId: z.string(),
  atMs: MomentMs,
});

type Row = readonly [
  side: 'low' | 'high',
  value: number,
  priority: AlarmPriority,
  persistenceSeconds: number,
];

function rows(hysteresis: number, ...all: readonly Row[]): AlarmLimit[] {
  return all.map(([side, value, priority, seconds]) => ({
    side,
    value,
    priority,
    persistenceMs: seconds * SECOND_MS,
    hysteresis,
  }));
}

/**
 * What an adult is watched for when nobody said otherwise: a value that NEWS2 gives 3 points is of high priority, one of 2
 * points of medium (so SpO2 below 92 and heart rate above 130). Rates and saturation must stay beyond the limit for a while,
 * because most short excursions are movement. To be confirmed by each organization's clinicians.
 */
const DEFAULT_LIMITS: AlarmLimits = {
  '8867-4': rows(
    3,
    ['low', 41, 'high', 30],
    ['low', 50, 'low', 60],
    ['high', 110, 'medium', 60],
    ['high', 130, 'high', 60],
  ),
  '59408-5': rows(1, ['low', 92, 'high', 30], ['low', 94, 'medium', 30]),
  '9279-1': rows(1, ['low', 9, 'high', 30], ['high', 20, 'medium', 60], ['high', 24, 'high', 60]),
  '8310-5': rows(0.2, ['low', 35.1, 'high', 0], ['high', 38, 'low', 0], ['high', 39, 'medium', 0]),
  '8480-6': rows(3, ['low', 91, 'high', 0], ['low', 101, 'medium', 0], ['high', 219, 'high', 0]),
};

const NO_DATA_AFTER_MS = 15 * MINUTE_MS;

/** How a patient is watched when nobody said otherwise. */
export const DEFAULT_SETTINGS: AlarmSettings = {
  limits: {},
  noDataAfterMs: NO_DATA_AFTER_MS,
  news2Excluded: null,
};

/** The limits that hold for a sign. */
export function limitsOf(
  { limits }: Pick<AlarmSettings, 'limits'>,
  code: VitalCode,
): readonly AlarmLimit[] {
  return limits[code] ?? DEFAULT_LIMITS[code] ?? [];
}

/** Unit of a sign's limits. */
export function limitUnit(code: VitalCode): string {
  return Object.keys(VITAL_SIGNS[code].units)[0] ?? '';
}

const FREEZING_F = 32;
const F_PER_C = 1.8;

/** A value in the unit of its sign's limits; undefined for a unit that is not compared. */
export function inLimitUnit(code: VitalCode, unit: string, value: number): number | undefined {
  const wanted = limitUnit(code);
  if (unit === wanted) return value;
  if (wanted === 'Cel' && unit === '[degF]') return (value - FREEZING_F) / F_PER_C;
  return undefined;
}
