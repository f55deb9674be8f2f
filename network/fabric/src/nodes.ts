import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { startChaincodeService } from '../../chaincode-service/src/index.ts';
import {
  acceptsTls,
  eventually,
  type SupervisedProcess,
  supervise,
} from '../../processes/src/index.ts';
import { compactStores } from './compact-stores.ts';
import type { FabricPrograms } from './programs.ts';
import { NotReadyError } from './readiness.ts';
import {
  type ChaincodePlace,
  type Layout,
  type OrdererPlace,
  type PeerPlace,
  text,
} from './render/layout.ts';

/**
 * Peers, orderers and chaincodes share this machine. A Go program that believes all cores to be its own
 * spends a fifth of a peer's time on waking and spinning threads (seen on two cores: 1.25 against 0.98 ms a chunk).
 */
const THREADS_OF_A_NODE: number = Math.max(1, Math.floor(availableParallelism() / 4));
const LISTEN_TIMEOUT_MS = 60_000;
/** A node that dies this often before it ever listened will not come up. */
const MAX_EARLY_CRASHES = 3;

export type NodeKind = 'peer' | 'orderer' | 'chaincode';

/** A process of the network, as its supervisor sees it. */
export interface NodeProcess {
  readonly name: string;
  readonly kind: NodeKind;
  /** Absent between a crash and the next start. */
  readonly pid?: number;
  /** How often it ended by itself since it was started. */
  readonly crashes: number;
}

export interface NodeSetOptions {
  readonly programs: FabricPrograms;
  readonly onCrash: (message: string) => void;
  /** Told of every process that is started, the first time and after a crash. */
  readonly onStart: (node: NodeProcess) => void;
  readonly signal?: AbortSignal | undefined;
}

/** The network has no process of that name. */
export class UnknownNodeError extends Error {
  override readonly name = 'UnknownNodeError';
}

interface Entry {
  readonly kind: NodeKind;
  readonly process: SupervisedProcess;
}

/** Waits until the node, and nobody else, answers TLS on its port. */
async function awaitListening(
  node: SupervisedProcess,
  layout: Layout,
  place: OrdererPlace | PeerPlace,
): Promise<void> {
  const { certificateFile } = layout.keysOf(place.organization).authority.tls;
  const server = {
    ...place.grpc,
    serverName: place.host,
    rootCertificatePem: await readFile(certificateFile, 'utf8'),
  };
  // A mere TCP connection would leave a failed handshake in the node's log at every try.
  const settled = async (): Promise<boolean> =>
    node.crashes() >= MAX_EARLY_CRASHES || (await acceptsTls(server));
  if ((await eventually(settled, LISTEN_TIMEOUT_MS)) && node.crashes() < MAX_EARLY_CRASHES) return;
  throw new NotReadyError(
    `${node.name} did not start; see ${place.logFile}. Its last words: ${node.lastOutput()}`,
  );
}

/** The processes of a network on this machine. */
export class NodeSet {
  readonly #options: NodeSetOptions;
  readonly #entries = new Map<string, Entry>();

  constructor(options: NodeSetOptions) {
    this.#options = options;
  }

  /** Starts an orderer, unless it runs, and waits until it listens. @throws NotReadyError */
  async startOrderer(layout: Layout, place: OrdererPlace): Promise<void> {
    await this.#startNode(layout, place, {
      kind: 'orderer',
      command: this.#options.programs.orderer,
      args: [],
    });
  }

  /** Starts a peer, unless it runs, and waits until it listens. @throws NotReadyError */
  async startPeer(layout: Layout, place: PeerPlace): Promise<void> {
    // What a patient took back is to be nowhere, and who is no provider holds nothing but what patients gave.
    if (!this.has(place.host) && !place.organization.provider) {
      await compactStores(place.ledgerFolder);
    }
    await this.#startNode(layout, place, {
      kind: 'peer',
      command: this.#options.programs.peer,
      args: ['node', 'start'],
    });
  }

  /**
   * Starts an organization's chaincode under that package ID, unless it runs.
   *
   * @throws ChaincodeServiceError
   */
  async startChaincode(
    place: ChaincodePlace,
    options: { readonly chaincodeId: string; readonly folder?: string | undefined },
  ): Promise<void> {
    if (this.#entries.has(place.host)) return;
    this.#options.signal?.throwIfAborted();
    const { chaincodeId, folder } = options;
    const service = await startChaincodeService({
      address: text(place.grpc),
      chaincodeId,
      logFile: place.logFile,
      mspId: place.organization.mspId,
      ...(folder === undefined ? {} : { folder }),
      onCrash: this.#options.onCrash,
      onStart: (pid) => {
        this.#started(place.host, 'chaincode', pid);
      },
    });
    this.#entries.set(place.host, { kind: 'chaincode', process: service.process });
    // The start was given up while this one was coming up.
    if (this.#options.signal?.aborted === true) await this.stop(place.host);
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** Stops one process and keeps it stopped. @throws UnknownNodeError */
  async stop(name: string): Promise<void> {
    const entry = this.#entries.get(name);
    if (entry === undefined) throw new UnknownNodeError(`No process ${name} runs here.`);
    await entry.process.stop();
    this.#entries.delete(name);
  }

  report(): NodeProcess[] {
    return [...this.#entries].map(([name, { kind, process }]) => {
      const pid = process.pid();
      return { name, kind, ...(pid === undefined ? {} : { pid }), crashes: process.crashes() };
    });
  }

  /** Stops everything in order; what is stored stays. */
  async stopAll(): Promise<void> {
    // Peers first: nothing new comes in, and what they hand on still finds orderers and chaincode.
    for (const kind of ['peer', 'orderer', 'chaincode'] as const) {
      const names = this.report().filter((node) => node.kind === kind);
      await Promise.all(names.map(({ name }) => this.stop(name)));
    }
  }

  #started(name: string, kind: NodeKind, pid: number | undefined): void {
    if (pid === undefined) return;
    const crashes = this.#entries.get(name)?.process.crashes() ?? 0;
    this.#options.onStart({ name, kind, pid, crashes });
  }

  async #startNode(
    layout: Layout,
    place: OrdererPlace | PeerPlace,
    program: { kind: 'peer' | 'orderer'; command: string; args: string[] },
  ): Promise<void> {
    if (this.#entries.has(place.host)) return;
    this.#options.signal?.throwIfAborted();
    const { kind, command, args } = program;
    const node: SupervisedProcess = supervise({
      name: place.host,
      command,
      args,
      cwd: place.configFolder,
      environment: {
        FABRIC_CFG_PATH: place.configFolder,
        FABRIC_LOGGING_SPEC: process.env['FABRIC_LOGGING_SPEC'] ?? 'warning',
        GOMAXPROCS: String(THREADS_OF_A_NODE),
      },
      logFile: place.logFile,
      onCrash: this.#options.onCrash,
      onStart: ({ pid }) => {
        this.#started(place.host, kind, pid);
      },
    });
    this.#entries.set(place.host, { kind, process: node });
    try {
      await awaitListening(node, layout, place);
    } catch (error) {
      await this.stop(place.host).catch(() => undefined);
      throw error;
    }
  }
}
