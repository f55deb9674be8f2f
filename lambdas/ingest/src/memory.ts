const MAX_REMEMBERED = 50_000;

interface Remembered<T> {
  readonly value: T;
  readonly untilMs: number;
}

/** Remembers the latest, up to a number and an age. */
export class Memory<T> {
  readonly #entries = new Map<string, Remembered<T>>();

  get(name: string, nowMs: number): T | undefined {
    const entry = this.#entries.get(name);
    return entry !== undefined && nowMs < entry.untilMs ? entry.value : undefined;
  }

  /** However old. */
  peek(name: string): T | undefined {
    return this.#entries.get(name)?.value;
  }

  put(name: string, value: T, untilMs: number): void {
    this.#entries.delete(name);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size >= MAX_REMEMBERED && oldest !== undefined) this.#entries.delete(oldest);
    this.#entries.set(name, { value, untilMs });
  }

  /** Another value of the same age. */
  replace(name: string, value: T): void {
    const entry = this.#entries.get(name);
    if (entry !== undefined) this.#entries.set(name, { ...entry, value });
  }

  forget(name: string): void {
    this.#entries.delete(name);
  }
}
