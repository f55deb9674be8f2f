import { randomInt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { writePrivate } from '@pulseledger/network/identity';
import { z } from 'zod';
import { LOOPBACK } from '../loopback-server.ts';

/** Below the range from which systems take the ports of outgoing connections (Linux: 32768 up). */
const LOWEST_PORT = 20_000;
const HIGHEST_PORT = 32_000;
const MAX_TRIES = 1_000;

const file = z.record(z.string(), z.int().min(1).max(65_535));

export async function isPortFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once('error', () => {
    resolve(false);
  });
  server.listen({ port, host: LOOPBACK, exclusive: true }, () => {
    server.close(() => {
      resolve(true);
    });
  });
  return promise;
}

/**
 * Ports by name: those of the last run where they are still free, so that devices and bookmarks find the
 * system again, else new ones.
 */
export async function choosePorts<Name extends string>(
  path: string,
  names: readonly Name[],
): Promise<Record<Name, number>> {
  const before = await readBefore(path);
  const taken = new Set<number>();
  const chosen: Record<string, number> = {};
  for (const name of names) {
    const kept = before[name];
    const port = kept !== undefined && (await isPortFree(kept)) ? kept : await anyPort(taken);
    taken.add(port);
    chosen[name] = port;
  }
  await writePrivate(path, JSON.stringify(chosen));
  return chosen;
}

async function readBefore(path: string): Promise<Record<string, number>> {
  try {
    const parsed: unknown = JSON.parse(await readFile(path, 'utf8'));
    return file.parse(parsed);
  } catch {
    return {};
  }
}

async function anyPort(taken: ReadonlySet<number>): Promise<number> {
  for (let i = 0; i < MAX_TRIES; i++) {
    const port = randomInt(LOWEST_PORT, HIGHEST_PORT);
    if (!taken.has(port) && (await isPortFree(port))) return port;
  }
  throw new Error('No free port was found.');
}
