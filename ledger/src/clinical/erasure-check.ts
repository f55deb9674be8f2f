import type { ListErasuresOutput, ReplayEntry } from '@pulseledger/domain';
import type { ClinicalClient } from './clinical-client.ts';

const PAGE_SIZE = 200;

/** An erasure that a node has not carried out. */
export interface UnreplayedErasure extends ReplayEntry {
  /** Keys of a page that are there still. */
  readonly keysLeft: number;
}

async function* erasuresOf(client: ClinicalClient): AsyncGenerator<ReplayEntry> {
  let bookmark: string | undefined;
  do {
    const page: ListErasuresOutput = await client.listErasures({ pageSize: PAGE_SIZE, bookmark });
    yield* page.erasures;
    bookmark = page.bookmark;
  } while (bookmark !== undefined);
}

async function keysLeft(
  client: ClinicalClient,
  { patientId, requestId }: ReplayEntry,
): Promise<number> {
  const { keys } = await client.listErasable({ patientId, requestId });
  return keys.length;
}

/**
 * What a node that was restored from a backup has not replayed. It must not serve before the list is empty: catching up
 * with the channel purges what was erased since the backup was made.
 *
 * @param reference - an administrator's client at an organization that was not restored: its list is whole.
 * @param restored - an administrator's client at the restored node's organization.
 */
export async function unreplayedErasures(
  reference: ClinicalClient,
  restored: ClinicalClient,
): Promise<UnreplayedErasure[]> {
  const known = new Map<string, ReplayEntry>();
  for await (const entry of erasuresOf(restored)) known.set(entry.requestId, entry);
  const missing: UnreplayedErasure[] = [];
  for await (const entry of erasuresOf(reference)) {
    const own = known.get(entry.requestId);
    const left = own === undefined ? Number.NaN : await keysLeft(restored, entry);
    const isReplayed = own?.state === entry.state && (entry.state !== 'destroyed' || left === 0);
    if (!isReplayed) missing.push({ ...entry, keysLeft: left });
  }
  return missing;
}
