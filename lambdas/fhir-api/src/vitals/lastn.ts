/**
 * GET /Observation/$lastn: the newest of each code, those of the same time as the last one included
 * (https://hl7.org/fhir/R4/observation-operation-lastn.html).
 */
import type { RecordPort } from '../record/port.ts';
import type { ObservationKind } from './observation-kinds.ts';
import { authorizeEmpty, chunkFilter, isMatch, queryBounds } from './search-vitals.ts';
import type { Sign } from './signs.ts';
import { codesOf, type ObservationQuery } from './vitals-query.ts';
import { walk } from './walk.ts';

const LAST_BUDGET = { calls: 60, readings: 300_000 } as const;

export interface LastSigns {
  /** Grouped by code, newest first. */
  readonly signs: readonly Sign[];
  /** Set when older readings were not looked at: how far back the answer is complete. */
  readonly lookedBackToMs?: number;
}

/** @throws PulseError those of the record */
export async function lastOfEach(
  record: RecordPort,
  query: ObservationQuery,
  nowMs: number,
): Promise<LastSigns> {
  const bounds = queryBounds(query, nowMs);
  if (query.kinds.length === 0 || bounds.fromMs >= bounds.toMs) {
    await authorizeEmpty(record, query.patientId);
    return { signs: [] };
  }
  const groups = new Groups(query);
  const { patientId } = query;
  const plan = {
    patientId,
    bounds,
    direction: 'desc',
    codes: () => codesOf(groups.open()),
    mayHold: chunkFilter(query),
  } as const;
  let edgeMs = bounds.toMs;
  for await (const window of walk(record, plan, { ...LAST_BUDGET })) {
    edgeMs = window.edgeMs;
    // A window holds all of its moments, so that the ties of a group that is full are in it.
    groups.take(window.signs);
    if (groups.open().length === 0) return { signs: groups.all() };
  }
  if (edgeMs === bounds.fromMs) return { signs: groups.all() };
  return { signs: groups.all(), lookedBackToMs: edgeMs };
}

class Groups {
  readonly #query: ObservationQuery;
  readonly #signs: Map<ObservationKind, Sign[]>;

  constructor(query: ObservationQuery) {
    this.#query = query;
    this.#signs = new Map(query.kinds.map((kind) => [kind, []]));
  }

  /** Kinds of which there are not enough yet. */
  open(): ObservationKind[] {
    return this.#query.kinds.filter(
      (kind) => (this.#signs.get(kind)?.length ?? 0) < this.#query.max,
    );
  }

  /** @param signs newest first */
  take(signs: readonly Sign[]): void {
    for (const sign of signs) {
      const group = this.#signs.get(sign.kind);
      if (group === undefined || !isMatch(this.#query, sign)) continue;
      const last = group.at(-1)?.parts[0].reading.atMs;
      const isTie = last === sign.parts[0].reading.atMs;
      if (group.length < this.#query.max || isTie) group.push(sign);
    }
  }

  all(): Sign[] {
    return [...this.#signs.values()].flat();
  }
}
