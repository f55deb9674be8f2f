/** Ordering that is down, and comes back, on both networks. */
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { startNetwork } from '../bench/start-network.ts';
import { startEmbeddedNetwork } from '../record-port/embedded-network.ts';

/** A network whose ordering can be taken away. */
export interface OrderedNetwork {
  readonly network: Pick<Awaited<ReturnType<typeof startNetwork>>, 'profile' | 'stop'>;
  /** From now on nothing is ordered. */
  readonly cut: () => Promise<void>;
  /** Ordering is back. */
  readonly restore: () => Promise<void>;
}

/** On Fabric two of three orderers stand still, or are killed. */
export type Outage = 'stop' | 'kill';

const FOREVER = 1_000_000;

/** The orderer answers that it has a transaction, and loses it. */
async function onDevnet(folder: string): Promise<OrderedNetwork> {
  const network = await startEmbeddedNetwork(folder);
  const { control } = network;
  return {
    network,
    cut: async () => {
      await control.addFault({ fault: { kind: 'drop' }, times: FOREVER, match: {} });
    },
    restore: async () => {
      await control.clearFaults();
    },
  };
}

/** Orderers among the programs that the network has started. */
async function ordererPids(networkPid: number): Promise<number[]> {
  const pids: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const status = await readFile(`/proc/${name}/status`, 'utf8').catch(() => '');
    const isChild = new RegExp(`^PPid:\\s+${networkPid}$`, 'm').test(status);
    if (isChild && /^Name:\s+orderer$/m.test(status)) pids.push(Number(name));
  }
  return pids.sort((a, b) => a - b);
}

/** Two of three orderers are gone: one alone is no majority. */
async function onFabric(folder: string, how: Outage): Promise<OrderedNetwork> {
  const network = await startNetwork('fabric', folder);
  const [survivor, ...two] = await ordererPids(network.pid);
  if (survivor === undefined || two.length !== 2) throw new Error('there are not three orderers');
  const tell = (signal: 'SIGSTOP' | 'SIGCONT'): Promise<void> => {
    for (const pid of two) process.kill(pid, signal);
    return Promise.resolve();
  };
  if (how === 'stop')
    return { network, cut: () => tell('SIGSTOP'), restore: () => tell('SIGCONT') };
  const killing = new KilledOrderers(network.pid, survivor);
  return { network, cut: () => killing.begin(), restore: () => killing.end() };
}

const LOOK_EVERY_MS = 100;
const LOOKS = 600;

/** kill -9 for all orderers but one; what the network starts in their place stands still until ordering is to be back. */
class KilledOrderers {
  readonly #networkPid: number;
  readonly #survivor: number;
  #frozen: readonly number[] = [];

  constructor(networkPid: number, survivor: number) {
    this.#networkPid = networkPid;
    this.#survivor = survivor;
  }

  /** Resolves when the successors of both stand still: from then on nothing is ordered. */
  async begin(): Promise<void> {
    const killed = await this.#others([]);
    for (const pid of killed) signal(pid, 'SIGKILL');
    for (let looks = 0; this.#frozen.length < killed.length; looks += 1) {
      if (looks === LOOKS) throw new Error('the network did not start its orderers again');
      await delay(LOOK_EVERY_MS);
      const successors = await this.#others([...killed, ...this.#frozen]);
      for (const pid of successors) signal(pid, 'SIGSTOP');
      this.#frozen = [...this.#frozen, ...successors];
    }
  }

  end(): Promise<void> {
    for (const pid of this.#frozen) signal(pid, 'SIGCONT');
    this.#frozen = [];
    return Promise.resolve();
  }

  async #others(known: readonly number[]): Promise<number[]> {
    const pids = await ordererPids(this.#networkPid);
    return pids.filter((pid) => pid !== this.#survivor && !known.includes(pid));
  }
}

function signal(pid: number, name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended by itself meanwhile.
  }
}

export function startOrdered(
  kind: 'devnet' | 'fabric',
  folder: string,
  how: Outage = 'stop',
): Promise<OrderedNetwork> {
  return kind === 'devnet' ? onDevnet(folder) : onFabric(folder, how);
}
