import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { readIfPresent, writePrivate } from '../../identity/src/index.ts';
import { isRunning, processSeen } from '../../processes/src/index.ts';
import type { NodeProcess } from './nodes.ts';

const POLL_MS = 50;
/** Who runs the network of a folder, and which processes it has started. */
export interface RunFile {
  readonly pid: number;
  /** Tells the process from a later one with the same number, also over a reboot. */
  readonly startedAt: string;
  readonly nodes: readonly NodeProcess[];
}

const runFile = z.object({
  pid: z.int().min(1),
  startedAt: z.string(),
  nodes: z.array(
    z.object({
      name: z.string(),
      kind: z.enum(['peer', 'orderer', 'chaincode']),
      pid: z.number().optional(),
      crashes: z.number(),
    }),
  ),
});

function fileIn(dataDir: string): string {
  return join(dataDir, 'run', 'network.json');
}

/** Says that this process runs the network of that folder, with these processes. */
export async function writeRunFile(dataDir: string, nodes: readonly NodeProcess[]): Promise<void> {
  const { pid } = process;
  const file = { pid, startedAt: processSeen(pid)?.startedAt ?? '', nodes };
  await writePrivate(fileIn(dataDir), `${JSON.stringify(file, null, 2)}\n`);
}

export async function removeRunFile(dataDir: string): Promise<void> {
  await rm(fileIn(dataDir), { force: true });
}

/** What the running network of that folder has written; nothing when none runs, whatever was left behind. */
export async function readRunFile(dataDir: string): Promise<RunFile | undefined> {
  const text = await readIfPresent(fileIn(dataDir));
  if (text === undefined) return undefined;
  const parsed = runFile.safeParse(JSON.parse(text));
  if (!parsed.success) return undefined;
  const { pid, startedAt, nodes } = parsed.data;
  if (!isRunning(pid, startedAt)) return undefined;
  const known = nodes.map(({ pid: nodePid, ...node }) =>
    nodePid === undefined ? node : { ...node, pid: nodePid },
  );
  return { pid, startedAt, nodes: known };
}

/** Process id of the supervisor that runs the network of that folder, if one does. */
export async function runningPid(dataDir: string): Promise<number | undefined> {
  return (await readRunFile(dataDir))?.pid;
}

/** Waits until the network of that folder has ended. */
export async function awaitEnd(run: RunFile, timeoutMs: number): Promise<boolean> {
  const end = Date.now() + timeoutMs;
  while (isRunning(run.pid, run.startedAt)) {
    if (Date.now() > end) return false;
    await delay(POLL_MS);
  }
  return true;
}
