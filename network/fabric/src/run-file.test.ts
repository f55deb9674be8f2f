import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { awaitEnd, readRunFile, removeRunFile, runningPid, writeRunFile } from './run-file.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pulse-run-file-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const NODE = { name: 'peer0.hospital.pulse.test', kind: 'peer', pid: 4711, crashes: 2 } as const;

describe('the run file', () => {
  test('names the process that runs the network, and its nodes', async () => {
    await writeRunFile(folder, [NODE]);
    expect(await readRunFile(folder)).toMatchObject({ pid: process.pid, nodes: [NODE] });
    const run = await readRunFile(folder);
    expect(run === undefined || (await awaitEnd(run, 60))).toBe(false);
    await removeRunFile(folder);
    expect(await readRunFile(folder)).toBeUndefined();
  });

  test('left behind by a reboot does not count, even when its process id is in use again', async () => {
    await writeRunFile(folder, [NODE]);
    const file = join(folder, 'run', 'network.json');
    const text: unknown = JSON.parse(await readFile(file, 'utf8'));
    const left = z.looseObject({ pid: z.literal(process.pid) }).parse(text);
    await writeFile(file, JSON.stringify({ ...left, startedAt: 'another-boot/42' }));
    expect(await runningPid(folder)).toBeUndefined();
    await writeFile(file, JSON.stringify({ ...left, pid: 2 ** 22 + 1 }));
    expect(await runningPid(folder)).toBeUndefined();
  });
});
