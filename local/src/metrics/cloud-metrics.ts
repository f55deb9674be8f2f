import { DENIAL_REASONS, type MetricSink, WATCHED_QUEUES } from '@pulseledger/domain';
import { EmfMetrics } from '@pulseledger/lambdas/common/metrics';
import type { BrokerEvent } from '../cloud/broker/broker.ts';
import { INGEST_DEAD_LETTERS, INGEST_QUEUE } from '../cloud/queue/queue-set.ts';

const INTERVAL_MS = 2_000;

/** What is asked of the queues. */
export interface WatchedQueues {
  readonly queue: (name: string) => { readonly size: number; readonly oldestAgeMs: number };
}

/** Metrics of broker and queues: what AWS IoT Core and SQS tell CloudWatch by themselves. */
export class CloudMetrics {
  readonly #queues: WatchedQueues;
  readonly #metrics: EmfMetrics;
  readonly #timer: NodeJS.Timeout;

  constructor(queues: WatchedQueues, write: (line: string) => void) {
    this.#queues = queues;
    this.#metrics = new EmfMetrics('cloud', write);
    this.#timer = setInterval(() => {
      this.flush();
    }, INTERVAL_MS);
    this.#timer.unref();
  }

  /** Counts what happened at the broker's door. */
  count(event: BrokerEvent): void {
    const reason = DENIAL_REASONS.find((known) => known === event);
    if (reason !== undefined) this.#metrics.record('Denied', 1, { at: 'broker', reason });
  }

  /** A message of a device is durable. */
  queued(): void {
    this.#metrics.record('MessagesQueued', 1);
  }

  /** Writes what was counted, and how the queues are. */
  flush(): void {
    const metrics: MetricSink = this.#metrics;
    for (const queue of WATCHED_QUEUES) {
      metrics.record('QueueDepth', this.#queues.queue(queue).size, { queue });
    }
    // Dead letters are not on the ledger either.
    const ages = [INGEST_QUEUE, INGEST_DEAD_LETTERS].map((n) => this.#queues.queue(n).oldestAgeMs);
    metrics.record('OldestUnsigned', Math.max(...ages));
    this.#metrics.flush();
  }

  close(): void {
    clearInterval(this.#timer);
    this.flush();
  }
}
