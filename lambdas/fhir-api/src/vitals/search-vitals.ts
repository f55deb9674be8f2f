/** GET /Observation: one page of a search, or the number of what it finds. */
import { type ChunkHeader, MAX_DURATION_MS, PulseError } from '@pulseledger/domain';
import type { RecordPort } from '../record/port.ts';
import type { Position } from '../search/cursor.ts';
import { type Bounds, matchesDates, mayMatchWithin, startBounds } from '../search/date-search.ts';
import { comparePositions, edgePosition, effectiveTime, positionOf, type Sign } from './signs.ts';
import { codesOf, type ObservationQuery } from './vitals-query.ts';
import { type Budget, type WalkPlan, walk } from './walk.ts';

const PAGE_BUDGET = { calls: 60, readings: 300_000 } as const;
const COUNT_BUDGET = { calls: 90, readings: 1_000_000 } as const;
/** A page ends early at about this size, well below the 6 MB that a Lambda can answer with. */
const MAX_PAGE_CHARACTERS = 4_000_000;
const SIGN_CHARACTERS = 1_600;
const SAMPLE_CHARACTERS = 6;
/** The contract takes readings from clocks that are ahead by so much. */
const CLOCK_AHEAD_MS = 300_000;

export interface Page {
  readonly signs: readonly Sign[];
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
  return query.kinds.includes(sign.kind) && matchesDates(query.dates, effectiveTime(sign));
}

/**
 * Even a query that can match nothing asks the ledger, so that its answer says nothing to a caller who may not read
 * this patient.
 * @throws PulseError
 */
export async function authorizeEmpty(record: RecordPort, patientId: string): Promise<void> {
  await record.readChunks({ patientId, fromMs: 0, toMs: 1, pageSize: 1 });
}

/** @param after the last place already shown; @throws PulseError */
export async function searchPage(
  record: RecordPort,
  query: ObservationQuery,
  nowMs: number,
  after?: Position,
): Promise<Page> {
  const plan = planOf(query, nowMs, after);
  if (plan === undefined) {
    await authorizeEmpty(record, query.patientId);
    return { signs: [], isCutShort: false };
  }
  const page = new PageInMaking(query, after);
  const startMs = query.direction === 'asc' ? plan.bounds.fromMs : plan.bounds.toMs;
  let edgeMs = startMs;
  for await (const window of walk(record, plan, { ...PAGE_BUDGET })) {
    edgeMs = window.edgeMs;
    const next = page.take(window.signs);
    if (next !== undefined) return { signs: page.signs, next, isCutShort: false };
  }
  const isComplete = edgeMs === (query.direction === 'asc' ? plan.bounds.toMs : plan.bounds.fromMs);
  if (isComplete) return { signs: page.signs, isCutShort: false };
  // A next link must lead on; were it to lead back here, nobody would ever arrive.
  if (edgeMs === startMs) throw new PulseError('too_costly');
  return { signs: page.signs, next: edgePosition(edgeMs), isCutShort: true };
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
  readonly signs: Sign[] = [];
  readonly #query: ObservationQuery;
  readonly #after: Position | undefined;
  #characters = 0;

  constructor(query: ObservationQuery, after?: Position) {
    this.#query = query;
    this.#after = after;
  }

  /** @returns the last place on this page once there is a match that does not fit on it any more. */
  take(signs: readonly Sign[]): Position | undefined {
    for (const sign of signs) {
      if (!this.#isAhead(sign) || !isMatch(this.#query, sign)) continue;
      const last = this.signs.at(-1);
      if (last !== undefined && this.#isFull(sign)) return positionOf(last);
      this.signs.push(sign);
      this.#characters += roughSize(sign);
    }
    return undefined;
  }

  #isAhead(sign: Sign): boolean {
    if (this.#after === undefined) return true;
    const order = comparePositions(positionOf(sign), this.#after);
    return this.#query.direction === 'asc' ? order > 0 : order < 0;
  }

  #isFull(next: Sign): boolean {
    return (
      this.signs.length >= this.#query.count ||
      this.#characters + roughSize(next) > MAX_PAGE_CHARACTERS
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
  record: RecordPort,
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
