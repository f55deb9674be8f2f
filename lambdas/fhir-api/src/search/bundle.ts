import { randomUUID } from 'node:crypto';
import type { Bundle, BundleEntry, BundleLink, OperationOutcome } from 'fhir/r4.js';
import { asResource, type FhirJson } from '../definitions/fhir-json.ts';
import type { Parameter } from '../http/request.ts';

export interface SearchSet {
  readonly baseUrl: string;
  /** Path below the base with its parameters, as understood. */
  readonly self: string;
  readonly next?: string | undefined;
  readonly total?: number | undefined;
  readonly matches: readonly FhirJson[];
  readonly included?: readonly FhirJson[];
  readonly remarks?: readonly OperationOutcome[];
}

/** https://hl7.org/fhir/R4/bundle.html#searchset. Empty arrays are left out: FHIR JSON knows none. */
export function searchSet(set: SearchSet): Bundle {
  const link: BundleLink[] = [{ relation: 'self', url: `${set.baseUrl}/${set.self}` }];
  if (set.next !== undefined) link.push({ relation: 'next', url: `${set.baseUrl}/${set.next}` });
  const entry: BundleEntry[] = [
    ...set.matches.map((resource) => entryOf(set.baseUrl, resource, 'match')),
    ...(set.included ?? []).map((resource) => entryOf(set.baseUrl, resource, 'include')),
    ...(set.remarks ?? []).map((resource) => ({
      // It has no address; every entry has a name of its own.
      fullUrl: `urn:uuid:${randomUUID()}`,
      resource,
      search: { mode: 'outcome' as const },
    })),
  ];
  return {
    resourceType: 'Bundle',
    type: 'searchset',
    ...(set.total === undefined ? {} : { total: set.total }),
    link,
    ...(entry.length > 0 ? { entry } : {}),
  };
}

function entryOf(baseUrl: string, resource: FhirJson, mode: 'match' | 'include'): BundleEntry {
  return {
    fullUrl: `${baseUrl}/${resource.resourceType}/${String(resource['id'])}`,
    resource: asResource(resource),
    search: { mode },
  };
}

export function withParameters(path: string, parameters: readonly Parameter[]): string {
  const query = parameters.map(
    ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`,
  );
  return query.length > 0 ? `${path}?${query.join('&')}` : path;
}
