/** A page of versions: https://hl7.org/fhir/R4/bundle.html#history */
import type { Bundle, BundleEntry, BundleLink } from 'fhir/r4.js';
import { asResource } from '../definitions/fhir-json.ts';
import type { Call } from '../http/call.ts';
import type { Parameter } from '../http/request.ts';
import { etagOf } from '../http/versions.ts';
import type { Versioned } from '../record/stored.ts';
import { withParameters } from '../search/bundle.ts';
import { type Place, sealCursor } from '../search/cursor.ts';

export interface HistoryPage {
  readonly type: string;
  /** Path below the base. */
  readonly path: string;
  /** As understood. */
  readonly query: readonly Parameter[];
  /** Of all pages, when it is known. */
  readonly total: number | undefined;
  /** Newest first. */
  readonly versions: readonly Versioned[];
  /** Where this page ends; undefined on the last one. */
  readonly next: Place | undefined;
}

export async function historyBundle(call: Call, page: HistoryPage): Promise<Bundle> {
  const { type, path, query, total, versions, next } = page;
  const { baseUrl } = call;
  return {
    resourceType: 'Bundle',
    type: 'history',
    ...(total === undefined ? {} : { total }),
    link: [
      { relation: 'self', url: `${baseUrl}/${withParameters(path, query)}` },
      ...(next === undefined ? [] : [await nextLink(call, path, query, next)]),
    ],
    ...(versions.length > 0 ? { entry: versions.map((one) => entryOf(baseUrl, type, one)) } : {}),
  };
}

async function nextLink(
  { baseUrl, cursorKey, caller }: Call,
  path: string,
  query: readonly Parameter[],
  after: Place,
): Promise<BundleLink> {
  const cursor = await sealCursor(cursorKey, caller, { path, query, after });
  return { relation: 'next', url: `${baseUrl}/${withParameters(path, [['_cursor', cursor]])}` };
}

function entryOf(baseUrl: string, type: string, shown: Versioned): BundleEntry {
  const { id, version, lastUpdatedMs, resource } = shown;
  const method = resource === null ? 'DELETE' : version === 1 ? 'POST' : 'PUT';
  return {
    fullUrl: `${baseUrl}/${type}/${id}`,
    ...(resource === null ? {} : { resource: asResource(resource) }),
    request: { method, url: method === 'POST' ? type : `${type}/${id}` },
    response: {
      status: method === 'POST' ? '201 Created' : method === 'PUT' ? '200 OK' : '204 No Content',
      etag: etagOf(version),
      lastModified: new Date(lastUpdatedMs).toISOString(),
    },
  };
}
