import { readFile } from 'node:fs/promises';
import { writePrivate } from '@pulseledger/network/identity';
import { choosePort, isPortFree } from '@pulseledger/network/processes';
import { z } from 'zod';

const file = z.record(z.string(), z.int().min(1).max(65_535));

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
    const port = kept !== undefined && (await isPortFree(kept)) ? kept : await choosePort(taken);
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
