/** A patient's Observations: readings of wearables and what is stored as resource, in one order. */
import { classesOfType, PulseError } from '@pulseledger/domain';
import type { Bundle } from 'fhir/r4.js';
import type { FhirJson } from '../definitions/fhir-json.ts';
import type { Call } from '../http/call.ts';
import { remark } from '../http/outcome.ts';
import { nothingToSee, type RecordPort } from '../record/port.ts';
import { type Asked, bundleOf, matching, nextLink } from '../search/asked.ts';
import { searchSet } from '../search/bundle.ts';
import { candidates, onePatient, storedOfType } from '../search/candidates.ts';
import type { Place } from '../search/cursor.ts';
import { startOf } from '../search/date-values.ts';
import { included } from '../search/includes.ts';
import { parametersOf } from '../search/parameters.ts';
import type { SearchQuery } from '../search/query.ts';
import { valuesAt } from '../search/values.ts';
import { countMatches, type Item, searchPage } from './search-vitals.ts';
import { positionIn } from './signs.ts';
import { vitalsQueryOf } from './vitals-query.ts';

/** Behind the readings of the same moment. */
const STORED_ORDER = 10_000;
/** The place of what has no time. */
const NO_TIME_MS = -8_640_000_000_000_000;

export async function searchObservations(call: Call, asked: Asked): Promise<Bundle> {
  const { query } = asked;
  const patientId = onePatient(query) ?? '';
  if (query.filters.some(isPlainId)) return bundleOf(call, asked, await byId(call, query));
  requireTimeOrder(query);
  const { vitals, stored } = await readable(call, patientId);
  const items = matching(query, stored).map(itemOfStored);
  const asVitals = vitalsQueryOf(query, patientId);
  const { baseUrl } = call;
  const nowMs = call.now();
  const total = async (): Promise<number> =>
    items.length + (vitals === undefined ? 0 : await countMatches(vitals, asVitals, nowMs));
  if (query.countOnly) {
    return searchSet({ baseUrl, self: asked.self, total: await total(), matches: [] });
  }
  const page = await searchPage(
    vitals ?? NO_VITALS,
    vitals === undefined ? { ...asVitals, kinds: [] } : asVitals,
    items,
    nowMs,
    asked.after === undefined ? undefined : positionIn(asked.after),
  );
  const matches = page.items.map(({ show }) => show());
  return searchSet({
    baseUrl,
    self: asked.self,
    next: await nextLink(call, query, page.next === undefined ? undefined : place(page.next)),
    total: query.total === 'accurate' ? await total() : undefined,
    matches,
    included: await included(call, query, matches, patientId),
    remarks: page.isCutShort
      ? [remark('incomplete', 'There may be more: this page ended early, follow the next link.')]
      : [],
  });
}

function place(position: readonly (string | number)[]): Place {
  return [...position];
}

function isPlainId({ parameter, modifier }: SearchQuery['filters'][number]): boolean {
  return parameter.name === '_id' && modifier === undefined;
}

/** By ids, each is read by itself; the patient stays a filter. */
function byId(call: Call, query: SearchQuery): Promise<FhirJson[]> {
  return candidates(call, { ...query, patientIds: [] });
}

/** Readings lie on the ledger in the order of their time, so that no other order can be paged through. */
function requireTimeOrder({ sort }: SearchQuery): void {
  const [first, ...others] = sort;
  if (first === undefined || (first.parameter.name === 'date' && others.length === 0)) return;
  throw new PulseError('invalid_input', 'of Observation, _sort can be date or -date');
}

interface Readable {
  /** Undefined when the caller may not read readings. */
  readonly vitals: RecordPort | undefined;
  readonly stored: readonly FhirJson[];
}

/** @throws PulseError `not_found` when the caller may read none of the classes of Observation */
export async function readable(call: Call, patientId: string): Promise<Readable> {
  if (!/^[0-9a-f]{32}$/.test(patientId)) throw nothingToSee();
  const permits = await call.chart.open(patientId, classesOfType('Observation'));
  if (permits.size === 0) throw nothingToSee(new PulseError('access_denied'));
  return {
    vitals: permits.has('vitals') ? call.record : undefined,
    stored: await storedOfType(call, 'Observation', patientId),
  };
}

/** In place of readings that the caller may not read. */
const NO_VITALS: Pick<RecordPort, 'readChunks'> = {
  readChunks: () => Promise.resolve({ chunks: [] }),
};

export function itemOfStored(resource: FhirJson): Item {
  return {
    position: [timeOf(resource), STORED_ORDER, String(resource['id']), 0, 0],
    characters: JSON.stringify(resource).length,
    show: () => resource,
  };
}

export function timeOf(observation: FhirJson): number {
  const paths = parametersOf('Observation').get('date')?.paths ?? [];
  const [first] = valuesAt(observation, paths).flatMap((value) => startOf(value) ?? []);
  return first ?? NO_TIME_MS;
}
