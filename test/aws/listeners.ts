import { existsSync } from 'node:fs';
import { readdir, readFile, readlink } from 'node:fs/promises';

const LISTENS = '0A';
/** 127.0.0.1 and ::1 as the kernel writes them. */
const LOOPBACK = ['0100007F', '00000000000000000000000001000000'];

/**
 * Sockets of a process group that listen at another address than loopback's, in the kernel's notation.
 * Empty where there is no /proc to ask.
 */
export async function foreignListeners(group: number): Promise<string[]> {
  if (!existsSync('/proc/net/tcp')) return [];
  const owned = await socketsOf(await processesOf(group));
  const tables = ['/proc/net/tcp', '/proc/net/tcp6'].filter((path) => existsSync(path));
  const texts = await Promise.all(tables.map((path) => readFile(path, 'utf8')));
  return texts
    .flatMap((text) => text.trimEnd().split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state, , , , , , inode = '']) => state === LISTENS && owned.has(inode))
    .map(([, address = '']) => address)
    .filter((address) => !LOOPBACK.includes(address.split(':')[0] ?? ''));
}

async function processesOf(group: number): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const groups = await Promise.all(
    pids.map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
      // After the name, which may hold anything: state, parent, group.
      return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2];
    }),
  );
  return pids.filter((_, index) => groups[index] === group.toString());
}

/** Inodes of the sockets that the processes have open. */
async function socketsOf(pids: readonly string[]): Promise<ReadonlySet<string>> {
  const inodes = await Promise.all(
    pids.map(async (pid) => {
      const files = await readdir(`/proc/${pid}/fd`).catch(() => []);
      const links = files.map((file) => readlink(`/proc/${pid}/fd/${file}`).catch(() => ''));
      return (await Promise.all(links)).map((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? '');
    }),
  );
  return new Set(inodes.flat().filter((inode) => inode !== ''));
}
