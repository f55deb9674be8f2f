import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { writeRunFile } from '../run-file.ts';
import { MANIFEST, manifestSchema } from './manifest.ts';
import { checkNoRestoreCutOff, restoreMarker, SnapshotError } from './restore-marker.ts';
import { checkSnapshot, restoreSnapshot, takeSnapshot } from './snapshot.ts';

let folder: string;
let snapshot: string;

/** A stopped network's folder, as far as a snapshot is concerned. */
async function networkFolder(name: string): Promise<string> {
  const data = join(folder, name);
  const files: Record<string, string> = {
    'keys/ports.json': '{"version":1,"fabric":{}}',
    'keys/hospital/ca/root/key.pem': 'private',
    'ledger/channel/genesis.block': 'first block',
    'ledger/peer0.hospital.pulse.test/blocks/blockfile_0': `blocks of ${name}`,
    'run/logs/network.log': 'not part of it',
  };
  for (const [file, text] of Object.entries(files)) {
    await mkdir(join(data, file, '..'), { recursive: true });
    await writeFile(join(data, file), text, { mode: 0o600 });
  }
  return data;
}

async function block(data: string): Promise<string> {
  return readFile(join(data, 'ledger/peer0.hospital.pulse.test/blocks/blockfile_0'), 'utf8');
}

/** A copy of the snapshot with something done to it. */
async function damaged(name: string, damage: (copy: string) => Promise<unknown>): Promise<string> {
  const copy = join(folder, name);
  await cp(snapshot, copy, { recursive: true });
  await damage(copy);
  return copy;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pulse-snapshot-'));
  snapshot = join(folder, 'snapshot');
  await takeSnapshot(await networkFolder('origin'), snapshot, 'records');
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('a snapshot', () => {
  test('holds keys and ledger with the hash of every file, for its owner only', async () => {
    const manifest = manifestSchema.parse(
      JSON.parse(await readFile(join(snapshot, MANIFEST), 'utf8')),
    );
    expect(manifest).toMatchObject({ channel: 'records', nodes: ['peer0.hospital.pulse.test'] });
    expect(manifest.files.map((file) => file.path)).toEqual([
      'keys/hospital/ca/root/key.pem',
      'keys/ports.json',
      'ledger/channel/genesis.block',
      'ledger/peer0.hospital.pulse.test/blocks/blockfile_0',
    ]);
    expect((await stat(snapshot)).mode & 0o777).toBe(0o700);
    expect((await stat(join(snapshot, 'keys/hospital/ca/root/key.pem'))).mode & 0o777).toBe(0o600);
  });

  test('is not taken while the network runs, by its process or by one of its ports', async () => {
    const data = await networkFolder('running');
    await writeRunFile(data, []);
    const to = join(folder, 'never');
    await expect(takeSnapshot(data, to, 'records')).rejects.toThrow('Stop it first with: down');
    await rm(join(data, 'run'), { recursive: true });
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const ports = { version: 1, fabric: { 'peer0.hospital.pulse.test/grpc': port } };
    await writeFile(join(data, 'keys/ports.json'), JSON.stringify(ports));
    await expect(takeSnapshot(data, to, 'records')).rejects.toThrow('is open');
    await expect(restoreSnapshot(data, snapshot, true)).rejects.toThrow('is open');
    server.close();
    await expect(stat(to)).rejects.toThrow('ENOENT');
  });

  test('does not overwrite anything, and is not made of nothing', async () => {
    const data = await networkFolder('twice');
    await expect(takeSnapshot(data, snapshot, 'records')).rejects.toThrow('exists already');
    const nothing = takeSnapshot(join(folder, 'empty'), join(folder, 'x'), 'records');
    await expect(nothing).rejects.toThrow('holds no network');
  });
});

describe('restoring', () => {
  test('brings back what was there, in an empty folder or in the place of another network', async () => {
    const fresh = join(folder, 'fresh');
    await restoreSnapshot(fresh, snapshot, false);
    expect(await block(fresh)).toBe('blocks of origin');
    const other = await networkFolder('other');
    await expect(restoreSnapshot(other, snapshot, false)).rejects.toThrow('--replace');
    expect(await block(other)).toBe('blocks of other');
    await restoreSnapshot(other, snapshot, true);
    expect(await block(other)).toBe('blocks of origin');
    await expect(stat(join(other, 'run'))).rejects.toThrow('ENOENT');
  });

  test('refuses a snapshot with a file changed, missing or added, and touches nothing', async () => {
    const name = 'ledger/channel/genesis.block';
    const cases: [string, (copy: string) => Promise<unknown>, string][] = [
      ['changed', (copy) => writeFile(join(copy, name), 'First block'), `${name} has changed`],
      ['missing', (copy) => rm(join(copy, name)), `${name} is missing`],
      ['added', (copy) => writeFile(join(copy, 'keys/x'), ''), 'keys/x does not belong'],
      ['unfinished', (copy) => rm(join(copy, MANIFEST)), 'has no manifest.json'],
      ['manifest', (copy) => writeFile(join(copy, MANIFEST), '{'), 'manifest.json is damaged'],
    ];
    const data = await networkFolder('untouched');
    for (const [label, damage, message] of cases) {
      const copy = await damaged(label, damage);
      await expect(restoreSnapshot(data, copy, true)).rejects.toThrow(message);
      await expect(checkSnapshot(copy)).rejects.toThrow(SnapshotError);
    }
    expect(await block(data)).toBe('blocks of untouched');
  });

  test('refuses a manifest that leads out of the folder', async () => {
    const copy = await damaged('escape', async (at) => {
      const manifest = manifestSchema.parse(JSON.parse(await readFile(join(at, MANIFEST), 'utf8')));
      const files = manifest.files.map((file) => ({ ...file, path: `../${file.path}` }));
      await writeFile(join(at, MANIFEST), JSON.stringify({ ...manifest, files }));
    });
    await expect(checkSnapshot(copy)).rejects.toThrow('damaged');
  });

  test('that was cut off keeps the network from starting, and is finished by the same again', async () => {
    const data = await networkFolder('cut');
    await writeFile(restoreMarker(data), '{}');
    await rm(join(data, 'keys'), { recursive: true });
    await expect(checkNoRestoreCutOff(data)).rejects.toThrow('Run the same restore again');
    await restoreSnapshot(data, snapshot, false);
    await checkNoRestoreCutOff(data);
    expect(await block(data)).toBe('blocks of origin');
  });
});
