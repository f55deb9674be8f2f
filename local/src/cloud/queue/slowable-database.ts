import { type Clock, pause } from '@pulseledger/domain';
import type { Operation, QueueDatabase } from './group-commit.ts';

/** A database whose disk can be made to take its time, as one does whose cache is full or that is shared. */
export class SlowableDatabase implements QueueDatabase {
  readonly #database: QueueDatabase;
  readonly #clock: Clock;
  #delayMs = 0;
  #cancel: (() => void) | undefined;

  constructor(database: QueueDatabase, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  /** For so long every write that has to be on disk is held up; nothing of it is written meanwhile. */
  slowDown(delayMs: number, forMs: number): void {
    this.#cancel?.();
    this.#delayMs = delayMs;
    this.#cancel = this.#clock.after(forMs, () => {
      this.#delayMs = 0;
    });
  }

  async batch(operations: Operation[], options: { sync: boolean }): Promise<void> {
    if (options.sync && this.#delayMs > 0) await pause(this.#clock, this.#delayMs);
    await this.#database.batch(operations, options);
  }

  getMany(keys: string[]): Promise<(string | undefined)[]> {
    return this.#database.getMany(keys);
  }

  iterator(range: { gte: string; lt: string }): AsyncIterable<[string, string]> {
    return this.#database.iterator(range);
  }

  async close(): Promise<void> {
    this.#cancel?.();
    await this.#database.close();
  }
}
