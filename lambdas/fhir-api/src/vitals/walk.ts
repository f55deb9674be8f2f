/**
 * Goes through a patient's readings in time windows, oldest or newest first, with bounded work. The ledger ranges in
 * ascending order only and holds chunks, so a window is what is loaded, decoded and sorted at once: it widens while
 * it finds little, which crosses years of nothing in a few steps, and narrows when it finds too much.
 */
import {
  type ChunkHeader,
  chunkHeader,
  MAX_PAGE_SIZE,
  PulseError,
  type VitalCode,
} from '@pulseledger/domain';
import { decodeStored, type RecordPort, type StoredChunk, storedChunks } from '../record/port.ts';
import type { Bounds } from '../search/date-search.ts';
import { type RecordedChunk, type Sign, signsOf } from './signs.ts';
import type { Direction } from './vitals-query.ts';

/** First window: ten chunks of a device that sends every minute. */
const FIRST_WIDTH_MS = 600_000;
const MIN_WIDTH_MS = 1_000;
const HOUR_MS = 3_600_000;
/** A window with fewer readings is followed by a wider one. */
const FEW_READINGS = 5_000;
const WIDENING = 4;
/** A window with more readings, or that takes more calls, is cut. */
const MAX_WINDOW_READINGS = 80_000;
const MAX_WINDOW_CALLS = 4;

/** Work that one request may cause; counted down. */
export interface Budget {
  /** Calls of the ledger. */
  calls: number;
  /** Readings decoded. */
  readings: number;
}

export interface WalkPlan {
  readonly patientId: string;
  /** Readings that start in [fromMs, toMs). */
  readonly bounds: Bounds;
  readonly direction: Direction;
  /** Asked anew before each window; undefined for all. */
  readonly codes: () => readonly VitalCode[] | undefined;
  /** False for a chunk that need not be looked at. */
  readonly mayHold: (header: ChunkHeader) => boolean;
}

export interface Window {
  /** All signs that start in the window, in the direction of the walk. */
  readonly signs: readonly Sign[];
  /** Up to where the walk is complete now. */
  readonly edgeMs: number;
}

/**
 * Yields windows until the bounds are reached or the budget is spent; in that case the last edge is short of them.
 * @throws PulseError of the record; `too_costly` when there is more in one second than one window may hold
 */
export async function* walk(
  record: Pick<RecordPort, 'readChunks'>,
  plan: WalkPlan,
  budget: Budget,
): AsyncGenerator<Window, void> {
  const reader = new Reader(record, plan, budget);
  let rest = plan.bounds;
  let width = FIRST_WIDTH_MS;
  let widest = Infinity;
  let isAmongReadings = false;
  while (rest.fromMs < rest.toMs && !reader.isSpent()) {
    const window = nearEnd(plan.direction, rest, width);
    const chunks = await reader.load(window);
    if (chunks === undefined) {
      widest = narrower(window);
      const seeks = !isAmongReadings && window.toMs - window.fromMs > HOUR_MS;
      if (seeks) rest = await reader.seek(window, rest);
      width = seeks ? FIRST_WIDTH_MS : widest;
    } else {
      rest = beyond(plan.direction, rest, window);
      yield { signs: signsWithin(plan, window, chunks), edgeMs: edgeOf(plan.direction, rest) };
      isAmongReadings = chunks.length > 0;
      if (!isAmongReadings) widest *= WIDENING;
      if (readingsIn(chunks) < FEW_READINGS) width = Math.min(width * WIDENING, widest);
    }
  }
}

/** The part of what is left where the walk goes on. */
function nearEnd(direction: Direction, rest: Bounds, width: number): Bounds {
  return direction === 'asc'
    ? { fromMs: rest.fromMs, toMs: Math.min(rest.toMs, rest.fromMs + width) }
    : { fromMs: Math.max(rest.fromMs, rest.toMs - width), toMs: rest.toMs };
}

function beyond(direction: Direction, rest: Bounds, window: Bounds): Bounds {
  return direction === 'asc'
    ? { fromMs: window.toMs, toMs: rest.toMs }
    : { fromMs: rest.fromMs, toMs: window.fromMs };
}

function edgeOf(direction: Direction, rest: Bounds): number {
  return direction === 'asc' ? rest.fromMs : rest.toMs;
}

function narrower(window: Bounds): number {
  const width = Math.floor((window.toMs - window.fromMs) / WIDENING);
  if (width < MIN_WIDTH_MS) throw new PulseError('too_costly');
  return width;
}

/** Reads a plan's chunks and counts what that costs. */
class Reader {
  readonly #record: Pick<RecordPort, 'readChunks'>;
  readonly #plan: WalkPlan;
  readonly #budget: Budget;

  constructor(record: Pick<RecordPort, 'readChunks'>, plan: WalkPlan, budget: Budget) {
    this.#record = record;
    this.#plan = plan;
    this.#budget = budget;
  }

  isSpent(): boolean {
    return this.#budget.calls <= 0 || this.#budget.readings <= 0;
  }

  /** All wanted chunks with a reading that starts in the window; undefined when they are too many. */
  async load(window: Bounds): Promise<RecordedChunk[] | undefined> {
    const stored: StoredChunk[] = [];
    let readings = 0;
    let bookmark: string | undefined;
    for (let calls = 0; calls < MAX_WINDOW_CALLS; calls += 1) {
      const page = await this.#read(window, MAX_PAGE_SIZE, bookmark);
      const wanted = page.chunks.filter(({ bytes }) => this.#plan.mayHold(chunkHeader(bytes)));
      stored.push(...wanted);
      readings += readingsIn(wanted.map(({ bytes }) => chunkHeader(bytes)));
      if (readings > MAX_WINDOW_READINGS) return undefined;
      bookmark = page.bookmark;
      if (bookmark === undefined) {
        this.#budget.readings -= readings;
        return stored.map(decodeStored);
      }
    }
    return undefined;
  }

  /**
   * Leaps over nothing: what is left after the empty time at the near end of a window that is known to be crowded
   * somewhere.
   */
  async seek(window: Bounds, rest: Bounds): Promise<Bounds> {
    if (this.#plan.direction === 'desc') {
      return { fromMs: rest.fromMs, toMs: await this.#emptyFrom(window) };
    }
    const [first] = (await this.#read(window, 1)).chunks;
    if (first === undefined) return rest;
    // Within its hour, the first chunk in the order of keys need not be the earliest.
    const hourMs = Math.floor(chunkHeader(first.bytes).startMs / HOUR_MS) * HOUR_MS;
    return { fromMs: Math.max(rest.fromMs, hourMs), toMs: rest.toMs };
  }

  /** A moment near the newest chunk of a window, behind which there is none: found by halving. */
  async #emptyFrom(window: Bounds): Promise<number> {
    let { fromMs: low, toMs: high } = window;
    while (high - low > FIRST_WIDTH_MS && !this.isSpent()) {
      const middle = Math.floor((low + high) / 2);
      const page = await this.#read({ fromMs: middle, toMs: high }, 1);
      // A page that ended before it found anything does not say that there is nothing.
      const isEmpty = page.chunks.length === 0 && page.bookmark === undefined;
      if (isEmpty) high = middle;
      else low = middle;
    }
    return high;
  }

  async #read(
    window: Bounds,
    pageSize: number,
    bookmark?: string,
  ): Promise<{ chunks: StoredChunk[]; bookmark: string | undefined }> {
    this.#budget.calls -= 1;
    const page = await this.#record.readChunks({
      patientId: this.#plan.patientId,
      ...window,
      codes: this.#plan.codes(),
      pageSize,
      bookmark,
    });
    return { chunks: storedChunks(page), bookmark: page.bookmark };
  }
}

function readingsIn(chunks: readonly ChunkHeader[]): number {
  return chunks.reduce((sum, { count }) => sum + count, 0);
}

function signsWithin(plan: WalkPlan, window: Bounds, chunks: readonly RecordedChunk[]): Sign[] {
  const signs = signsOf(plan.patientId, chunks).filter(({ parts }) => {
    const { atMs } = parts[0].reading;
    return atMs >= window.fromMs && atMs < window.toMs;
  });
  return plan.direction === 'asc' ? signs : signs.reverse();
}
