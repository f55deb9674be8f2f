/** A search as it was asked for, or as its cursor holds it, and the Bundle that answers it. */
import { PulseError } from '@pulseledger/domain';
import type { Bundle } from 'fhir/r4.js';
import type { FhirJson } from '../definitions/fhir-json.ts';
import type { ServedType } from '../definitions/served-types.ts';
import type { Call } from '../http/call.ts';
import { handling } from '../http/negotiation.ts';
import type { Parameter } from '../http/request.ts';
import { searchSet, withParameters } from './bundle.ts';
import { onePatient } from './candidates.ts';
import { openCursor, type Place, sealCursor } from './cursor.ts';
import { included } from './includes.ts';
import { parseQuery, type SearchQuery } from './query.ts';
import { pageOf } from './results.ts';

/** A search at the place it has come to. */
export interface Asked {
  readonly query: SearchQuery;
  readonly after: Place | undefined;
  /** For the self link. */
  readonly self: string;
}

/** In memory, what was gathered: filter, sort, cut, include. */
export async function bundleOf(
  call: Call,
  asked: Asked,
  all: readonly FhirJson[],
): Promise<Bundle> {
  const { query, after, self } = asked;
  const found = matching(query, all);
  if (query.countOnly) {
    return searchSet({ baseUrl: call.baseUrl, self, total: found.length, matches: [] });
  }
  const page = pageOf(found, query, after);
  return searchSet({
    baseUrl: call.baseUrl,
    self,
    next: await nextLink(call, query, page.next),
    total: query.total === 'none' ? undefined : page.total,
    matches: page.resources,
    included: await included(call, query, page.resources, onePatient(query)),
  });
}

export function matching(query: SearchQuery, all: readonly FhirJson[]): FhirJson[] {
  return all.filter((resource) => query.filters.every(({ matches }) => matches(resource)));
}

/** The query as it was sent, or as the cursor holds it; nothing beside a cursor can change what is asked for. */
export async function asSearched(
  call: Pick<Call, 'baseUrl' | 'request' | 'cursorKey'> & { readonly caller?: Call['caller'] },
  type: ServedType,
  parameters: readonly Parameter[],
): Promise<Asked> {
  const { baseUrl } = call;
  const cursor = parameters.find(([name]) => name === '_cursor')?.[1];
  if (cursor === undefined) {
    const query = parseQuery(type, parameters, { handling: handling(call.request), baseUrl });
    return { query, after: undefined, self: withParameters(type, query.understood) };
  }
  if (parameters.some(([name]) => !['_cursor', '_format', '_pretty'].includes(name))) {
    throw new PulseError('invalid_input', '_cursor goes with no other search parameter');
  }
  const opened = await openCursor(call.cursorKey, call.caller, cursor, type);
  return {
    query: parseQuery(type, opened.query, { handling: 'strict', baseUrl }),
    after: opened.after,
    self: withParameters(type, [['_cursor', cursor]]),
  };
}

export async function nextLink(
  call: Pick<Call, 'cursorKey'> & { readonly caller?: Call['caller'] },
  query: SearchQuery,
  after: Place | undefined,
): Promise<string | undefined> {
  if (after === undefined) return undefined;
  const { type, understood } = query;
  const cursor = await sealCursor(call.cursorKey, call.caller, {
    path: type,
    query: understood,
    after,
  });
  return withParameters(type, [['_cursor', cursor]]);
}
