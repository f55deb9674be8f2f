import { ControlError } from './errors.ts';

/** Lets simulations run, until somebody needs a ledger that nobody reads. */
export class CallGate {
  #running = 0;
  #held: { readonly opened: Promise<undefined> } | undefined;
  #onQuiet: (() => void) | undefined;

  /** Runs at once, or when the gate opens again. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    while (this.#held !== undefined) await this.#held.opened;
    this.#running += 1;
    try {
      return await work();
    } finally {
      this.#running -= 1;
      if (this.#running === 0) this.#onQuiet?.();
    }
  }

  /**
   * Holds new work back, waits for what runs, then does something alone.
   *
   * @throws ControlError when what runs does not end in time, or something else is being done alone.
   */
  async alone<T>(waitMs: number, work: () => Promise<T>): Promise<T> {
    if (this.#held !== undefined) {
      throw new ControlError('Another snapshot, revert or load is under way. Wait for its answer.');
    }
    const { promise: opened, resolve: open } = Promise.withResolvers<undefined>();
    this.#held = { opened };
    try {
      await this.#quiet(waitMs);
      return await work();
    } finally {
      this.#held = undefined;
      open(undefined);
    }
  }

  async #quiet(waitMs: number): Promise<void> {
    if (this.#running === 0) return;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => {
      resolve(false);
    }, waitMs);
    this.#onQuiet = () => {
      resolve(true);
    };
    const isQuiet = await promise;
    clearTimeout(timer);
    this.#onQuiet = undefined;
    if (isQuiet) return;
    throw new ControlError(
      `${this.#running} transactions are being simulated and did not end within ${waitMs} ms. Wait for their answers, then ask again.`,
    );
  }
}
