/** What a search of Observations asks of a patient's vital signs, which are stored as readings and not as resources. */
import type { VitalCode } from '@pulseledger/domain';
import type { FhirJson } from '../definitions/fhir-json.ts';
import { type DateFilter, parseDateFilter } from '../search/date-search.ts';
import { COMPARTMENT_PARAMETERS, type Filter, type SearchQuery } from '../search/query.ts';
import { matchesToken, parseTokens, splitAlternatives } from '../search/token-search.ts';
import { OBSERVATION_KINDS, type ObservationKind } from './observation-kinds.ts';

export const MAX_LAST = 100;

export type Direction = 'asc' | 'desc';

export interface ObservationQuery {
  readonly patientId: string;
  readonly kinds: readonly ObservationKind[];
  /** A reading matches when in every member at least one filter does. */
  readonly dates: readonly (readonly DateFilter[])[];
  readonly direction: Direction;
  readonly count: number;
  /** $lastn: how many of each code. */
  readonly max: number;
  /** What only the resource can tell; undefined when kinds and dates say all. */
  readonly accepts: ((observation: FhirJson) => boolean) | undefined;
}

/** @throws PulseError `invalid_input` */
export function vitalsQueryOf(query: SearchQuery, patientId: string, max = 1): ObservationQuery {
  const plain = query.filters.filter(({ modifier }) => modifier === undefined);
  const tokens = (name: string): ReturnType<typeof parseTokens>[] =>
    plain.filter(({ parameter }) => parameter.name === name).map(({ value }) => parseTokens(value));
  const codes = tokens('code');
  const categories = tokens('category');
  const rest = query.filters.filter((filter) => !isAnsweredByKind(filter));
  return {
    patientId,
    kinds: OBSERVATION_KINDS.filter((kind) => {
      const category = {
        system: 'http://terminology.hl7.org/CodeSystem/observation-category',
        code: kind.category,
      };
      return (
        codes.every((some) => matchesToken(some, kind.codings)) &&
        categories.every((some) => matchesToken(some, [category]))
      );
    }),
    dates: plain
      .filter(({ parameter }) => parameter.name === 'date')
      .map(({ value }) => splitAlternatives(value).map(parseDateFilter)),
    direction: query.sort[0]?.isDescending === false ? 'asc' : 'desc',
    count: query.count,
    max,
    accepts:
      rest.length === 0
        ? undefined
        : (observation) => rest.every(({ matches }) => matches(observation)),
  };
}

const BY_KIND = ['code', 'category', 'date'];

function isAnsweredByKind({ parameter, modifier }: Filter): boolean {
  if (COMPARTMENT_PARAMETERS.includes(parameter.name)) return modifier !== 'missing';
  return modifier === undefined && BY_KIND.includes(parameter.name);
}

/** What to ask the ledger for; undefined for everything. */
export function codesOf(kinds: readonly ObservationKind[]): readonly VitalCode[] | undefined {
  if (kinds.length === OBSERVATION_KINDS.length) return undefined;
  return kinds.flatMap((kind) => kind.members);
}
