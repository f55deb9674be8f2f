import {
  closeSync,
  constants,
  createReadStream,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';
import { createInterface } from 'node:readline';
import {
  ABSENT_REASONS,
  Identifier,
  isVitalCode,
  MomentMs,
  PulseError,
  QUARANTINE_REASONS,
  type QuarantineReason,
  type Reading,
  type VitalCode,
} from '@pulseledger/domain';
import { z } from 'zod';

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

/** A device started: it measures this patient under this boot number. */
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
  readonly readings: readonly Reading[];
}

/** The broker has taken a chunk over (PUBACK), at the machine's clock. */
export interface TruthPublished extends ChunkName {
  readonly t: 'published';
  readonly attempt: number;
  readonly at: number;
}

/** The ledger has answered for a chunk. */
export interface TruthAnswered extends ChunkName {
  readonly t: 'answered';
  readonly status: 'committed' | 'quarantined';
  readonly reason?: QuarantineReason | undefined;
  readonly at: number;
}

export type TruthLine = TruthDevice | TruthChunk | TruthPublished | TruthAnswered;

const chunkName = {
  device: Identifier,
  boot: z.int().min(0),
  first: z.int().min(0),
  count: z.int().min(1),
} as const;

const TruthLineSchema: z.ZodType<TruthLine> = z.discriminatedUnion('t', [
  z.object({ t: z.literal('device'), device: Identifier, patientId: Identifier, boot: z.int() }),
  z.object({
    t: z.literal('chunk'),
    ...chunkName,
    zone: z.int(),
    closedAt: MomentMs,
    bytes: z.int(),
    sha256: z.string(),
    readings: z.array(TruthReading),
  }),
  z.object({ t: z.literal('published'), ...chunkName, attempt: z.int().min(1), at: MomentMs }),
  z.object({
    t: z.literal('answered'),
    ...chunkName,
    status: z.enum(['committed', 'quarantined']),
    reason: z.enum(QUARANTINE_REASONS).optional(),
    at: MomentMs,
  }),
]);

function compact(reading: Reading): unknown[] {
  const { code, unit, atMs } = reading;
  if ('sampled' in reading) return [code, unit, atMs, 0, reading.sampled];
  const what = 'value' in reading ? reading.value : reading.absent;
  return [code, unit, atMs, reading.durationMs ?? 0, what];
}

const TAIL_BYTES = 65_536;
const NEWLINE = 0x0a;

/** Cut a last line without its end: a killed process may leave one, and we append after it. */
function cutBrokenLine(file: number): void {
  let end = fstatSync(file).size;
  const tail = Buffer.alloc(TAIL_BYTES);
  while (end > 0) {
    const from = Math.max(0, end - TAIL_BYTES);
    const length = readSync(file, tail, 0, end - from, from);
    const newline = tail.subarray(0, length).lastIndexOf(NEWLINE);
    end = newline < 0 ? from : from + newline + 1;
    if (newline >= 0) break;
  }
  ftruncateSync(file, end);
}

/**
 * What really happened, for checking the ledger against: one JSON object a line, handed to the
 * operating system before the call returns, so that a killed process leaves it behind. It holds
 * invented people's readings in clear: 0600, never among logs.
 */
export class TruthWriter {
  readonly #file: number | undefined = undefined;

  /** @param path File to append to; undefined writes nothing. */
  constructor(path: string | undefined) {
    if (path === undefined) return;
    this.#file = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND, 0o600);
    cutBrokenLine(this.#file);
  }

  write(line: TruthLine): void {
    if (this.#file === undefined) return;
    const plain = line.t === 'chunk' ? { ...line, readings: line.readings.map(compact) } : line;
    writeSync(this.#file, `${JSON.stringify(plain)}\n`);
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
  }
}

/**
 * Read a truth file line by line. A chunk can appear twice with the same identity and digest (after
 * a restart, what was still pending is written again); a last line cut off by a kill is left out.
 *
 * @throws PulseError malformed when a line in the middle is not one.
 */
export async function* readTruth(path: string): AsyncGenerator<TruthLine> {
  let number = 0;
  let broken: number | undefined;
  for await (const line of createInterface({ input: createReadStream(path, 'utf8') })) {
    number += 1;
    if (broken !== undefined) throw new PulseError('malformed', `truth file, line ${broken}`);
    const parsed = parseLine(line);
    if (parsed === undefined) broken = number;
    else yield parsed;
  }
}

function parseLine(line: string): TruthLine | undefined {
  try {
    return TruthLineSchema.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}
