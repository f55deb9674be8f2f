import type { SignedChunk, Wearable } from './wearables.ts';

/** Records chunks in one transaction and resolves when it is known that all are on the ledger. */
export type Submit = (chunks: readonly Uint8Array[]) => Promise<void>;

/** What one row is measured with. */
export interface Workload {
  readonly chunksPerTransaction: number;
  /** Transactions under way at the same time. */
  readonly inFlight: number;
  readonly seconds: number;
  /** At least one for each chunk under way, better two: see {@link Lane}. */
  readonly wearables: readonly Wearable[];
  readonly next: (wearable: Wearable) => SignedChunk;
  readonly submit: Submit;
}

/** What was measured. */
export interface Measurement {
  readonly seconds: number;
  readonly transactions: number;
  readonly chunks: number;
  readonly readings: number;
  /** From the signed chunk in hand until its commit is known. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** All readings of the row, also those recorded before and after the measured time. */
  readonly allReadings: number;
  /** Bytes of all those chunks. */
  readonly allChunkBytes: number;
}

const WARM_UP_MS = 2_000;

/** Above what two cores have shown: chunks that are signed before the clock starts, as wearables sign them, not we. */
const MOST_PER_SECOND = { transactions: 250, chunks: 1_200 };

type Bundle = readonly SignedChunk[];

/**
 * One transaction after the other; lanes run side by side and share no wearable. A lane takes turns with its wearables: as in
 * life, none sends its next window at the moment when the commit of the last is known, which may be before the other
 * provider's peer has that block.
 */
class Lane {
  readonly #workload: Workload;
  readonly #wearables: readonly Wearable[];
  readonly #ready: Bundle[] = [];
  #turn = 0;

  constructor(workload: Workload, index: number) {
    const { chunksPerTransaction, inFlight, wearables } = workload;
    const own = Math.floor(wearables.length / inFlight);
    if (own < chunksPerTransaction) {
      throw new RangeError('There are too few wearables for so many transactions at a time.');
    }
    this.#workload = workload;
    this.#wearables = wearables.slice(index * own, (index + 1) * own);
  }

  signAhead(bundles: number): void {
    while (this.#ready.length < bundles) {
      this.#ready.push(this.#sign());
    }
  }

  next(): Bundle {
    return this.#ready.shift() ?? this.#sign();
  }

  #sign(): Bundle {
    const { chunksPerTransaction, next } = this.#workload;
    return Array.from({ length: chunksPerTransaction }, () => {
      const wearable = this.#wearables[this.#turn % this.#wearables.length];
      this.#turn += 1;
      if (wearable === undefined) {
        throw new RangeError('A lane has no wearables.');
      }
      return next(wearable);
    });
  }
}

/** Keeps transactions under way and counts what is known to be committed within the measured time. */
export async function measure(workload: Workload): Promise<Measurement> {
  const { inFlight, seconds, submit } = workload;
  for (const wearable of workload.wearables) {
    wearable.goOnAtFullHour();
  }
  const lanes = Array.from({ length: inFlight }, (_, index) => new Lane(workload, index));
  for (const lane of lanes) {
    lane.signAhead(stock(workload));
  }
  const startMs = performance.now() + WARM_UP_MS;
  const endMs = startMs + seconds * 1_000;
  const counts = { transactions: 0, chunks: 0, readings: 0, allReadings: 0, allChunkBytes: 0 };
  const latencies: number[] = [];
  const run = async (lane: Lane): Promise<void> => {
    while (performance.now() < endMs) {
      const bundle = lane.next();
      const inHandMs = performance.now();
      await submit(bundle.map(({ bytes }) => bytes));
      const knownMs = performance.now();
      const readings = sum(bundle.map((chunk) => chunk.readings));
      counts.allReadings += readings;
      counts.allChunkBytes += sum(bundle.map(({ bytes }) => bytes.length));
      if (knownMs >= startMs && knownMs < endMs) {
        counts.transactions += 1;
        counts.chunks += bundle.length;
        counts.readings += readings;
        latencies.push(knownMs - inHandMs);
      }
    }
  };
  await Promise.all(lanes.map(run));
  latencies.sort((one, other) => one - other);
  const [p50Ms, p99Ms] = [percentile(latencies, 0.5), percentile(latencies, 0.99)];
  return { ...counts, seconds, p50Ms, p99Ms };
}

function stock({ chunksPerTransaction, inFlight, seconds }: Workload): number {
  const { transactions, chunks } = MOST_PER_SECOND;
  const perSecond = Math.min(transactions, chunks / chunksPerTransaction);
  return Math.ceil((perSecond * (seconds + WARM_UP_MS / 1_000)) / inFlight);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Nearest rank of sorted values; NaN for none. */
function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
