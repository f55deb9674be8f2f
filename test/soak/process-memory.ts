import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROW = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(.*)$/;
const KIB = 1_024;

/** One process of the system and the memory it holds. */
export interface ProcessMemory {
  readonly pid: number;
  readonly name: string;
  /** Resident, bytes; see {@link memoryBelow}. */
  readonly bytes: number;
}

interface Row extends ProcessMemory {
  readonly parent: number;
}

/**
 * A name that stays the same when the process is started again: the program's own folder for our
 * scripts, the file's name for others.
 */
export function processName(commandLine: string): string {
  const words = commandLine.split(/\s+/);
  const script = words.find((word) => /\.(?:ts|js|cjs)$/.test(word));
  if (script === undefined) return (words[0] ?? '').split('/').at(-1) ?? '';
  return script
    .replace(/\.(?:ts|js|cjs)$/, '')
    .split('/')
    .slice(-3)
    .filter((part) => part !== 'src')
    .join('/');
}

function rows(listing: string): Row[] {
  return listing.split('\n').flatMap((line) => {
    const [, pid, parent, kib, args] = ROW.exec(line) ?? [];
    if (args === undefined) return [];
    return [
      {
        pid: Number(pid),
        parent: Number(parent),
        bytes: Number(kib) * KIB,
        name: processName(args),
      },
    ];
  });
}

/** Memory of every process under `root`, from a listing of `ps -axo pid=,ppid=,rss=,args=`. */
export function descendants(listing: string, root: number): ProcessMemory[] {
  const all = rows(listing);
  const found: Row[] = [];
  let parents = new Set([root]);
  while (parents.size > 0) {
    const children = all.filter(({ parent }) => parents.has(parent));
    found.push(...children);
    parents = new Set(children.map(({ pid }) => pid));
  }
  const own = all.filter(({ pid }) => pid === root);
  return [...own, ...found].map(({ pid, name, bytes }) => ({ pid, name, bytes }));
}

/**
 * The part of the resident set that no file backs (proc(5), `RssAnon`): pages of a ledger's tables that are mapped and can be
 * dropped at any time are no memory that a process holds. Undefined where there is no /proc.
 */
async function anonymousBytes(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kib = /^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1];
  return kib === undefined ? undefined : Number(kib) * KIB;
}

/** Memory now of every process under `root`; without /proc the whole resident set. */
export async function memoryBelow(root: number): Promise<ProcessMemory[]> {
  const { stdout } = await run('ps', ['-axo', 'pid=,ppid=,rss=,args='], {
    maxBuffer: 16 * KIB * KIB,
  });
  const found = descendants(stdout, root).filter(({ name }) => name !== 'ps');
  return Promise.all(
    found.map(async (one) => ({ ...one, bytes: (await anonymousBytes(one.pid)) ?? one.bytes })),
  );
}
