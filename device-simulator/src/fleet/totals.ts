import type { QuarantineReason } from '@pulseledger/domain';
import { LatencyHistogram } from '../latency.ts';
import type { Loss } from '../truth-lines.ts';

/** Chunks and the readings in them. */
export interface Amount {
  chunks: number;
  readings: number;
}

/** Counts of one run. Handed over + resumed = committed + quarantined + pending, always. */
export interface FleetTotals {
  /** Put into the durable outbox in this run. */
  readonly handedOver: Readonly<Amount>;
  /** Found in the outbox at the start, left by an earlier run. */
  readonly resumed: Readonly<Amount>;
  /** Taken over by the broker at least once in this run. */
  readonly published: Readonly<Amount>;
  /** Acknowledged by the ledger. */
  readonly committed: Readonly<Amount>;
  readonly quarantined: Readonly<Amount>;
  readonly quarantineReasons: Readonly<Partial<Record<QuarantineReason, number>>>;
  /** Still in the outbox. */
  readonly pending: Readonly<Amount>;
  /** Measured, but the outbox was full: never handed over. */
  readonly discardedReadings: number;
  /** Measured but never handed over, by cause: a real device loses them too. */
  readonly neverHandedOver: Readonly<Partial<Record<Loss, number>>>;
  /** From the closing of a window to the ledger's acknowledgement; null before the first. */
  readonly commitLatencyMs: { readonly p50: number; readonly p99: number } | null;
  readonly reconnects: number;
}

/** Median and 99th percentile of a histogram; null while it is empty. */
function percentilesOf(latency: LatencyHistogram): FleetTotals['commitLatencyMs'] {
  const p50 = latency.percentile(0.5);
  const p99 = latency.percentile(0.99);
  return p50 === undefined || p99 === undefined ? null : { p50, p99 };
}

/** Running counts of a fleet. */
export class Counters {
  readonly handedOver: Amount = { chunks: 0, readings: 0 };
  readonly resumed: Amount = { chunks: 0, readings: 0 };
  readonly published: Amount = { chunks: 0, readings: 0 };
  readonly committed: Amount = { chunks: 0, readings: 0 };
  readonly quarantined: Amount = { chunks: 0, readings: 0 };
  readonly reasons: Map<QuarantineReason, number> = new Map<QuarantineReason, number>();
  readonly #latency: LatencyHistogram = new LatencyHistogram();
  #recent: LatencyHistogram = new LatencyHistogram();
  readonly #losses: Map<Loss, number> = new Map<Loss, number>();

  /** Count one chunk. */
  static add(amount: Amount, readings: number): void {
    amount.chunks += 1;
    amount.readings += readings;
  }

  /** The ledger has answered for a chunk whose window was closed so long ago. */
  answeredAfter(ms: number): void {
    this.#latency.add(ms);
    this.#recent.add(ms);
  }

  /** Latencies since the last call of this. */
  recentLatency(): FleetTotals['commitLatencyMs'] {
    const recent = percentilesOf(this.#recent);
    this.#recent = new LatencyHistogram();
    return recent;
  }

  /** Readings that will never be handed over. */
  lost(cause: Loss, readings: number): void {
    this.#losses.set(cause, (this.#losses.get(cause) ?? 0) + readings);
  }

  get pending(): Amount {
    const left = (kind: keyof Amount): number =>
      this.handedOver[kind] + this.resumed[kind] - this.committed[kind] - this.quarantined[kind];
    return { chunks: left('chunks'), readings: left('readings') };
  }

  totals(reconnects: number): FleetTotals {
    return {
      handedOver: { ...this.handedOver },
      resumed: { ...this.resumed },
      published: { ...this.published },
      committed: { ...this.committed },
      quarantined: { ...this.quarantined },
      quarantineReasons: Object.fromEntries(this.reasons),
      pending: this.pending,
      discardedReadings: this.#losses.get('outbox_full') ?? 0,
      neverHandedOver: Object.fromEntries(this.#losses),
      commitLatencyMs: percentilesOf(this.#latency),
      reconnects,
    };
  }
}
