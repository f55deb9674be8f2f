/** Search of one type: https://hl7.org/fhir/R4/http.html#search, GET and POST. */
import { PulseError } from '@pulseledger/domain';
import { isDirectoryType } from '../definitions/served-types.ts';
import type { Call, PublicCall } from '../http/call.ts';
import { requireForm } from '../http/negotiation.ts';
import { ok, type Reply } from '../http/reply.ts';
import { type Parameter, parseQuery as parseForm } from '../http/request.ts';
import { typeIn } from '../interactions/read.ts';
import { shownEntry } from '../record/stored.ts';
import { searchObservations } from '../vitals/search-observations.ts';
import { asSearched, bundleOf, matching, nextLink } from './asked.ts';
import { searchSet } from './bundle.ts';
import { candidates, directoryHints, onePatient } from './candidates.ts';
import { pageOf } from './results.ts';

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
