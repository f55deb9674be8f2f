import type { Logger } from '../process/logger.ts';

const LOG_INTERVAL_MS = 10_000;

/** Counts what happens often and logs the counts now and then instead of a line for each. */
export class EventCounters {
  readonly #logger: Logger;
  readonly #timer: NodeJS.Timeout;
  #counts = new Map<string, number>();

  constructor(logger: Logger) {
    this.#logger = logger;
    this.#timer = setInterval(() => {
      this.#flush();
    }, LOG_INTERVAL_MS);
    this.#timer.unref();
  }

  count(event: string): void {
    this.#counts.set(event, (this.#counts.get(event) ?? 0) + 1);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#flush();
  }

  #flush(): void {
    if (this.#counts.size === 0) return;
    this.#logger.log('info', 'counts', { counters: Object.fromEntries(this.#counts) });
    this.#counts = new Map();
  }
}
