/** `npm` hands Ctrl-C on although the terminal has sent it already; two so close are one. */
const ECHO_MS = 500;

/** Ctrl-C and SIGTERM: the first asks for an orderly end, a second one ends at once. */
export class Interrupts {
  readonly asked: Promise<void>;
  readonly #onSecond: () => void;
  readonly #resolve: (value?: undefined) => void;
  #firstAtMs: number | undefined;

  constructor(onSecond: () => void) {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.asked = promise;
    this.#resolve = resolve;
    this.#onSecond = onSecond;
    process.on('SIGINT', this.#signalled);
    process.on('SIGTERM', this.#signalled);
    // The terminal is gone; nobody could press Ctrl-C any more.
    process.on('SIGHUP', this.#signalled);
  }

  get isAsked(): boolean {
    return this.#firstAtMs !== undefined;
  }

  dispose(): void {
    process.off('SIGINT', this.#signalled);
    process.off('SIGTERM', this.#signalled);
    process.off('SIGHUP', this.#signalled);
  }

  readonly #signalled = (): void => {
    const now = performance.now();
    if (this.#firstAtMs === undefined) {
      this.#firstAtMs = now;
      this.#resolve();
    } else if (now - this.#firstAtMs > ECHO_MS) this.#onSecond();
  };
}
