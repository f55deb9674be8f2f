import type { Bundle, BundleEntry, BundleLink, Observation, OperationOutcome } from 'fhir/r4.js';
import type { Parameter } from '../http/request.ts';

export interface SearchSet {
  readonly baseUrl: string;
  /** Path below the base with its parameters, as understood. */
  readonly self: string;
  readonly next?: string | undefined;
  readonly total?: number;
  readonly observations: readonly Observation[];
  readonly remarks?: readonly OperationOutcome[];
}

/** https://hl7.org/fhir/R4/bundle.html#searchset. Empty arrays are left out: FHIR JSON knows none. */
export function searchSet(set: SearchSet): Bundle {
  const link: BundleLink[] = [{ relation: 'self', url: `${set.baseUrl}/${set.self}` }];
  if (set.next !== undefined) link.push({ relation: 'next', url: `${set.baseUrl}/${set.next}` });
  const entry: BundleEntry[] = [
    ...set.observations.map((resource) => ({
      fullUrl: `${set.baseUrl}/Observation/${String(resource.id)}`,
      resource,
      search: { mode: 'match' as const },
    })),
    ...(set.remarks ?? []).map((resource) => ({ resource, search: { mode: 'outcome' as const } })),
  ];
  return {
    resourceType: 'Bundle',
    type: 'searchset',
    ...(set.total === undefined ? {} : { total: set.total }),
    link,
    ...(entry.length > 0 ? { entry } : {}),
  };
}

export function withParameters(path: string, parameters: readonly Parameter[]): string {
  const query = parameters.map(
    ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`,
  );
  return query.length > 0 ? `${path}?${query.join('&')}` : path;
}
