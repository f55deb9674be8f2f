import { join } from 'node:path';
import { setInterval } from 'node:timers';
import { NETWORK, type NetworkDefinition } from '../../definition/src/index.ts';
import { RotatingLog } from '../../processes/src/index.ts';
import type { ControlRequest } from './control/messages.ts';
import { type ControlHandler, serveControl } from './control/server.ts';
import { prepareDataFolder } from './data-folder.ts';
import { type FabricNetwork, type Progress, StartAbortedError, startFabric } from './network.ts';
import type { NodeProcess } from './nodes.ts';
import { readRunFile, removeRunFile, writeRunFile } from './run-file.ts';
import { checkNoRestoreCutOff } from './snapshot/restore-marker.ts';
import { readState, StateError } from './state.ts';

const PARENT_CHECK_MS = 1_000;
/** Under BFT three orderers would bear no fault at all. */
const BFT_ORDERERS = 4;

/** The network of that folder is running already. */
export class AlreadyRunningError extends Error {
  override readonly name = 'AlreadyRunningError';
}

export interface RunOptions {
  readonly dataDir: string;
  /** Outlive the process that started it, and keep a log. */
  readonly daemon: boolean;
  /** How orderers agree; chosen when the network is made, Raft without a choice. */
  readonly consensus?: 'raft' | 'bft' | undefined;
}

/** Resolves when the process is asked to end; a second request ends it at once. */
function stopRequested(isDaemon: boolean): Promise<string> {
  return new Promise((resolve) => {
    let isAsked = false;
    const ask = (why: string): void => {
      // The guardian ends the nodes then.
      if (isAsked) process.exit(1);
      isAsked = true;
      resolve(why);
    };
    process.on('SIGTERM', () => {
      ask('asked to stop');
    });
    process.on('SIGINT', () => {
      // Ctrl-C reaches a whole terminal. Under a supervisor (which has a channel to this process) it is the
      // supervisor that stops things in order.
      if (process.channel === undefined) ask('interrupted');
    });
    if (isDaemon) return;
    const parent = process.ppid;
    setInterval(() => {
      if (process.ppid !== parent) ask('the process that started it is gone');
    }, PARENT_CHECK_MS).unref();
  });
}

/** The project's network under that consensus. With three organizations the first one runs the fourth orderer. */
export function definitionFor(consensus: 'raft' | 'bft' | undefined): NetworkDefinition {
  if (consensus !== 'bft') return NETWORK;
  const missing = BFT_ORDERERS - NETWORK.organizations.flatMap((o) => o.orderers).length;
  const organizations = NETWORK.organizations.map((o, i) =>
    i < missing ? { ...o, orderers: [...o.orderers, 'orderer1'] } : o,
  );
  return { ...NETWORK, consensus, organizations };
}

async function carryOut(
  network: FabricNetwork,
  request: ControlRequest,
  told: (progress: Progress) => void,
): Promise<void> {
  switch (request.ask) {
    case 'perform':
      await network.perform(request.operation, told);
      break;
    case 'resume': {
      const { pending } = network.state;
      if (pending !== undefined) await network.perform(pending, told);
      break;
    }
    case 'stop-node':
      await network.stopNode(request.node);
      break;
    case 'start-node':
      await network.startNode(request.node);
      break;
  }
}

class Runner {
  readonly #options: RunOptions;
  readonly #log: RotatingLog | undefined;
  #network: FabricNetwork | undefined;
  #written: Promise<void> = Promise.resolve();
  readonly #nodes = new Map<string, NodeProcess>();

  constructor(options: RunOptions) {
    this.#options = options;
    const file = join(options.dataDir, 'run', 'logs', 'network.log');
    this.#log = options.daemon ? new RotatingLog(file) : undefined;
  }

  readonly say = (text: string): void => {
    this.#log?.append(`${new Date().toISOString()} ${text}\n`);
    // A daemon's stderr is the file that `up` reads until the network is ready; the log above rotates.
    if (this.#log === undefined || this.#network === undefined) process.stderr.write(`${text}\n`);
  };

  readonly #tell = (step: string, tookMs: number): void => {
    this.say(`${(tookMs / 1000).toFixed(1).padStart(6)} s  ${step}`);
  };

  /** Keeps the run file true, and tells a supervisor that listens which processes there are. */
  readonly #started = (node: NodeProcess): void => {
    this.#nodes.set(node.name, node);
    this.#writeNodes();
    if (process.connected) process.send?.({ event: 'node', ...node }, () => undefined);
  };

  #writeNodes(): void {
    const { dataDir } = this.#options;
    this.#written = this.#written
      .then(() => writeRunFile(dataDir, this.#network?.nodes() ?? [...this.#nodes.values()]))
      .catch(() => undefined);
  }

  readonly #handle: ControlHandler = async (request, onStep) => {
    const network = this.#network;
    if (network === undefined) throw new StartAbortedError('The network is still starting.');
    const told = ({ step, tookMs }: Progress): void => {
      this.#tell(step, tookMs);
      onStep(step, tookMs);
    };
    try {
      await carryOut(network, request, told);
    } finally {
      this.#writeNodes();
    }
  };

  async run(): Promise<void> {
    const { dataDir, daemon, consensus } = this.#options;
    await writeRunFile(dataDir, []);
    const control = await serveControl(dataDir, this.#handle);
    const starting = new AbortController();
    const stopping = stopRequested(daemon).then((why) => {
      this.say(`Stopping: ${why}.`);
      starting.abort();
    });
    try {
      const network = await startFabric({
        dataDir,
        definition: definitionFor(consensus),
        signal: starting.signal,
        onProgress: ({ step, tookMs }) => {
          this.#tell(step, tookMs);
        },
        onCrash: this.say,
        onNode: this.#started,
      });
      this.#network = network;
      announce(network);
      await stopping;
      await network.stop();
    } catch (error) {
      if (!(error instanceof StartAbortedError)) throw error;
    } finally {
      await control.close();
      await this.#written;
      await removeRunFile(dataDir);
      this.#log?.close();
    }
  }
}

/**
 * Runs the network until the process is asked to end: prints `{"ready":true,…}` on stdout once when it is usable,
 * and progress on stderr. Meanwhile it does what is asked over the folder's control socket, and
 * announces every process of its own (`{"event":"node",name,kind,pid,crashes}`) on an IPC channel, if it has one.
 *
 * @throws AlreadyRunningError, and whatever startFabric throws.
 */
export async function runNetwork(options: RunOptions): Promise<void> {
  const { dataDir, consensus } = options;
  await prepareDataFolder(dataDir);
  const other = await readRunFile(dataDir);
  if (other !== undefined && other.pid !== process.pid) {
    throw new AlreadyRunningError(`The network of ${dataDir} runs already (process ${other.pid}).`);
  }
  await checkNoRestoreCutOff(dataDir);
  const kept = (await readState(dataDir))?.consensus;
  if (consensus !== undefined && kept !== undefined && kept !== consensus) {
    throw new StateError(
      `This network orders by ${kept}, and that cannot be changed. Use another --data folder, or start anew ` +
        'with: down --wipe',
    );
  }
  await new Runner(options).run();
}

function announce({ profileFile, readyMs }: FabricNetwork): void {
  process.stdout.write(`${JSON.stringify({ ready: true, profile: profileFile, readyMs })}\n`);
}
