/** Ordering that is down, and comes back, on both networks. */
import { readdir, readFile } from 'node:fs/promises';
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

/** How often it is looked whether the network has started a killed orderer again. */
const KILL_EVERY_MS = 200;

/** kill -9 for all orderers but one, and again for whatever the network starts in their place. */
class KilledOrderers {
  readonly #networkPid: number;
  readonly #survivor: number;
  #timer: NodeJS.Timeout | undefined;
  #work: Promise<void> = Promise.resolve();

  constructor(networkPid: number, survivor: number) {
    this.#networkPid = networkPid;
    this.#survivor = survivor;
  }

  async begin(): Promise<void> {
    await this.#kill();
    this.#timer = setInterval(() => {
      this.#work = this.#work.then(() => this.#kill());
    }, KILL_EVERY_MS);
  }

  async end(): Promise<void> {
    clearInterval(this.#timer);
    await this.#work;
  }

  async #kill(): Promise<void> {
    for (const pid of await ordererPids(this.#networkPid)) {
      if (pid !== this.#survivor) killNow(pid);
    }
  }
}

function killNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
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
