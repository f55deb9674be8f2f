import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';

/** Process ids of the programs of that name that run in a folder. */
async function programsIn(folder: string, name: string): Promise<number[]> {
  const entries = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  const found = await Promise.all(
    entries.map(async (pid) => {
      const at = await readlink(join('/proc', pid, 'cwd')).catch(() => '');
      const command = await readFile(join('/proc', pid, 'cmdline'), 'utf8').catch(() => '');
      const program = command.split('\0')[0]?.split('/').at(-1);
      return at.startsWith(folder) && program === name ? [Number(pid)] : [];
    }),
  );
  return found.flat();
}

/** Makes so many orderers of a native network stand still. @returns lets them go on */
export async function pausedOrderers(folder: string, count: number): Promise<() => void> {
  const pids = (await programsIn(folder, 'orderer')).slice(0, count);
  if (pids.length < count) throw new Error(`there are only ${pids.length} orderers`);
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  return () => {
    for (const pid of pids) process.kill(pid, 'SIGCONT');
  };
}
