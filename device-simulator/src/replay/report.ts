import type { Format } from './types.ts';

/** Places named for one reason; the rest is counted. */
const MAX_NAMED_PLACES = 20;
/** Different reasons kept apart; further ones are counted together. */
const MAX_REASONS = 100;
const MAX_NOTES = 50;
const OTHER_REASONS = 'further reasons';

/** One reason why parts of a file were refused. */
export interface Refusal {
  readonly reason: string;
  readonly count: number;
  /** Line or record numbers, the first ones. */
  readonly places: readonly string[];
}

/** What became of one file; nothing in it is personal but the name that the caller gave it. */
export interface FileReport {
  readonly file: string;
  readonly format: Format | null;
  /** Rows, records or points read. */
  readonly rows: number;
  /** Readings that are valid and not duplicates, with and without value. */
  readonly valid: number;
  /** Of these: without a value (sensor off). */
  readonly absent: number;
  /** Of these: taken over by an earlier replay. */
  readonly already: number;
  /** Valid readings by code. */
  readonly byCode: Readonly<Record<string, number>>;
  readonly refused: readonly Refusal[];
  /** Records that occur twice; they count once in `valid`. */
  readonly duplicates: Refusal | null;
  /** Valid, but nothing the record keeps, by type. */
  readonly ignored: Readonly<Record<string, number>>;
  readonly notes: readonly string[];
  /** Zone offsets of the valid readings, e.g. `+01:00`. */
  readonly zoneOffsets: readonly string[];
  /** First and last moment of the valid readings. */
  readonly span: { readonly from: string; readonly to: string } | null;
  /** Why nothing of the file is replayed; null when it is. */
  readonly failure: string | null;
}

class Places {
  count = 0;
  readonly named: string[] = [];

  add(place: string): void {
    this.count += 1;
    if (this.named.length < MAX_NAMED_PLACES) this.named.push(place);
  }

  refusal(reason: string): Refusal {
    return { reason, count: this.count, places: this.named };
  }
}

function offsetText(minutes: number): string {
  const sign = minutes < 0 ? '-' : '+';
  const two = (value: number): string => String(value).padStart(2, '0');
  const size = Math.abs(minutes);
  return `${sign}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/** Collects what is to be said of one file. */
export class ReportBuilder {
  readonly #file: string;
  readonly #refused: Map<string, Places> = new Map<string, Places>();
  readonly #ignored: Map<string, number> = new Map<string, number>();
  readonly #byCode: Map<string, number> = new Map<string, number>();
  readonly #duplicates = new Places();
  readonly #notes: Set<string> = new Set<string>();
  readonly #offsets: Set<number> = new Set<number>();
  #span: { from: number; to: number } | undefined;
  #absent = 0;
  #already = 0;
  format: Format | null = null;
  failure: string | null = null;
  rows = 0;
  valid = 0;

  constructor(file: string) {
    this.#file = file;
  }

  get refusedCount(): number {
    return [...this.#refused.values()].reduce((sum, places) => sum + places.count, 0);
  }

  refuse(place: string, reason: string): void {
    const full = this.#refused.size >= MAX_REASONS && !this.#refused.has(reason);
    const key = full ? OTHER_REASONS : reason;
    const places = this.#refused.get(key) ?? new Places();
    this.#refused.set(key, places);
    places.add(place);
  }

  duplicate(place: string): void {
    this.#duplicates.add(place);
  }

  ignore(what: string): void {
    const full = this.#ignored.size >= MAX_REASONS && !this.#ignored.has(what);
    const key = full ? 'other' : what;
    this.#ignored.set(key, (this.#ignored.get(key) ?? 0) + 1);
  }

  note(text: string): void {
    if (this.#notes.size < MAX_NOTES) this.#notes.add(text);
  }

  take(reading: {
    readonly code: string;
    readonly atMs: number;
    readonly zoneOffsetMinutes: number;
    readonly absent: boolean;
    readonly already: boolean;
  }): void {
    this.valid += 1;
    if (reading.absent) this.#absent += 1;
    if (reading.already) this.#already += 1;
    this.#byCode.set(reading.code, (this.#byCode.get(reading.code) ?? 0) + 1);
    this.#offsets.add(reading.zoneOffsetMinutes);
    const { from, to } = this.#span ?? { from: reading.atMs, to: reading.atMs };
    this.#span = { from: Math.min(from, reading.atMs), to: Math.max(to, reading.atMs) };
  }

  report(): FileReport {
    const span = this.#span;
    return {
      file: this.#file,
      format: this.format,
      rows: this.rows,
      valid: this.valid,
      absent: this.#absent,
      already: this.#already,
      byCode: Object.fromEntries([...this.#byCode].sort()),
      refused: [...this.#refused].map(([reason, places]) => places.refusal(reason)),
      duplicates:
        this.#duplicates.count === 0 ? null : this.#duplicates.refusal('the same record again'),
      ignored: Object.fromEntries(this.#ignored),
      notes: [...this.#notes],
      zoneOffsets: [...this.#offsets].sort((a, b) => a - b).map(offsetText),
      span:
        span === undefined
          ? null
          : { from: new Date(span.from).toISOString(), to: new Date(span.to).toISOString() },
      failure: this.failure,
    };
  }
}
