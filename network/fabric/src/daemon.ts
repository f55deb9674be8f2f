import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { awaitEnd, readRunFile, removeRunFile } from './run-file.ts';

/** The line that `run` prints when the network is usable. */
export interface ReadyLine {
  readonly ready: true;
  /** Path of the connection profile. */
  readonly profile: string;
  readonly readyMs: number;
}

const readyLine: z.ZodType<ReadyLine> = z.object({
  ready: z.literal(true),
  profile: z.string(),
  readyMs: z.number(),
});

const UP_TIMEOUT_MS = 180_000;
const DOWN_TIMEOUT_MS = 60_000;
const POLL_MS = 100;
const MAIN = join(import.meta.dirname, 'main.ts');
const COMPILE_CACHE = join(import.meta.dirname, '../../../.cache/node-compile');

/** The daemon ended before it was ready; its own words have been passed on. */
export class DaemonError extends Error {
  override readonly name = 'DaemonError';
  readonly exitCode: number;

  constructor(exitCode: number, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Reads what a file gained since the last call. */
class Follower {
  readonly #file: string;
  #offset = 0;
  #rest = '';

  constructor(file: string) {
    this.#file = file;
  }

  async newLines(): Promise<string[]> {
    const handle = await open(this.#file, 'r');
    try {
      const { size } = await handle.stat();
      const { buffer } = await handle.read(
        Buffer.alloc(size - this.#offset),
        0,
        size - this.#offset,
        this.#offset,
      );
      this.#offset = size;
      const lines = (this.#rest + buffer.toString('utf8')).split('\n');
      this.#rest = lines.pop() ?? '';
      return lines;
    } finally {
      await handle.close();
    }
  }
}

function parseReady(line: string): ReadyLine | undefined {
  return line.startsWith('{"ready"') ? readyLine.parse(JSON.parse(line)) : undefined;
}

/** What the daemon says until it is ready; what goes on afterwards is in logs/network.log, which rotates. */
function startOutput(dataDir: string): string {
  return join(dataDir, 'run', 'start-output.log');
}

/**
 * Starts the network as a daemon and waits until it is usable.
 *
 * @param onLine told of every line that the daemon writes meanwhile.
 * @throws DaemonError when it ends or is not ready in three minutes.
 */
export async function startDaemon(
  dataDir: string,
  consensus: string | undefined,
  onLine: (line: string) => void,
): Promise<ReadyLine & { readonly pid: number }> {
  const logFile = startOutput(dataDir);
  await mkdir(dirname(logFile), { recursive: true, mode: 0o700 });
  const log = openSync(logFile, 'w', 0o600);
  const args = ['run', '--data', dataDir, '--daemon'];
  if (consensus !== undefined) args.push('--consensus', consensus);
  const child = spawn(process.execPath, [MAIN, ...args], {
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE },
  });
  closeSync(log);
  child.unref();
  const follower = new Follower(logFile);
  const end = Date.now() + UP_TIMEOUT_MS;
  while (Date.now() < end) {
    const isOver = child.exitCode !== null || child.signalCode !== null;
    for (const line of await follower.newLines()) {
      const ready = parseReady(line);
      if (ready !== undefined) return { ...ready, pid: child.pid ?? 0 };
      onLine(line);
    }
    if (isOver) {
      await rm(logFile, { force: true });
      throw new DaemonError(child.exitCode ?? 1, 'The network did not start.');
    }
    await delay(POLL_MS);
  }
  child.kill('SIGTERM');
  throw new DaemonError(1, `The network was not ready in time; see ${logFile}.`);
}

/**
 * Stops the network of that folder, if one runs, and with `wipe` deletes its ledger; keys and ports stay.
 *
 * @returns whether one was running.
 * @throws DaemonError when it does not end in a minute.
 */
export async function stopDaemon(dataDir: string, wipe: boolean): Promise<boolean> {
  const run = await readRunFile(dataDir);
  if (run !== undefined) {
    process.kill(run.pid, 'SIGTERM');
    if (!(await awaitEnd(run, DOWN_TIMEOUT_MS))) {
      throw new DaemonError(1, `The network (process ${run.pid}) does not end; end it yourself.`);
    }
  }
  await removeRunFile(dataDir);
  await rm(startOutput(dataDir), { force: true });
  if (wipe) {
    await rm(join(dataDir, 'ledger'), { recursive: true, force: true });
    await rm(join(dataDir, 'run'), { recursive: true, force: true });
  }
  return run !== undefined;
}
