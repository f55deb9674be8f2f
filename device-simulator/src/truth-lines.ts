import {
  ABSENT_REASONS,
  Identifier,
  isVitalCode,
  MomentMs,
  QUARANTINE_REASONS,
  type QuarantineReason,
  type Reading,
  type VitalCode,
} from '@pulseledger/domain';
import { z } from 'zod';

/**
 * What must become of something that was handed over: on the ledger once; on the ledger already and
 * changing nothing; never taken by the broker; or in the quarantine under exactly this reason.
 */
export type Fate =
  | 'committed'
  | 'duplicate'
  | 'refused'
  | { readonly quarantined: QuarantineReason };

const FateSchema: z.ZodType<Fate> = z.union([
  z.enum(['committed', 'duplicate', 'refused']),
  z.strictObject({ quarantined: z.enum(QUARANTINE_REASONS) }),
]);

const Code: z.ZodType<VitalCode, string> = z.string().transform((text, context) => {
  if (isVitalCode(text)) return text;
  context.addIssue({ code: 'custom', message: 'not a vital sign' });
  return z.NEVER;
});

const Sampled = z.object({
  periodMs: z.number(),
  origin: z.number(),
  factor: z.number(),
  data: z.array(z.int()),
});

/** [code, unit, atMs, durationMs or 0, number | absent reason | strip]; sequences count up from `first`. */
const TruthReading: z.ZodType<Reading> = z
  .tuple([
    Code,
    z.string(),
    MomentMs,
    z.int().min(0),
    z.union([z.number(), z.enum(ABSENT_REASONS), Sampled]),
  ])
  .transform(([code, unit, atMs, durationMs, what]): Reading => {
    if (typeof what === 'object') return { code, unit, atMs, sampled: what };
    const base = { code, unit, atMs, ...(durationMs > 0 ? { durationMs } : {}) };
    return typeof what === 'number' ? { ...base, value: what } : { ...base, absent: what };
  });

/** A device started (also: started again): it measures this patient under this boot number. */
export interface TruthDevice {
  readonly t: 'device';
  readonly device: string;
  readonly patientId: string;
  readonly boot: number;
}

/** What names a chunk: device, boot, first sequence; and how many readings it has. */
interface ChunkName {
  readonly device: string;
  readonly boot: number;
  readonly first: number;
  readonly count: number;
}

/** A signed chunk is in the durable outbox: its readings are handed over. */
export interface TruthChunk extends ChunkName {
  readonly t: 'chunk';
  /** Zone offset in minutes. */
  readonly zone: number;
  /** When its window was closed, by the machine's clock. */
  readonly closedAt: number;
  /** Size of the signed chunk. */
  readonly bytes: number;
  readonly sha256: string;
  readonly fate: Fate;
  readonly readings: readonly Reading[];
}

/** The broker has taken a chunk over (PUBACK), at the machine's clock. */
export interface TruthPublished extends ChunkName {
  readonly t: 'published';
  readonly attempt: number;
  readonly at: number;
}

/** The broker has taken the same bytes once more: the device repeats itself without need. */
export interface TruthCopy extends ChunkName {
  readonly t: 'copy';
  readonly fate: Fate;
  readonly at: number;
}

/** The ledger has answered for a chunk. */
export interface TruthAnswered extends ChunkName {
  readonly t: 'answered';
  readonly status: 'committed' | 'quarantined';
  readonly reason?: QuarantineReason | undefined;
  readonly at: number;
}

/** The readings of an attacker's chunk that has to be committed. */
export interface AttemptChunk extends ChunkName {
  readonly zone: number;
  readonly readings: readonly Reading[];
}

/** An attack is going to be carried out, or has been to its end. */
export interface TruthAttack {
  readonly t: 'attack';
  readonly attack: string;
  readonly done: boolean;
  readonly at: number;
}

/** An attacker is about to hand bytes over. The fate binds once the broker has taken them. */
export interface TruthAttempt {
  readonly t: 'attempt';
  /** Names the attempt in the lines that follow. */
  readonly attempt: string;
  readonly attack: string;
  /** Client id under which it is sent. */
  readonly device: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly fate: Fate;
  readonly at: number;
  /** Present when its fate is `committed`. */
  readonly chunk?: AttemptChunk | undefined;
}

/** The broker has taken the bytes of an attempt (PUBACK). */
export interface TruthTaken {
  readonly t: 'taken';
  readonly attempt: string;
  readonly at: number;
}

/** The broker was seen to refuse an attempt. */
export interface TruthTurnedAway {
  readonly t: 'turnedAway';
  readonly attempt: string;
  /** What was seen of it: an error code or an event, nothing personal. */
  readonly how: string;
  readonly at: number;
}

/** Why readings that were measured were never handed over. */
export const LOSSES = ['battery', 'reboot', 'outbox_full'] as const;
export type Loss = (typeof LOSSES)[number];

/** Readings that were measured but never handed over: a real device loses them too. */
export interface TruthLost {
  readonly t: 'lost';
  readonly device: string;
  readonly boot: number;
  readonly cause: Loss;
  readonly readings: number;
  readonly at: number;
}

/** The process starts. */
export interface TruthRun {
  readonly t: 'run';
  readonly seed: number;
  /** Hours of the fault plan that pass in one hour of the devices' time. */
  readonly faultScale: number;
  readonly at: number;
}

/**
 * Readings in windows that are not closed yet, all devices together. Written once a second: the last
 * one before a process was killed says how many readings were never handed over because of that.
 */
export interface TruthOpen {
  readonly t: 'open';
  readonly readings: number;
  readonly at: number;
}

/** Measuring ended in order: every window was handed over. */
export interface TruthStopped {
  readonly t: 'stopped';
  readonly at: number;
}

/** What the plan has in store for a device, by the devices' time. For people who read the file. */
export interface TruthFault {
  readonly t: 'fault';
  readonly device: string;
  readonly fault: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

export type TruthLine =
  | TruthDevice
  | TruthChunk
  | TruthPublished
  | TruthCopy
  | TruthAnswered
  | TruthAttack
  | TruthAttempt
  | TruthTaken
  | TruthTurnedAway
  | TruthLost
  | TruthRun
  | TruthOpen
  | TruthStopped
  | TruthFault;

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const Count = z.int().min(0);
const Label = z.string().min(1).max(128);

const chunkName = {
  device: Identifier,
  boot: Count,
  first: Count,
  count: z.int().min(1),
} as const;

/** One line of a truth file, parsed from JSON. */
export const TruthLine: z.ZodType<TruthLine> = z.discriminatedUnion('t', [
  z.object({ t: z.literal('device'), device: Identifier, patientId: Identifier, boot: z.int() }),
  z.object({
    t: z.literal('chunk'),
    ...chunkName,
    zone: z.int(),
    closedAt: MomentMs,
    bytes: z.int(),
    sha256: Sha256,
    fate: FateSchema,
    readings: z.array(TruthReading),
  }),
  z.object({ t: z.literal('published'), ...chunkName, attempt: z.int().min(1), at: MomentMs }),
  z.object({ t: z.literal('copy'), ...chunkName, fate: FateSchema, at: MomentMs }),
  z.object({
    t: z.literal('answered'),
    ...chunkName,
    status: z.enum(['committed', 'quarantined']),
    reason: z.enum(QUARANTINE_REASONS).optional(),
    at: MomentMs,
  }),
  z.object({ t: z.literal('attack'), attack: Label, done: z.boolean(), at: MomentMs }),
  z.object({
    t: z.literal('attempt'),
    attempt: Label,
    attack: Label,
    device: Identifier,
    sha256: Sha256,
    bytes: Count,
    fate: FateSchema,
    at: MomentMs,
    chunk: z.object({ ...chunkName, zone: z.int(), readings: z.array(TruthReading) }).optional(),
  }),
  z.object({ t: z.literal('taken'), attempt: Label, at: MomentMs }),
  z.object({ t: z.literal('turnedAway'), attempt: Label, how: Label, at: MomentMs }),
  z.object({
    t: z.literal('lost'),
    device: Identifier,
    boot: Count,
    cause: z.enum(LOSSES),
    readings: Count,
    at: MomentMs,
  }),
  z.object({ t: z.literal('run'), seed: z.int(), faultScale: z.number().positive(), at: MomentMs }),
  z.object({ t: z.literal('open'), readings: Count, at: MomentMs }),
  z.object({ t: z.literal('stopped'), at: MomentMs }),
  z.object({
    t: z.literal('fault'),
    device: Identifier,
    fault: Label,
    fromMs: MomentMs,
    untilMs: MomentMs,
  }),
]);

/** The form in which a reading stands in the file; see `TruthReading`. */
function compact(reading: Reading): unknown[] {
  const { code, unit, atMs } = reading;
  if ('sampled' in reading) return [code, unit, atMs, 0, reading.sampled];
  const what = 'value' in reading ? reading.value : reading.absent;
  return [code, unit, atMs, reading.durationMs ?? 0, what];
}

/** The line as it is written: readings in their short form. */
export function plainLine(line: TruthLine): object {
  if (line.t === 'chunk') return { ...line, readings: line.readings.map(compact) };
  if (line.t !== 'attempt' || line.chunk === undefined) return line;
  return { ...line, chunk: { ...line.chunk, readings: line.chunk.readings.map(compact) } };
}
