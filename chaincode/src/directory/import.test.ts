import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import {
  type DirectoryEntry,
  type FhirResource,
  MAX_DIRECTORY_WRITES,
  ReadDirectoryOutput,
  SearchDirectoryOutput,
} from '@pulseledger/domain';
import { LedgerDouble } from '../testing/ledger-double.ts';
import { NOON_MS, PEOPLE, SALT_HEX } from '../testing/story.ts';

const FOLDER = join(__dirname, '../../../../shared/data/synthea');

interface Bundle {
  readonly entry: readonly { readonly resource: FhirResource }[];
}

/** Practitioners and organizations of a Bundle, with the ids that their UUIDs give. */
function entriesOf(file: string): { kind: string; id: string; resource: FhirResource }[] {
  const { entry } = JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Bundle;
  return entry.map(({ resource }) => {
    const id = String(resource['id']).replaceAll('-', '');
    return { kind: resource.resourceType, id, resource };
  });
}

async function imported(ledger: LedgerDouble, file: string) {
  const all = entriesOf(file);
  for (let at = 0; at < all.length; at += MAX_DIRECTORY_WRITES) {
    const writes = all
      .slice(at, at + MAX_DIRECTORY_WRITES)
      .map((one) => ({ ...one, ifVersion: null, saltHex: SALT_HEX }));
    const call = { identity: PEOPLE.administrator, input: { writes }, nowMs: NOON_MS + at };
    await ledger.submit('directory:Write', call);
  }
  return all;
}

async function readBack(
  ledger: LedgerDouble,
  all: readonly { kind: string; id: string }[],
): Promise<DirectoryEntry[]> {
  const entries: DirectoryEntry[] = [];
  for (let at = 0; at < all.length; at += 100) {
    const input = { entries: all.slice(at, at + 100).map(({ kind, id }) => ({ kind, id })) };
    const call = { identity: PEOPLE.nurse, input, nowMs: NOON_MS };
    const answer = await ledger.evaluate('directory:Read', call);
    entries.push(...ReadDirectoryOutput.parse(answer).entries);
  }
  return entries;
}

const files = existsSync(FOLDER)
  ? readdirSync(FOLDER).filter((name) => /^(hospital|practitioner)Information/.test(name))
  : [];
if (files.length === 0) console.log('skipped: the folder of Synthea files is not there');

describe('files of Synthea', () => {
  (files.length === 0 ? it.skip.each(['none']) : it.each(files))(
    '%s reads back equal, resource by resource',
    async (file) => {
      const ledger = new LedgerDouble();
      const all = await imported(ledger, file);
      const entries = await readBack(ledger, all);
      expect(all.length).toBeGreaterThan(50);
      expect(entries.map(({ resource }) => resource)).toEqual(all.map(({ resource }) => resource));
      // Their NPIs are no NPIs, which refuses nothing.
      const statuses = new Set(entries.flatMap(({ npis }) => npis.map(({ status }) => status)));
      expect([...statuses].every((status) => status === 'unverified')).toBe(true);
    },
  );

  (files.length === 0 ? it.skip.each(['none']) : it.each(files))(
    '%s is found by name and listed page by page',
    async (file) => {
      const ledger = new LedgerDouble();
      const all = await imported(ledger, file);
      const kind = all[0]?.kind;
      const found: string[] = [];
      let bookmark: string | undefined;
      do {
        const input = { kind, pageSize: 17, ...(bookmark === undefined ? {} : { bookmark }) };
        const call = { identity: PEOPLE.nurse, input, nowMs: NOON_MS };
        const page = SearchDirectoryOutput.parse(await ledger.evaluate('directory:Search', call));
        found.push(...page.entries.map(({ id }) => id));
        bookmark = page.bookmark;
      } while (bookmark !== undefined);
      expect(found.sort()).toEqual(all.map(({ id }) => id).sort());
    },
  );
});
