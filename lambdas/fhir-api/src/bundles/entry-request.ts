import { PulseError } from '@pulseledger/domain';
import type { Call } from '../http/call.ts';
import { type FhirRequest, parsePath, parseQuery } from '../http/request.ts';
import { JSON_PATCH } from '../interactions/json-patch.ts';
import type { RequestEntry } from './bundle-request.ts';
import { patchIn } from './patch-entry.ts';

/** Headers of the whole request that also hold for its entries. */
const INHERITED = ['prefer', 'x-purpose-of-use'];

/** An entry as the request it stands for. @throws PulseError `invalid_input` */
export function entryRequest(call: Call, entry: RequestEntry): FhirRequest {
  const { request } = entry;
  const { method, url, ifMatch, ifNoneMatch, ifModifiedSince, ifNoneExist } = request;
  const relative = url.startsWith(`${call.baseUrl}/`) ? url.slice(call.baseUrl.length + 1) : url;
  if (/^[a-z]+:|^\/\//i.test(relative)) {
    throw new PulseError('invalid_input', 'the address of an entry is below the base');
  }
  const [path = '', query = ''] = relative.replace(/^\//, '').split('?');
  const segments = parsePath(`/${path}`, '');
  // A Bundle in a Bundle would go round the limits of both.
  if (segments[0] === '') throw new PulseError('invalid_input', 'a Bundle holds no other Bundle');
  const headers: Record<string, string> = {
    ...Object.fromEntries(
      Object.entries(call.request.headers).filter(([name]) => INHERITED.includes(name)),
    ),
    'content-type': request.method === 'PATCH' ? JSON_PATCH : 'application/fhir+json',
  };
  const conditions = {
    'if-match': ifMatch,
    'if-none-match': ifNoneMatch,
    'if-modified-since': ifModifiedSince,
    'if-none-exist': ifNoneExist,
  };
  for (const [name, value] of Object.entries(conditions)) {
    if (value !== undefined) headers[name] = value;
  }
  return {
    method,
    segments,
    query: parseQuery(query),
    headers,
    body: bodyOf(entry),
    requestId: call.request.requestId,
  };
}

function bodyOf(entry: RequestEntry): string {
  if (entry.request.method === 'PATCH') return patchIn(entry);
  return entry.resource === undefined ? '' : JSON.stringify(entry.resource);
}
