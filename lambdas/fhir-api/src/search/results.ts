/** Sorting and paging of resources that are in memory, with places that stay where they are while others write. */
import { foldText } from '@pulseledger/domain';
import type { FhirJson } from '../definitions/fhir-json.ts';
import { isObject } from '../definitions/fhir-json.ts';
import type { Place } from './cursor.ts';
import { startOf } from './date-values.ts';
import type { SearchQuery, SortKey } from './query.ts';
import { codingsOf, textsOf } from './token-values.ts';
import { valuesAt } from './values.ts';

/** A page ends early at about this size, well below the 6 MB that a Lambda can answer with. */
const MAX_PAGE_CHARACTERS = 4_000_000;

export interface ResultPage {
  readonly resources: readonly FhirJson[];
  /** Of the last one shown; undefined on the last page. */
  readonly next: Place | undefined;
  readonly total: number;
}

/**
 * The page after a place. Without `_sort` the order is that of the ids, which never change: what is there when the
 * search begins is on exactly one page.
 */
export function pageOf(
  found: readonly FhirJson[],
  query: Pick<SearchQuery, 'sort' | 'count'>,
  after: Place | undefined,
): ResultPage {
  const placed = found
    .map((resource) => ({ resource, place: placeOf(resource, query.sort) }))
    .sort((a, b) => comparePlaces(a.place, b.place, query.sort));
  const ahead =
    after === undefined
      ? placed
      : placed.filter(({ place }) => comparePlaces(place, after, query.sort) > 0);
  const page = ahead.slice(0, fitting(ahead, query.count));
  const last = page.at(-1);
  const next = page.length < ahead.length ? last?.place : undefined;
  return { resources: page.map(({ resource }) => resource), next, total: found.length };
}

/** How many of these make a page. */
export function fitting(
  items: readonly { readonly resource: FhirJson | null }[],
  count: number,
): number {
  let characters = 0;
  for (const [index, { resource }] of items.entries()) {
    if (index >= count) return index;
    characters += JSON.stringify(resource).length;
    if (characters > MAX_PAGE_CHARACTERS && index > 0) return index;
  }
  return items.length;
}

function placeOf(resource: FhirJson, sort: readonly SortKey[]): Place {
  return [...sort.map((key) => sortValue(resource, key)), String(resource['id'])];
}

function sortValue(
  resource: FhirJson,
  { parameter, isDescending }: SortKey,
): string | number | null {
  const values = valuesAt(resource, parameter.paths)
    .map(COMPARABLES[parameter.kind])
    .filter((value) => value !== undefined)
    .sort((a, b) => compareValues(a, b));
  return (isDescending ? values.at(-1) : values[0]) ?? null;
}

type Comparable = (value: unknown) => string | number | undefined;

const COMPARABLES: Readonly<Record<SortKey['parameter']['kind'], Comparable>> = {
  date: startOf,
  token: (value) => codingsOf(value)[0]?.code,
  string: (value) => {
    const [text] = textsOf(value);
    return text === undefined ? undefined : foldText(text);
  },
  reference: (value) => textIn(isObject(value) ? value['reference'] : value),
  quantity: (value) => numberIn(isObject(value) ? value['value'] : value),
  number: numberIn,
  uri: textIn,
  // Refused as a key of an order before.
  composite: () => undefined,
};

function textIn(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function numberIn(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function compareValues(a: string | number, b: string | number): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** What has no value comes last, whatever the direction. */
export function comparePlaces(a: Place, b: Place, sort: readonly SortKey[]): number {
  for (const [index, left] of a.entries()) {
    const right = b[index] ?? null;
    if (left === right) continue;
    if (left === null) return 1;
    if (right === null) return -1;
    const order = compareValues(left, right);
    return sort[index]?.isDescending === true ? -order : order;
  }
  return 0;
}
