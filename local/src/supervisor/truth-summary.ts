import {
  type Loss,
  readTruth,
  type TruthAnswered,
  type TruthAttempt,
  type TruthChunk,
  type TruthCopy,
  type TruthLine,
} from '@pulseledger/device-simulator';
import type { ExpectedChunk } from './comparison.ts';
import type { Expectation } from './fates.ts';

/** A chunk that was handed over; an attacker's only counts when the broker has taken it. */
export interface ToldChunk extends ExpectedChunk {
  readonly sha256: string;
  readonly binds: boolean;
}

/** What the devices themselves know of a run, by the simulator's truth file. */
export interface Truth {
  readonly chunks: readonly ToldChunk[];
  /** What must become of everything that was handed over or tried. */
  readonly expectations: readonly Expectation[];
  /** Attacks that were to be carried out and were not, to their end. */
  readonly unfinishedAttacks: readonly string[];
  /** Length of all signed chunks of honest devices. */
  readonly chunkBytes: number;
  /** Readings that the broker has taken over (PUBACK). */
  readonly published: number;
  /** Readings of which the device learned that they are on the ledger. */
  readonly acknowledged: number;
  /** Readings measured but never handed over, by cause; `killed` with the simulator itself, to a second. */
  readonly neverHandedOver: Readonly<Partial<Record<Loss | 'killed', number>>>;
  /** From the closing of a window to the ledger's acknowledgement at the device. */
  readonly commitLatencyMs: { readonly p50: number; readonly p99: number } | null;
}

/** Collects the file's lines; a chunk that was sent or answered twice counts once. */
export async function readTruthFile(file: string): Promise<Truth> {
  const summary = new Summary();
  for await (const line of readTruth(file)) summary.take(line);
  return summary.truth();
}

interface Named {
  readonly device: string;
  readonly boot: number;
  readonly first: number;
}

function nameOf({ device, boot, first }: Named): string {
  return `${device}/${String(boot)}/${String(first)}`;
}

class Summary {
  readonly #wearers = new Map<string, string>();
  readonly #chunks = new Map<string, TruthChunk>();
  readonly #copies: Expectation[] = [];
  readonly #attempts = new Map<string, TruthAttempt>();
  readonly #taken = new Set<string>();
  /** Whether an attack has been carried out, by any of the simulator's processes. */
  readonly #attacks = new Map<string, boolean>();
  readonly #published = new Map<string, number>();
  readonly #acknowledged = new Map<string, number>();
  readonly #latencies: number[] = [];
  readonly #lost = new Map<Loss | 'killed', number>();
  /** Readings in windows that are not closed, as far as is known. */
  #open = 0;

  take(line: TruthLine): void {
    if (line.t === 'device') this.#wearers.set(line.device, line.patientId);
    else if (line.t === 'chunk') this.#chunks.set(nameOf(line), line);
    else if (line.t === 'published') this.#published.set(nameOf(line), line.count);
    else if (line.t === 'answered') this.#answered(line);
    else if (line.t === 'copy') this.#copied(line);
    else if (line.t === 'attempt') this.#attempts.set(line.attempt, line);
    else if (line.t === 'taken') this.#taken.add(line.attempt);
    else this.#takeRest(line);
  }

  /** What was measured but never handed over, and which attacks there were. */
  #takeRest(line: TruthLine): void {
    if (line.t === 'attack') {
      this.#attacks.set(line.attack, line.done || this.#attacks.get(line.attack) === true);
    } else if (line.t === 'lost') this.#lose(line.cause, line.readings);
    else if (line.t === 'open') this.#open = line.readings;
    else if (line.t === 'stopped') this.#open = 0;
    else if (line.t === 'run') this.#killed();
  }

  #copied(line: TruthCopy): void {
    const { device, fate } = line;
    const sha256 = this.#chunks.get(nameOf(line))?.sha256 ?? '';
    this.#copies.push({ what: 'copy', device, sha256, fate, binds: true });
  }

  /** The process was not there any more to hand over what was in its open windows. */
  #killed(): void {
    if (this.#open > 0) this.#lose('killed', this.#open);
    this.#open = 0;
  }

  #lose(cause: Loss | 'killed', readings: number): void {
    this.#lost.set(cause, (this.#lost.get(cause) ?? 0) + readings);
  }

  #answered(line: TruthAnswered): void {
    const { count, at, status } = line;
    const name = nameOf(line);
    if (status !== 'committed' || this.#acknowledged.has(name)) return;
    this.#acknowledged.set(name, count);
    const closedAt = this.#chunks.get(name)?.closedAt;
    if (closedAt !== undefined) this.#latencies.push(at - closedAt);
  }

  truth(): Truth {
    this.#killed();
    const chunks = [...this.#chunks.values()];
    const attempts = [...this.#attempts.values()];
    const told = attempts.flatMap(({ chunk, sha256, attempt }) =>
      chunk === undefined ? [] : [{ ...chunk, sha256, binds: this.#taken.has(attempt) }],
    );
    const taken = told.filter(({ binds }) => binds).map(({ count }) => count);
    return {
      chunks: [...chunks.map((chunk) => ({ ...chunk, binds: true })), ...told].map((chunk) => {
        const { device, boot, first, readings, sha256, binds } = chunk;
        const patientId = this.#wearers.get(device) ?? '';
        return { device, boot, first, patientId, readings, sha256, binds };
      }),
      expectations: [
        ...chunks.map(({ device, sha256, fate }) => ({
          what: 'chunk',
          device,
          sha256,
          fate,
          binds: true,
        })),
        ...this.#copies,
        ...attempts.map(({ attack, attempt, device, sha256, fate }) => ({
          what: attack,
          device,
          sha256,
          fate,
          binds: this.#taken.has(attempt),
        })),
      ],
      unfinishedAttacks: [...this.#attacks].flatMap(([attack, done]) => (done ? [] : [attack])),
      chunkBytes: sum(chunks.map(({ bytes }) => bytes)),
      published: sum([...this.#published.values(), ...taken]),
      acknowledged: sum([...this.#acknowledged.values()]),
      neverHandedOver: Object.fromEntries(this.#lost),
      commitLatencyMs: percentiles(this.#latencies),
    };
  }
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

function percentiles(values: readonly number[]): Truth['commitLatencyMs'] {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number | undefined => sorted[Math.ceil(share * sorted.length) - 1];
  const [p50, p99] = [at(0.5), at(0.99)];
  return p50 === undefined || p99 === undefined ? null : { p50, p99 };
}
