import { PulseError } from '@pulseledger/domain';

/** Lets so much work run at once, so much wait, and refuses the rest. */
export class Slots {
  readonly #running: number;
  readonly #waiting: number;
  readonly #queue: (() => void)[] = [];
  #active = 0;

  constructor(limits: { readonly running: number; readonly waiting: number }) {
    this.#running = limits.running;
    this.#waiting = limits.waiting;
  }

  /** @throws PulseError `throttled` when too much is waiting already */
  async run<Value>(work: () => Promise<Value>): Promise<Value> {
    await this.#enter();
    try {
      return await work();
    } finally {
      const next = this.#queue.shift();
      if (next === undefined) this.#active -= 1;
      else next();
    }
  }

  async #enter(): Promise<void> {
    if (this.#active < this.#running) {
      this.#active += 1;
      return;
    }
    if (this.#queue.length >= this.#waiting) throw new PulseError('throttled');
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#queue.push(() => {
      resolve(undefined);
    });
    await promise;
  }
}
