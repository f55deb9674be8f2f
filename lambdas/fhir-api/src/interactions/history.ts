/** History of one resource: https://hl7.org/fhir/R4/http.html#history */
import type { Place, RecordView } from '@pulseledger/domain';
import type { Bundle } from 'fhir/r4.js';
import type { Call } from '../http/call.ts';
import { ok, type Reply } from '../http/reply.ts';
import type { DirectoryEntry } from '../record/clinical-port.ts';
import { nothingToSee } from '../record/port.ts';
import { shownEntry, shownRecord } from '../record/stored.ts';
import { directoryHistory, placeOf } from './current.ts';
import { historyBundle } from './history-bundle.ts';
import { historyQuery } from './history-query.ts';
import { typeIn } from './read.ts';

export async function readHistory(call: Call): Promise<Reply> {
  const type = typeIn(call.path);
  call.grant.require(type, 'r');
  const id = call.path['id'] ?? '';
  const entries = await directoryHistory(call, type, id);
  if (entries !== undefined) return ok(await directoryBundle(call, type, entries));
  return ok(await recordHistory(call, type, await placeOf(call, type, id)));
}

async function recordHistory(call: Call, type: string, place: Place): Promise<Bundle> {
  const path = `${type}/${place.recordId}/_history`;
  const { count, sinceMs, query, after } = await historyQuery(call, path, 'one');
  const before = after === undefined ? undefined : Number(after[0]);
  const { versions, more } = await call.chart.history(place, count, before);
  const [newest] = versions;
  if (newest === undefined || !isOfType(versions, type)) throw nothingToSee();
  const shown = versions.filter(({ writtenAtMs }) => writtenAtMs >= sinceMs);
  const isWhole = before === undefined && sinceMs === 0;
  const last = more && shown.length === versions.length ? shown.at(-1) : undefined;
  return historyBundle(call, {
    ...{ type, path, query },
    // Versions are counted without gaps.
    total: isWhole ? newest.version : undefined,
    versions: shown.map(shownRecord),
    next: last === undefined ? undefined : [last.version],
  });
}

function isOfType(versions: readonly RecordView[], type: string): boolean {
  return versions.every(({ resource }) => resource === null || resource.resourceType === type);
}

/** An entry of the directory has few versions, which are on one page. */
function directoryBundle(
  call: Call,
  type: string,
  entries: readonly DirectoryEntry[],
): Promise<Bundle> {
  return historyBundle(call, {
    ...{ type, path: `${type}/${entries[0]?.id ?? ''}/_history`, query: [] },
    total: entries.length,
    versions: entries.map(shownEntry),
    next: undefined,
  });
}
