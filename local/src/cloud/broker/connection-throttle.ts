import { setTimeout as delay } from 'node:timers/promises';

/** AWS IoT Core's limits of one connection (https://docs.aws.amazon.com/general/latest/gr/iot-core.html). */
export const MAX_PUBLISHES_PER_SECOND = 100;
export const MAX_BYTES_PER_SECOND: number = 512 * 1024;
export const MAX_UNACKNOWLEDGED = 100;

const SECOND = 1000;

/**
 * Slows one connection down to its limits. Nothing is refused: the caller reads no further from the
 * socket meanwhile, so that a device that sends too fast is held back by TCP.
 */
export class ConnectionThrottle {
  readonly #now: () => number;
  readonly #waiting: (() => void)[] = [];
  #unacknowledged = 0;
  /** When the allowance is whole again; a burst of one second is allowed. */
  #messagesPaidUntil = 0;
  #bytesPaidUntil = 0;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Resolves when a publish of that length may be worked on; call `done` after it. */
  async admit(bytes: number): Promise<void> {
    if (this.#unacknowledged >= MAX_UNACKNOWLEDGED) {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      this.#waiting.push(() => {
        resolve(undefined);
      });
      await promise;
    } else this.#unacknowledged += 1;
    const wait = this.charge(bytes);
    if (wait > 0) await delay(wait);
  }

  /** Hands the place of a finished publish to the next one. */
  done(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#unacknowledged -= 1;
    else next();
  }

  /** Books a publish and returns how many milliseconds it has to wait. */
  charge(bytes: number): number {
    const now = this.#now();
    this.#messagesPaidUntil = Math.max(this.#messagesPaidUntil, now - SECOND);
    this.#bytesPaidUntil = Math.max(this.#bytesPaidUntil, now - SECOND);
    const wait = Math.max(this.#messagesPaidUntil, this.#bytesPaidUntil) - now;
    this.#messagesPaidUntil += SECOND / MAX_PUBLISHES_PER_SECOND;
    this.#bytesPaidUntil += (bytes * SECOND) / MAX_BYTES_PER_SECOND;
    return Math.max(0, wait);
  }
}
