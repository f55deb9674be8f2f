/** What the insurer's own peer has: by the database's own answer, and by the bytes of its files. */
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import type { NetworkKind } from '../negative/support/system.ts';
import { filesBelow, pathsWith } from './leveldb-files.ts';

const INSURER = 'InsurerMSP';

/** A stopped peer's stores. */
export interface Stores {
  /** Names of the stores in which a text stands, as a reader of the database sees it. */
  readonly live: (text: string) => string[];
  /** Files in which it physically stands, compressed or not, deleted or not. */
  readonly files: (text: string) => string[];
}

interface Entry {
  readonly store: string;
  readonly key: Buffer;
  readonly value: Buffer;
}

/** Reads a copy: opening a database writes to it, and what is looked for must stay as it is. */
async function entriesOf(database: string): Promise<[Buffer, Buffer][]> {
  const folder = await mkdtemp(join(tmpdir(), 'pulse-level-'));
  try {
    await cp(database, folder, { recursive: true });
    const level = new ClassicLevel<Buffer, Buffer>(folder, {
      keyEncoding: 'buffer',
      valueEncoding: 'buffer',
      createIfMissing: false,
    });
    await level.open();
    const entries = await level.iterator().all();
    await level.close();
    return entries;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Folders that are a LevelDB database. */
async function databasesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name === 'CURRENT')
    .map(({ parentPath }) => parentPath);
}

/** What a compaction does to every database of a stopped devnet. */
export async function compactDatabases(folder: string): Promise<void> {
  for (const database of await databasesBelow(folder)) {
    const level = new ClassicLevel<Buffer, Buffer>(database, { keyEncoding: 'buffer' });
    await level.open();
    await level.compactRange(Buffer.alloc(0), Buffer.alloc(64, 0xff));
    await level.close();
  }
}

/** The peer's folders by what Fabric keeps in them. */
const FABRIC_STORES: Readonly<Record<string, string>> = {
  stateLeveldb: 'state',
  pvtdataStore: 'private data',
  transientstore: 'transient store',
};

/** First bytes of the devnet's keys by what they hold (network/devnet/src/ledger/keys.ts). */
const DEVNET_STORES: Readonly<Record<string, string>> = {
  p: 'state',
  w: 'private data',
  x: 'transient store',
};

async function fabricEntries(folder: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const database of await databasesBelow(folder)) {
    const name = basename(database);
    const store = FABRIC_STORES[name] ?? name;
    for (const [key, value] of await entriesOf(database)) entries.push({ store, key, value });
  }
  return entries;
}

/** The devnet has one database for all; what begins with the insurer's name is the insurer's. */
async function devnetEntries(folder: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const database of await databasesBelow(folder)) {
    for (const [key, value] of await entriesOf(database)) {
      const kind = key.toString('latin1', 0, 1);
      const isInsurers = key.subarray(1).includes(INSURER);
      if (isInsurers) entries.push({ store: DEVNET_STORES[kind] ?? kind, key, value });
    }
  }
  return entries;
}

function folderOf(kind: NetworkKind, dataFolder: string): string {
  const ledger = join(dataFolder, 'ledger');
  return kind === 'fabric' ? join(ledger, 'peer0.insurer.pulse.test') : ledger;
}

function insurerEntries(kind: NetworkKind, dataFolder: string): Promise<Entry[]> {
  const folder = folderOf(kind, dataFolder);
  return kind === 'fabric' ? fabricEntries(folder) : devnetEntries(folder);
}

/** Every private value that the insurer's peer holds, with its key. */
export async function insurerTexts(kind: NetworkKind, dataFolder: string): Promise<string[]> {
  const entries = await insurerEntries(kind, dataFolder);
  return entries.map(({ key, value }) => `${key.toString('latin1')} ${value.toString('latin1')}`);
}

/** Looks at the stores of the insurer's peer, which is stopped. */
export async function insurerStores(kind: NetworkKind, dataFolder: string): Promise<Stores> {
  const entries = await insurerEntries(kind, dataFolder);
  const files = await filesBelow(folderOf(kind, dataFolder));
  return {
    live: (text) => {
      const bytes = Buffer.from(text);
      const found = entries.filter(
        ({ value, key }) => value.includes(bytes) || key.includes(bytes),
      );
      return [...new Set(found.map(({ store }) => store))].sort();
    },
    files: (text) => pathsWith(files, text),
  };
}
