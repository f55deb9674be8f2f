import { NETWORK, type NetworkDefinition } from '../../definition/src/index.ts';
import { createNetworkIdentities, writePrivate } from '../../identity/src/index.ts';
import { firstPeers } from './channel/administrator.ts';
import { createGenesisBlock, joinOrderer, joinPeer } from './channel/join.ts';
import { chaincodeId, deployChaincode } from './channel/lifecycle.ts';
import { writeConfiguration } from './configure.ts';
import { type LocalLayout, layOutHere, portNames, portsFile } from './local-layout.ts';
import { writeMetricsTargets } from './metrics-targets.ts';
import { type NodeProcess, NodeSet, UnknownNodeError } from './nodes.ts';
import type { Operation } from './operation.ts';
import { addPorts, keepPorts } from './ports.ts';
import { connectionProfile, type NetworkProfile } from './profile.ts';
import { type FabricPrograms, findPrograms } from './programs.ts';
import { awaitEndorsers, awaitLeader } from './readiness.ts';
import type { ChaincodePlace, OrdererPlace, PeerPlace } from './render/layout.ts';
import {
  effectivePlan,
  initialState,
  type NetworkState,
  newestWish,
  readState,
  settledState,
  writeState,
} from './state.ts';
import { type FabricTools, localTools } from './tools.ts';
import { perform } from './verbs/perform.ts';
import type { VerbContext } from './verbs/verb-context.ts';

/** A step that is done. */
export interface Progress {
  readonly step: string;
  /** Milliseconds that this step took. */
  readonly tookMs: number;
}

export interface FabricOptions {
  /** Folder of keys, ledger and everything that is made at run time. */
  readonly dataDir: string;
  /**
   * Default: Pulseledger's own network. Organizations and consensus count at the first start only: afterwards the
   * network has grown from them.
   */
  readonly definition?: NetworkDefinition;
  /** Default: found by FABRIC_BIN or PATH. */
  readonly programs?: FabricPrograms;
  /** Folder of the chaincode's package.json. Default: the project's `chaincode/`. */
  readonly chaincodeFolder?: string;
  /** Aborting gives the start up; everything started by then is stopped. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** Told of every node that ended by itself (it is started again), and of what was not finished. */
  readonly onCrash?: (message: string) => void;
  /** Told of every process that is started, the first time and after a crash. */
  readonly onNode?: (node: NodeProcess) => void;
}

/** A running network. */
export interface FabricNetwork {
  readonly profile: NetworkProfile;
  /** The same as a file. */
  readonly profileFile: string;
  /** Where everything is now; changes when the network grows. */
  readonly layout: LocalLayout;
  readonly state: NetworkState;
  readonly readyMs: number;
  readonly nodes: () => NodeProcess[];
  /** Stops one node, which then stays stopped. @throws UnknownNodeError */
  readonly stopNode: (host: string) => Promise<void>;
  /** Starts a node that was stopped. @throws UnknownNodeError, NotReadyError */
  readonly startNode: (host: string) => Promise<void>;
  /**
   * Changes the network while it runs; one change at a time. The same change again, after a failure, goes on where it
   * was cut off.
   *
   * @throws OperationError when it cannot be done; ProgramError, NotReadyError and others when a step failed.
   */
  readonly perform: (
    operation: Operation,
    onProgress?: (progress: Progress) => void,
  ) => Promise<void>;
  /** Stops every process in order; the ledger stays. */
  readonly stop: () => Promise<void>;
}

/** The start was given up by its signal. */
export class StartAbortedError extends Error {
  override readonly name = 'StartAbortedError';
}

/** Waits for all even when one fails, so that what the others started is known and can be stopped. */
async function all(work: readonly Promise<unknown>[]): Promise<void> {
  const results = await Promise.allSettled(work);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** Rejects when the start is given up. */
async function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => {
      reject(new StartAbortedError('The start of the network was given up.'));
    });
  });
}

class Network implements FabricNetwork, VerbContext {
  readonly tools: FabricTools;
  readonly nodeSet: NodeSet;
  readonly #options: FabricOptions;
  readonly #wished: NetworkDefinition;
  readonly #startedAt = performance.now();
  #state: NetworkState;
  #layout: LocalLayout;
  #profile: NetworkProfile | undefined;
  #onProgress: ((progress: Progress) => void) | undefined;
  #work: Promise<unknown> = Promise.resolve();
  readyMs = 0;

  constructor(
    options: FabricOptions,
    known: { programs: FabricPrograms; state: NetworkState; layout: LocalLayout },
  ) {
    this.#options = options;
    this.#wished = options.definition ?? NETWORK;
    this.tools = localTools(known.programs);
    this.#state = known.state;
    this.#layout = known.layout;
    this.#onProgress = options.onProgress;
    this.nodeSet = new NodeSet({
      programs: known.programs,
      signal: options.signal,
      onCrash: (message) => options.onCrash?.(message),
      onStart: (node) => options.onNode?.(node),
    });
  }

  get layout(): LocalLayout {
    return this.#layout;
  }

  get state(): NetworkState {
    return this.#state;
  }

  get profileFile(): string {
    return this.#layout.profileFile;
  }

  get profile(): NetworkProfile {
    if (this.#profile === undefined) throw new TypeError('The network is not up yet.');
    return this.#profile;
  }

  readonly nodes = (): NodeProcess[] => this.nodeSet.report();

  readonly stopNode = async (host: string): Promise<void> => this.nodeSet.stop(host);

  readonly startNode = async (host: string): Promise<void> => {
    const { peers, orderers } = this.#layout;
    const peer = peers.find((place) => place.host === host);
    const orderer = orderers.find((place) => place.host === host);
    if (peer !== undefined) await this.nodeSet.startPeer(this.#layout, peer);
    else if (orderer !== undefined) await this.nodeSet.startOrderer(this.#layout, orderer);
    else throw new UnknownNodeError(`The network has no peer or orderer ${host}.`);
  };

  readonly perform = async (
    operation: Operation,
    onProgress?: (progress: Progress) => void,
  ): Promise<void> => {
    const work = async (): Promise<void> => {
      this.#onProgress = onProgress;
      await perform(this, operation);
    };
    const result = this.#work.then(work);
    this.#work = result.catch(() => undefined);
    await result;
  };

  readonly stop = async (): Promise<void> => this.nodeSet.stopAll();

  readonly step = async <T>(step: string, work: () => Promise<T>): Promise<T> => {
    const startedAt = performance.now();
    const result = await work();
    this.#onProgress?.({ step, tookMs: Math.round(performance.now() - startedAt) });
    return result;
  };

  readonly note = (text: string): void => {
    this.#options.onCrash?.(text);
  };

  /** Makes what follows from the new state (ports, keys, configuration), then keeps it. */
  readonly save = async (state: NetworkState): Promise<LocalLayout> => {
    this.#layout = await this.layOut(state);
    this.#state = state;
    await writeState(this.#options.dataDir, state);
    return this.#layout;
  };

  readonly startChaincode = async (
    layout: LocalLayout,
    place: ChaincodePlace,
    folder: string | undefined,
  ): Promise<void> => {
    await this.nodeSet.startChaincode(place, {
      chaincodeId: chaincodeId(layout, place),
      folder: folder ?? this.#options.chaincodeFolder,
    });
  };

  readonly layOut = async (state: NetworkState): Promise<LocalLayout> => {
    const { dataDir } = this.#options;
    const plan = effectivePlan(state, this.#wished);
    const ports = await addPorts(portsFile(dataDir), portNames(plan));
    const layout = layOutHere(plan, dataDir, ports);
    await createNetworkIdentities(layout.placement.keysFolder, plan.definition);
    await writeConfiguration(layout);
    return layout;
  };

  readonly publishProfile = async (): Promise<void> => {
    this.#profile = await connectionProfile(this.#layout);
    await writePrivate(this.profileFile, `${JSON.stringify(this.#profile, null, 2)}\n`);
    await writeMetricsTargets(this.#layout);
  };

  async start(): Promise<void> {
    const layout = this.#layout;
    const { channel, chaincode } = layout.definition;
    const { folder } = this.#state.chaincode;
    await this.step('keys and configuration', async () => {
      await createNetworkIdentities(layout.placement.keysFolder, layout.definition);
      await writeConfiguration(layout);
      await createGenesisBlock(layout, this.tools);
      await writeState(layout.dataDir, this.#state);
    });
    const chaincodes = this.step('chaincode services listen', () =>
      all(layout.chaincodes.map((place) => this.startChaincode(layout, place, folder))),
    );
    const orderers = this.step(`orderers joined channel ${channel}, leader elected`, async () => {
      await all(layout.orderers.map((place) => this.#startOrderer(place)));
      await awaitLeader(layout);
    });
    const peers = this.step(`peers joined channel ${channel}`, () =>
      all(layout.peers.map((place) => this.#startPeer(place))),
    );
    await all([chaincodes, orderers, peers]);
    await this.step(`chaincode ${chaincode.name} committed`, () =>
      deployChaincode(layout, this.tools),
    );
    await this.step('every gateway reaches its endorsers', () =>
      awaitEndorsers(layout, firstPeers(layout)),
    );
    await this.publishProfile();
  }

  /** What was begun before the network was last stopped. The network is usable without it, so a failure is told only. */
  async finishPending(pending: Operation): Promise<void> {
    try {
      await perform(this, pending);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.note(`An interrupted ${pending.verb} could not be finished: ${why} Try: resume`);
    }
    this.#onProgress = undefined;
  }

  finishStart(): void {
    this.readyMs = Math.round(performance.now() - this.#startedAt);
  }

  async #startOrderer(place: OrdererPlace): Promise<void> {
    await this.nodeSet.startOrderer(this.#layout, place);
    await joinOrderer(this.#layout, this.tools, place);
  }

  async #startPeer(place: PeerPlace): Promise<void> {
    await this.nodeSet.startPeer(this.#layout, place);
    await joinPeer(this.#layout, this.tools, place);
  }
}

/**
 * Starts a native Fabric network on this machine, the first time from nothing, later from its ledger.
 *
 * @throws MissingProgramsError, PortTakenError, NotReadyError, ProgramError, ChaincodeServiceError,
 *   StateError, StartAbortedError; whatever was started by then has been stopped.
 */
export async function startFabric(options: FabricOptions): Promise<FabricNetwork> {
  const { dataDir } = options;
  const wished = options.definition ?? NETWORK;
  const programs = options.programs ?? findPrograms();
  const state = newestWish((await readState(dataDir)) ?? initialState(wished), wished);
  const plan = effectivePlan(settledState(state), wished);
  const ports = await keepPorts(portsFile(dataDir), portNames(plan));
  const layout = layOutHere(plan, dataDir, ports);
  const network = new Network(options, { programs, state, layout });
  try {
    await Promise.race([network.start(), aborted(options.signal)]);
    if (state.pending !== undefined) await network.finishPending(state.pending);
  } catch (error) {
    await network.stop();
    throw error;
  }
  network.finishStart();
  return network;
}
