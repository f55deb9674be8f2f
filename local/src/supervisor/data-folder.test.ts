import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { isRunning, processSeen } from '@pulseledger/network/processes';
import { type DataFolder, dataFolder, makeFolders, RunLock } from './data-folder.ts';

let root: string;
let folder: DataFolder;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'pulse-data-'));
  folder = dataFolder(join(root, 'data'));
});

afterEach(async () => {
  await rm(root, { recursive: true });
});

describe('the data folder', () => {
  test('is made for its owner only', async () => {
    await makeFolders(folder);
    for (const path of [folder.root, folder.keys, folder.ledger]) {
      expect((await stat(path)).mode & 0o777).toBe(0o700);
    }
  });

  test('that cannot be made is refused with what to do', async () => {
    await writeFile(join(root, 'file'), '');
    const refused = makeFolders(dataFolder(join(root, 'file', 'data')));
    await expect(refused).rejects.toMatchObject({
      exitCode: 6,
      message: expect.stringMatching(/cannot be written \(ENOTDIR\).*--data/),
    });
  });
});

describe('the lock of a data folder', () => {
  beforeEach(() => makeFolders(folder));

  test('lets one system in at a time', async () => {
    const { lock } = await RunLock.take(folder);
    await expect(RunLock.take(folder)).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining(`process ${String(process.pid)}`),
    });
    await lock.release();
    const again = await RunLock.take(folder);
    await again.lock.release();
  });

  test('is not held by a process that is gone, nor by another with its number', async () => {
    await RunLock.take(folder);
    const file = join(folder.run, 'supervisor.json');
    const held = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
    await writeFile(file, JSON.stringify({ ...held, startTime: '1' }));
    const { lock, leftovers } = await RunLock.take(folder);
    expect(leftovers).toEqual([]);
    await lock.release();
  });

  test('ends what a run that died has left running', async () => {
    const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
    const exited = once(child, 'exit');
    const pid = child.pid ?? 0;
    const children = [{ name: 'cloud', pid, startTime: processSeen(pid)?.startedAt }];
    const dead = { pid: 2 ** 22 + 1, startTime: '1', children };
    await writeFile(join(folder.run, 'supervisor.json'), JSON.stringify(dead));
    const { lock, leftovers } = await RunLock.take(folder);
    expect(leftovers).toEqual(['cloud']);
    expect(await exited).toEqual([null, 'SIGKILL']);
    await lock.release();
  });

  test('does not end a process that merely has the number of an old child', async () => {
    const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
    const pid = child.pid ?? 0;
    const dead = {
      pid: 2 ** 22 + 1,
      startTime: '1',
      children: [{ name: 'c', pid, startTime: '1' }],
    };
    await writeFile(join(folder.run, 'supervisor.json'), JSON.stringify(dead));
    const { lock, leftovers } = await RunLock.take(folder);
    expect(leftovers).toEqual([]);
    expect(isRunning(pid, processSeen(pid)?.startedAt ?? '')).toBe(true);
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    await lock.release();
  });
});
