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

/** Two of three orderers stand still: one alone is no majority. */
async function onFabric(folder: string): Promise<OrderedNetwork> {
  const network = await startNetwork('fabric', folder);
  const two = (await ordererPids(network.pid)).slice(0, 2);
  if (two.length !== 2) throw new Error(`there are only ${two.length} orderers to stop`);
  const tell = (signal: 'SIGSTOP' | 'SIGCONT'): Promise<void> => {
    for (const pid of two) process.kill(pid, signal);
    return Promise.resolve();
  };
  return { network, cut: () => tell('SIGSTOP'), restore: () => tell('SIGCONT') };
}

export function startOrdered(kind: 'devnet' | 'fabric', folder: string): Promise<OrderedNetwork> {
  return kind === 'devnet' ? onDevnet(folder) : onFabric(folder);
}
