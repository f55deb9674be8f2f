/** One page of a search of Observations, or the number of what it finds: readings, and what is stored as resource. */
import { type ChunkHeader, MAX_DURATION_MS, PulseError } from '@pulseledger/domain';
import type { FhirJson } from '../definitions/fhir-json.ts';
import type { RecordPort } from '../record/port.ts';
import { type Bounds, matchesDates, mayMatchWithin, startBounds } from '../search/date-search.ts';
import { toObservation } from './observation.ts';
import {
  comparePositions,
  edgePosition,
  effectiveTime,
  type Position,
  positionOf,
  type Sign,
} from './signs.ts';
import { codesOf, type ObservationQuery } from './vitals-query.ts';
import { type Budget, type WalkPlan, walk } from './walk.ts';

/** All that a search of readings needs of the record. */
export type ChunkReader = Pick<RecordPort, 'readChunks'>;

const PAGE_BUDGET = { calls: 60, readings: 300_000 } as const;
const COUNT_BUDGET = { calls: 90, readings: 1_000_000 } as const;
/** A page ends early at about this size, well below the 6 MB that a Lambda can answer with. */
export const MAX_PAGE_CHARACTERS = 4_000_000;
const SIGN_CHARACTERS = 1_600;
const SAMPLE_CHARACTERS = 6;
/** The contract takes readings from clocks that are ahead by so much. */
const CLOCK_AHEAD_MS = 300_000;

/** Something that may stand on a page. */
export interface Item {
  readonly position: Position;
  /** Length of the resource as text, roughly. */
  readonly characters: number;
  readonly show: () => FhirJson;
}

export interface Page {
  readonly items: readonly Item[];
  /** Where the next page begins (after this); none on the last page. */
  readonly next?: Position | undefined;
  /** True when the page ended because enough work was done for one request, not because it is full. */
  readonly isCutShort: boolean;
}

/** Where on the world's clock the query's matches can start. */
export function queryBounds(query: ObservationQuery, nowMs: number): Bounds {
  const { fromMs, toMs } = startBounds(query.dates, MAX_DURATION_MS);
  return { fromMs: Math.max(0, fromMs), toMs: Math.min(toMs, nowMs + CLOCK_AHEAD_MS) };
}

export function isMatch(query: ObservationQuery, sign: Sign): boolean {
  return (
    query.kinds.includes(sign.kind) &&
    matchesDates(query.dates, effectiveTime(sign)) &&
    (query.accepts === undefined || query.accepts(shownSign(sign)))
  );
}

export function shownSign(sign: Sign): FhirJson {
  return { ...toObservation(sign) };
}

export function itemOf(sign: Sign): Item {
  return {
    position: positionOf(sign),
    characters: roughSize(sign),
    show: () => shownSign(sign),
  };
}

/**
 * Even a query that can match nothing asks the ledger, so that its answer says nothing to a caller who may not read
 * this patient.
 * @throws PulseError
 */
export async function authorizeEmpty(record: ChunkReader, patientId: string): Promise<void> {
  await record.readChunks({ patientId, fromMs: 0, toMs: 1, pageSize: 1 });
}

/**
 * @param stored matching items that are no readings, in any order
 * @param after the last place already shown
 * @throws PulseError
 */
export async function searchPage(
  record: ChunkReader,
  query: ObservationQuery,
  stored: readonly Item[],
  nowMs: number,
  after?: Position,
): Promise<Page> {
  const page = new PageInMaking(query, after);
  const others = new Others(query, stored);
  const plan = planOf(query, nowMs, after);
  if (plan === undefined) {
    await authorizeEmpty(record, query.patientId);
    const next = page.take(others.rest());
    return { items: page.items, next, isCutShort: false };
  }
  const startMs = query.direction === 'asc' ? plan.bounds.fromMs : plan.bounds.toMs;
  let edgeMs = startMs;
  for await (const window of walk(record, plan, { ...PAGE_BUDGET })) {
    edgeMs = window.edgeMs;
    const signs = window.signs.filter(
      (sign) => page.isAhead(positionOf(sign)) && isMatch(query, sign),
    );
    const next = page.take(others.merged(signs.map(itemOf), edgeMs));
    if (next !== undefined) return { items: page.items, next, isCutShort: false };
  }
  const isComplete = edgeMs === (query.direction === 'asc' ? plan.bounds.toMs : plan.bounds.fromMs);
  if (isComplete) {
    return { items: page.items, next: page.take(others.rest()), isCutShort: false };
  }
  // A next link must lead on; were it to lead back here, nobody would ever arrive.
  if (edgeMs === startMs) throw new PulseError('too_costly');
  return { items: page.items, next: edgePosition(edgeMs), isCutShort: true };
}

/** What is not read from chunks, put between what is, in the order of the walk. */
class Others {
  readonly #direction: ObservationQuery['direction'];
  #left: Item[];

  constructor({ direction }: ObservationQuery, stored: readonly Item[]) {
    this.#direction = direction;
    this.#left = inOrder(stored, direction);
  }

  /** With those that lie on this side of the edge. */
  merged(items: readonly Item[], edgeMs: number): Item[] {
    const isAsc = this.#direction === 'asc';
    const beyond = this.#left.findIndex(({ position: [atMs] }) =>
      isAsc ? atMs >= edgeMs : atMs < edgeMs,
    );
    const count = beyond < 0 ? this.#left.length : beyond;
    const due = this.#left.slice(0, count);
    this.#left = this.#left.slice(count);
    return inOrder([...items, ...due], this.#direction);
  }

  rest(): Item[] {
    return this.#left;
  }
}

function inOrder(items: readonly Item[], direction: ObservationQuery['direction']): Item[] {
  const sign = direction === 'asc' ? 1 : -1;
  return [...items].sort((a, b) => sign * comparePositions(a.position, b.position));
}

/** Undefined when nothing can match. */
function planOf(query: ObservationQuery, nowMs: number, after?: Position): WalkPlan | undefined {
  let bounds = queryBounds(query, nowMs);
  if (after !== undefined) {
    bounds =
      query.direction === 'asc'
        ? { ...bounds, fromMs: Math.max(bounds.fromMs, after[0]) }
        : { ...bounds, toMs: Math.min(bounds.toMs, after[0] + 1) };
  }
  if (query.kinds.length === 0 || bounds.fromMs >= bounds.toMs) return undefined;
  const codes = codesOf(query.kinds);
  const { patientId, direction } = query;
  return { patientId, bounds, direction, codes: () => codes, mayHold: chunkFilter(query) };
}

/** Tells a chunk of a time that cannot match from its header alone. */
export function chunkFilter(query: ObservationQuery): (header: ChunkHeader) => boolean {
  return ({ startMs, endMs, zoneOffsetMinutes }) =>
    mayMatchWithin(query.dates, { startMs, endMs: endMs + 1, zoneOffsetMinutes });
}

/** Fills one page, up to the number and the size it may have. */
export class PageInMaking {
  readonly items: Item[] = [];
  readonly #query: ObservationQuery;
  readonly #after: Position | undefined;
  #characters = 0;

  constructor(query: ObservationQuery, after?: Position) {
    this.#query = query;
    this.#after = after;
  }

  /** @returns the last place on this page once there is a match that does not fit on it any more. */
  take(items: readonly Item[]): Position | undefined {
    for (const item of items) {
      if (!this.isAhead(item.position)) continue;
      const last = this.items.at(-1);
      if (last !== undefined && this.#isFull(item)) return last.position;
      this.items.push(item);
      this.#characters += item.characters;
    }
    return undefined;
  }

  isAhead(position: Position): boolean {
    if (this.#after === undefined) return true;
    const order = comparePositions(position, this.#after);
    return this.#query.direction === 'asc' ? order > 0 : order < 0;
  }

  #isFull(next: Item): boolean {
    return (
      this.items.length >= this.#query.count ||
      this.#characters + next.characters > MAX_PAGE_CHARACTERS
    );
  }
}

function roughSize(sign: Sign): number {
  const { reading } = sign.parts[0];
  const samples = 'sampled' in reading ? reading.sampled.data.length : 0;
  return SIGN_CHARACTERS + samples * SAMPLE_CHARACTERS;
}

/** @throws PulseError `too_costly` when counting would take more work than one request may. */
export async function countMatches(
  record: ChunkReader,
  query: ObservationQuery,
  nowMs: number,
): Promise<number> {
  const plan = planOf(query, nowMs);
  if (plan === undefined) {
    await authorizeEmpty(record, query.patientId);
    return 0;
  }
  const budget: Budget = { ...COUNT_BUDGET };
  let total = 0;
  let edgeMs = NaN;
  for await (const window of walk(record, { ...plan, direction: 'asc' }, budget)) {
    total += window.signs.filter((sign) => isMatch(query, sign)).length;
    edgeMs = window.edgeMs;
  }
  if (edgeMs !== plan.bounds.toMs) {
    throw new PulseError('too_costly', 'counting so many readings takes too long for one request');
  }
  return total;
}
