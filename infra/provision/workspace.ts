import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Linux keeps this folder in memory. */
const IN_MEMORY = '/dev/shm';

/** Runs `work` with a folder that only this user reads, in memory where there is such a place; then it is gone. */
export async function withPrivateFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const parent = existsSync(IN_MEMORY) ? IN_MEMORY : tmpdir();
  const folder = await mkdtemp(join(parent, 'pulse-provision-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
