/** Search of one type: https://hl7.org/fhir/R4/http.html#search, GET and POST. */
import { PulseError } from '@pulseledger/domain';
import type { Bundle } from 'fhir/r4.js';
import type { FhirJson } from '../definitions/fhir-json.ts';
import { isDirectoryType, type ServedType } from '../definitions/served-types.ts';
import type { Call, PublicCall } from '../http/call.ts';
import { handling, requireForm } from '../http/negotiation.ts';
import { ok, type Reply } from '../http/reply.ts';
import { type Parameter, parseQuery as parseForm } from '../http/request.ts';
import { typeIn } from '../interactions/read.ts';
import { shownEntry } from '../record/stored.ts';
import { searchObservations } from '../vitals/search-observations.ts';
import { searchSet, withParameters } from './bundle.ts';
import { candidates, directoryHints, onePatient } from './candidates.ts';
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

export async function searchType(call: Call): Promise<Reply> {
  return answer(call, call.request.query);
}

/** POST [base]/[type]/_search: the parameters of the address and of the form together. */
export async function searchTypeByForm(call: Call): Promise<Reply> {
  requireForm(call.request);
  return answer(call, [...call.request.query, ...parseForm(call.request.body, true)]);
}

async function answer(call: Call, parameters: readonly Parameter[]): Promise<Reply> {
  const type = typeIn(call.path);
  call.grant.require(type, 's');
  const asked = await asSearched(call, type, parameters);
  if (type === 'Observation' && onePatient(asked.query) !== undefined) {
    return ok(await searchObservations(call, asked));
  }
  const all = await candidates(call, asked.query);
  return ok(await bundleOf(call, asked, all));
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

/** The directory without login. */
export async function searchPublicly(
  call: PublicCall & { readonly cursorKey: Uint8Array },
): Promise<Reply> {
  const type = typeIn(call.path);
  if (!isDirectoryType(type)) throw new PulseError('unauthenticated');
  const parameters = call.request.query;
  const { query, after, self } = await asSearched(call, type, parameters);
  if (query.includes.length + query.revincludes.length > 0) throw new PulseError('unauthenticated');
  const entries = await call.directory.list(type, directoryHints(query));
  const found = matching(
    query,
    entries.flatMap((entry) => shownEntry(entry).resource ?? []),
  );
  const page = pageOf(found, query, after);
  return ok(
    searchSet({
      baseUrl: call.baseUrl,
      self,
      next: query.countOnly ? undefined : await nextLink(call, query, page.next),
      total: page.total,
      matches: query.countOnly ? [] : page.resources,
    }),
  );
}
