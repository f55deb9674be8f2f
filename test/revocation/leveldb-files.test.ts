import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ClassicLevel } from 'classic-level';
import { compactDatabases } from './insurer-stores.ts';
import { filesBelow, pathsWith } from './leveldb-files.ts';

/** Compresses well, so that none of it stands in a table as it is. */
const SECRET = 'abcdefgh ijklmnop '.repeat(40);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pulse-files-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function withLevel(use: (level: ClassicLevel) => Promise<void>): Promise<void> {
  const level = new ClassicLevel(folder);
  await level.open();
  await use(level);
  await level.close();
}

async function kindsWith(text: string): Promise<string[]> {
  const paths = pathsWith(await filesBelow(folder), text);
  return paths.map((path) => path.replace(/^\d+/, ''));
}

describe('looking into LevelDB’s files', () => {
  it('finds a value in the journal, in a compressed table and after it was deleted', async () => {
    await withLevel((level) => level.put('key', SECRET.repeat(60)));
    expect(await kindsWith(SECRET)).toEqual(['.log']);
    await withLevel((level) => level.put('other', 'value'));
    expect(await kindsWith(SECRET)).toEqual(['.ldb']);
    await withLevel((level) => level.del('key'));
    expect(await kindsWith(SECRET)).toEqual(['.ldb']);
  });

  it('finds it no more once the database is compacted', async () => {
    await withLevel((level) => level.put('key', SECRET));
    await withLevel((level) => level.del('key'));
    await compactDatabases(folder);
    expect(await kindsWith(SECRET)).toEqual([]);
  });
});
