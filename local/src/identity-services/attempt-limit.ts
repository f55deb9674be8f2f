const MAX_FAILURES = 10;
const WINDOW_MS = 60_000;
const MAX_NAMES = 1_000;

/** Holds back whoever guesses passwords: after ten failures a user name waits for a minute. */
export class AttemptLimit {
  readonly #now: () => number;
  readonly #failures = new Map<string, { count: number; untilMs: number }>();

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  readonly pauseSeconds: number = WINDOW_MS / 1000;

  isBlocked(user: string): boolean {
    const entry = this.#failures.get(user);
    return entry !== undefined && entry.untilMs > this.#now() && entry.count >= MAX_FAILURES;
  }

  failed(user: string): void {
    const now = this.#now();
    for (const [name, entry] of this.#failures) {
      if (entry.untilMs <= now) this.#failures.delete(name);
    }
    const known = this.#failures.get(user);
    // Made-up names may not fill the memory; beyond the limit the oldest is forgotten.
    const [oldest] = this.#failures.keys();
    if (known === undefined && this.#failures.size >= MAX_NAMES && oldest !== undefined) {
      this.#failures.delete(oldest);
    }
    this.#failures.set(user, { count: (known?.count ?? 0) + 1, untilMs: now + WINDOW_MS });
  }
}
