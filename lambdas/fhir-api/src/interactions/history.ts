/** History of one resource: https://hl7.org/fhir/R4/http.html#history */
import { type Place, PulseError, type RecordView } from '@pulseledger/domain';
import type { Bundle, BundleEntry, BundleLink } from 'fhir/r4.js';
import { asResource } from '../definitions/fhir-json.ts';
import type { Call } from '../http/call.ts';
import { handling } from '../http/negotiation.ts';
import { ok, type Reply } from '../http/reply.ts';
import { etagOf } from '../http/versions.ts';
import type { DirectoryEntry } from '../record/clinical-port.ts';
import { nothingToSee } from '../record/port.ts';
import { shownEntry, shownRecord, type Versioned } from '../record/stored.ts';
import { withParameters } from '../search/bundle.ts';
import { openCursor, sealCursor } from '../search/cursor.ts';
import { parseDateFilter } from '../search/date-search.ts';
import { printable, wholeNumber } from '../search/query.ts';
import { directoryHistory, placeOf } from './current.ts';
import { typeIn } from './read.ts';

const DEFAULT_COUNT = 50;
const MAX_COUNT = 100;

interface HistoryQuery {
  count: number;
  sinceMs: number;
  before: number | undefined;
  query: [string, string][];
}

export async function readHistory(call: Call): Promise<Reply> {
  const type = typeIn(call.path);
  call.grant.require(type, 'r');
  const id = call.path['id'] ?? '';
  const entries = await directoryHistory(call, type, id);
  if (entries !== undefined) return ok(directoryBundle(call, type, entries));
  return ok(await recordHistory(call, type, await placeOf(call, type, id)));
}

async function recordHistory(call: Call, type: string, place: Place): Promise<Bundle> {
  const path = `${type}/${place.recordId}/_history`;
  const asked = await parseHistory(call, path);
  const { versions, more } = await call.chart.history(place, asked.count, asked.before);
  const [newest] = versions;
  if (newest === undefined || !isOfType(versions, type)) throw nothingToSee();
  const shown = versions.filter(({ writtenAtMs }) => writtenAtMs >= asked.sinceMs);
  const isWhole = asked.before === undefined && asked.sinceMs === 0;
  const last = more && shown.length === versions.length ? shown.at(-1) : undefined;
  return {
    resourceType: 'Bundle',
    type: 'history',
    // Versions are counted without gaps.
    ...(isWhole ? { total: newest.version } : {}),
    link: [
      { relation: 'self', url: `${call.baseUrl}/${withParameters(path, asked.query)}` },
      ...(last === undefined ? [] : [await nextLink(call, path, asked, last.version)]),
    ],
    ...(shown.length > 0
      ? { entry: shown.map((view) => entryOf(call.baseUrl, type, shownRecord(view))) }
      : {}),
  };
}

async function nextLink(
  call: Call,
  path: string,
  { query }: HistoryQuery,
  before: number,
): Promise<BundleLink> {
  const content = { path, query, after: [before] };
  const cursor = await sealCursor(call.cursorKey, call.caller, content);
  return {
    relation: 'next',
    url: `${call.baseUrl}/${withParameters(path, [['_cursor', cursor]])}`,
  };
}

function isOfType(versions: readonly RecordView[], type: string): boolean {
  return versions.every(({ resource }) => resource === null || resource.resourceType === type);
}

/** An entry of the directory has few versions, which are on one page. */
function directoryBundle(call: Call, type: string, entries: readonly DirectoryEntry[]): Bundle {
  const id = entries[0]?.id ?? '';
  return {
    resourceType: 'Bundle',
    type: 'history',
    total: entries.length,
    link: [{ relation: 'self', url: `${call.baseUrl}/${type}/${id}/_history` }],
    entry: entries.map((entry) => entryOf(call.baseUrl, type, shownEntry(entry))),
  };
}

function entryOf(baseUrl: string, type: string, view: Versioned): BundleEntry {
  const { id, version, lastUpdatedMs, resource } = view;
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

async function parseHistory(call: Call, path: string): Promise<HistoryQuery> {
  const cursor = call.request.query.find(([name]) => name === '_cursor')?.[1];
  if (cursor === undefined) {
    const asked = readParameters(call.request.query, handling(call.request) === 'strict');
    return { ...asked, before: undefined };
  }
  const { query, after } = await openCursor(call.cursorKey, call.caller, cursor, path);
  return { ...readParameters(query, true), before: Number(after[0]) };
}

function readParameters(
  parameters: readonly (readonly [string, string])[],
  isStrict: boolean,
): Omit<HistoryQuery, 'before'> {
  const asked: Omit<HistoryQuery, 'before'> = { count: DEFAULT_COUNT, sinceMs: 0, query: [] };
  for (const [name, value] of parameters) {
    if (['_format', '_pretty', '_cursor'].includes(name)) continue;
    if (name === '_count') {
      asked.count = Math.max(1, Math.min(wholeNumber('_count', value), MAX_COUNT));
    } else if (name === '_since') {
      asked.sinceMs = parseDateFilter(value).fromMs;
    } else {
      if (isStrict) {
        throw new PulseError(
          'invalid_input',
          `the parameter ${printable(name)} is not supported here`,
        );
      }
      continue;
    }
    asked.query.push([name, value]);
  }
  return asked;
}
