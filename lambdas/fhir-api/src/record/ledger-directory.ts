/** The directory on the ledger. Read with the API's own identity, so that nobody learns who asked about whom. */
import {
  type DirectoryDocument,
  DirectoryHistoryInput,
  DirectoryHistoryOutput,
  MAX_DIRECTORY_PAGE,
  PulseError,
  ReadDirectoryInput,
  ReadDirectoryOutput,
  SearchDirectoryInput,
  SearchDirectoryOutput,
} from '@pulseledger/domain';
import { DirectoryClient, type LedgerCalls } from '@pulseledger/ledger';
import type { DirectoryEntry, DirectoryPort, DirectoryWriter } from './clinical-port.ts';

/** A search goes through so many pages at most. */
const MAX_PAGES = 30;

export function ledgerDirectory(calls: () => LedgerCalls): DirectoryPort {
  return {
    list: async (type, hints) => {
      const client = calls();
      const found: DirectoryEntry[] = [];
      let bookmark: string | undefined;
      for (let page = 0; page < MAX_PAGES; page += 1) {
        const input = {
          kind: type,
          ...hints,
          pageSize: MAX_DIRECTORY_PAGE,
          ...(bookmark === undefined ? {} : { bookmark }),
        };
        const answer = await client.read(
          'directory:Search',
          SearchDirectoryInput,
          input,
          SearchDirectoryOutput,
        );
        found.push(...answer.entries.map(toEntry));
        bookmark = answer.bookmark;
        if (bookmark === undefined) return unique(found);
      }
      throw new PulseError('too_costly', 'too many entries; name more of what is looked for');
    },
    read: async (type, id) => {
      if (!/^[0-9a-f]{32}$/.test(id)) throw new PulseError('not_found');
      const input = { entries: [{ kind: type, id }] };
      const { entries } = await calls().read(
        'directory:Read',
        ReadDirectoryInput,
        input,
        ReadDirectoryOutput,
      );
      const [found] = entries;
      if (found === undefined) throw new PulseError('not_found');
      return toEntry(found);
    },
    readAll: async (type, ids) => {
      const entries = ids.slice(0, MAX_DIRECTORY_PAGE).map((id) => ({ kind: type, id }));
      if (entries.length === 0) return [];
      const found = await calls().read(
        'directory:Read',
        ReadDirectoryInput,
        { entries },
        ReadDirectoryOutput,
      );
      return found.entries.map(toEntry);
    },
    history: async (type, id) => {
      if (!/^[0-9a-f]{32}$/.test(id)) throw new PulseError('not_found');
      const { versions } = await calls().read(
        'directory:History',
        DirectoryHistoryInput,
        { kind: type, id },
        DirectoryHistoryOutput,
      );
      return versions.map(toEntry);
    },
  };
}

/** The same entry may be found by several of its index entries. */
function unique(entries: readonly DirectoryEntry[]): DirectoryEntry[] {
  return [...new Map(entries.map((entry) => [entry.id, entry])).values()];
}

function toEntry({
  kind,
  id,
  version,
  updatedAtMs,
  resource,
}: Pick<
  DirectoryDocument,
  'kind' | 'id' | 'version' | 'updatedAtMs' | 'resource'
>): DirectoryEntry {
  return { type: kind, id, version, lastUpdatedMs: updatedAtMs, resource };
}

/** As the caller, who must be an administrator, or a doctor changing the own contact. */
export function ledgerDirectoryWriter(calls: LedgerCalls): DirectoryWriter {
  const client = new DirectoryClient(calls);
  return {
    write: async (writes) => (await client.write({ writes })).versions,
    attestQualification: (input) => client.attestQualification(input),
  };
}
