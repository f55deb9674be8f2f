import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { readIfPresent, writePrivate } from '../../identity/src/index.ts';

const runFile = z.object({ pid: z.int().min(1) });
/** Found in the command line of every supervisor, so that a reused process id is not taken for one. */
const MARK = join('network', 'fabric', 'src', 'main.ts');
const POLL_MS = 50;

function fileIn(dataDir: string): string {
  return join(dataDir, 'run', 'network.json');
}

/** Says that this process runs the network of that folder. */
export async function writeRunFile(dataDir: string): Promise<void> {
  await writePrivate(fileIn(dataDir), `${JSON.stringify({ pid: process.pid })}\n`);
}

export async function removeRunFile(dataDir: string): Promise<void> {
  await rm(fileIn(dataDir), { force: true });
}

async function commandLine(pid: number): Promise<string> {
  try {
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ');
  } catch {
    // No /proc: macOS, or no such process.
    return new Promise((resolve) => {
      execFile('ps', ['-o', 'command=', '-p', String(pid)], (error, stdout) => {
        resolve(error === null ? stdout : '');
      });
    });
  }
}

/** Process id of the supervisor that runs the network of that folder, if one does. */
export async function runningPid(dataDir: string): Promise<number | undefined> {
  const text = await readIfPresent(fileIn(dataDir));
  if (text === undefined) return undefined;
  const { pid } = runFile.parse(JSON.parse(text));
  return (await commandLine(pid)).includes(MARK) ? pid : undefined;
}

/** Waits until the process is gone. */
export async function awaitEnd(pid: number, timeoutMs: number): Promise<boolean> {
  const end = Date.now() + timeoutMs;
  while ((await commandLine(pid)).includes(MARK)) {
    if (Date.now() > end) return false;
    await delay(POLL_MS);
  }
  return true;
}
