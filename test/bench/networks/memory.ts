import { readdir, readFile } from 'node:fs/promises';

/** The contract's own processes are the same on both networks. */
const CHAINCODE = 'fabric-chaincode-node';

interface ProcessFacts {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
  /** Without pages of files. */
  readonly anonymousBytes: number;
}

async function factsOf(pid: number): Promise<ProcessFacts | undefined> {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8');
    const parent = Number(/^PPid:\s+(\d+)$/m.exec(status)?.[1] ?? '0');
    const kilobytes = Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1] ?? '0');
    return { pid, parent, command, anonymousBytes: kilobytes * 1024 };
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}

/** Memory of a process and all below it, without the contract's. Linux only: it reads /proc. */
export async function memoryOfTree(root: number): Promise<number> {
  const entries = await readdir('/proc');
  const pids = entries.filter((name) => /^\d+$/.test(name)).map(Number);
  const all = (await Promise.all(pids.map(factsOf))).filter((facts) => facts !== undefined);
  const belongs = (facts: ProcessFacts): boolean =>
    facts.pid === root || all.some((other) => other.pid === facts.parent && belongs(other));
  return all
    .filter((facts) => !facts.command.includes(CHAINCODE) && belongs(facts))
    .reduce((total, facts) => total + facts.anonymousBytes, 0);
}
