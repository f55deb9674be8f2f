import { readdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { ClassicLevel } from 'classic-level';

const BEFORE_ALL = Buffer.alloc(0);
const AFTER_ALL: Buffer = Buffer.alloc(64, 0xff);

/** Databases of a peer in which private values stand, by the names of Fabric's folders. */
const PRIVATE_STORES: readonly string[] = ['stateLeveldb', 'pvtdataStore', 'transientstore'];

async function compact(database: string): Promise<void> {
  const level = new ClassicLevel<Buffer, Buffer>(database, {
    keyEncoding: 'buffer',
    valueEncoding: 'buffer',
    createIfMissing: false,
  });
  await level.open();
  try {
    await level.compactRange(BEFORE_ALL, AFTER_ALL);
  } finally {
    await level.close();
  }
}

/**
 * Rewrites the databases of a stopped peer in which private values stand. To LevelDB a deleted value is a
 * later entry that says so: the bytes stay in its files until it happens to merge them, which on a
 * quiet peer may be never. Afterwards what was purged, or lived in the transient store, is in no file.
 * It is quick for an insurer, who has few private values. It reads and writes each store once.
 *
 * @returns how many databases were rewritten.
 */
export async function compactStores(peerFolder: string): Promise<number> {
  const entries = await readdir(peerFolder, { recursive: true, withFileTypes: true }).catch(
    (error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      throw error;
    },
  );
  const databases = entries
    .filter((entry) => entry.isFile() && entry.name === 'CURRENT')
    .map(({ parentPath }) => parentPath)
    .filter((database) => PRIVATE_STORES.includes(basename(database)));
  for (const database of databases) await compact(database);
  return databases.length;
}
