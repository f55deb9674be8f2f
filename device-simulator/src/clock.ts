/** Time as the simulated devices see it, and real waiting derived from it. */
export interface Clock {
  /** Now, Unix milliseconds of the simulated world. */
  now(): number;
  /** Real milliseconds until the simulated moment; never negative. */
  realMsUntil(moment: number): number;
  /** Measuring begins now: a clock that runs faster than real time starts from its first moment. */
  restart(): void;
}

/** The machine's own clock. */
export class SystemClock implements Clock {
  now(): number {
    return Date.now();
  }

  realMsUntil(moment: number): number {
    return Math.max(0, moment - Date.now());
  }

  restart(): void {
    // Real time goes on.
  }
}

/**
 * A clock that starts at a given moment and runs faster than real time. Measurement times must not
 * lie in the future (the contract refuses them), so start it far enough in the past.
 */
export class FastClock implements Clock {
  readonly #startMs: number;
  readonly #speed: number;
  #realStart: number;

  constructor(startMs: number, speed: number) {
    if (!(speed > 0)) throw new RangeError('speed must be above 0');
    this.#startMs = startMs;
    this.#speed = speed;
    this.#realStart = performance.now();
  }

  now(): number {
    return Math.floor(this.#startMs + (performance.now() - this.#realStart) * this.#speed);
  }

  realMsUntil(moment: number): number {
    return Math.max(0, (moment - this.now()) / this.#speed);
  }
  restart(): void {
    this.#realStart = performance.now();
  }
}
