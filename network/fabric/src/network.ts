import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type ChaincodeService, startChaincodeService } from '../../chaincode-service/src/index.ts';
import { NETWORK, type NetworkDefinition } from '../../definition/src/index.ts';
import { createNetworkIdentities, writePrivate } from '../../identity/src/index.ts';
import {
  acceptsTls,
  eventually,
  type SupervisedProcess,
  supervise,
} from '../../processes/src/index.ts';
import { createGenesisBlock, joinOrderer, joinPeer } from './channel.ts';
import { writeConfiguration } from './configure.ts';
import {
  HOST,
  type Layout,
  layOut,
  type OrdererPlace,
  type PeerPlace,
  portNames,
} from './layout.ts';
import { chaincodeId, deployChaincode } from './lifecycle.ts';
import { keepPorts } from './ports.ts';
import { connectionProfile, type NetworkProfile } from './profile.ts';
import { type FabricPrograms, findPrograms } from './programs.ts';
import { awaitEndorsers, awaitLeader, NotReadyError } from './readiness.ts';

/**
 * Three peers, three orderers and the chaincodes share this machine. A Go program that believes all cores to be its own
 * spends a fifth of a peer's time on waking and spinning threads (seen on two cores: 1.25 against 0.98 ms a chunk).
 */
const THREADS_OF_A_NODE: number = Math.max(1, Math.floor(availableParallelism() / 4));

/** A step of the start that is done. */
export interface Progress {
  readonly step: string;
  /** Milliseconds that this step took. */
  readonly tookMs: number;
}

export interface FabricOptions {
  /** Folder of keys, ledger and everything that is made at run time. */
  readonly dataDir: string;
  /** Default: Pulseledger's own network. */
  readonly definition?: NetworkDefinition;
  /** Default: found by FABRIC_BIN or PATH. */
  readonly programs?: FabricPrograms;
  /** Folder of the chaincode's package.json. Default: the project's `chaincode/`. */
  readonly chaincodeFolder?: string;
  /** Aborting gives the start up; everything started by then is stopped. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** Told of every node that ended by itself, in one sentence; it is started again. */
  readonly onCrash?: (message: string) => void;
}

/** A running network. */
export interface FabricNetwork {
  readonly profile: NetworkProfile;
  /** The same as a file. */
  readonly profileFile: string;
  readonly layout: Layout;
  readonly readyMs: number;
  /** Stops every process in order; the ledger stays. */
  readonly stop: () => Promise<void>;
}

/** The start was given up by its signal. */
export class StartAbortedError extends Error {
  override readonly name = 'StartAbortedError';
}

const LISTEN_TIMEOUT_MS = 60_000;
/** A node that dies this often before it ever listened will not come up. */
const MAX_EARLY_CRASHES = 3;

/** What is running, so that everything can be stopped also when the start fails half-way. */
interface Running {
  readonly orderers: SupervisedProcess[];
  readonly peers: SupervisedProcess[];
  readonly chaincodes: ChaincodeService[];
}

async function stopAll(running: Running): Promise<void> {
  // Peers first: nothing new comes in, and what they hand on still finds orderers and chaincode.
  await Promise.all(running.peers.map((p) => p.stop()));
  await Promise.all(running.orderers.map((p) => p.stop()));
  await Promise.all(running.chaincodes.map((service) => service.stop()));
}

/** An orderer opens its administration port before this one. */
async function awaitListening(
  node: SupervisedProcess,
  layout: Layout,
  place: OrdererPlace | PeerPlace,
): Promise<void> {
  const { certificateFile } = layout.keysOf(place.organization).authority.tls;
  const server = {
    host: HOST,
    port: place.ports.grpc,
    serverName: place.host,
    rootCertificatePem: await readFile(certificateFile, 'utf8'),
  };
  // A mere TCP connection would leave a failed handshake in the node's log at every try.
  const settled = async (): Promise<boolean> =>
    node.crashes() >= MAX_EARLY_CRASHES || (await acceptsTls(server));
  if ((await eventually(settled, LISTEN_TIMEOUT_MS)) && node.crashes() < MAX_EARLY_CRASHES) return;
  throw new NotReadyError(`${node.name} did not start. Its last words: ${node.lastOutput()}`);
}

class Start {
  readonly #options: FabricOptions;
  readonly #layout: Layout;
  readonly #programs: FabricPrograms;
  readonly running: Running = { orderers: [], peers: [], chaincodes: [] };

  constructor(options: FabricOptions, layout: Layout, programs: FabricPrograms) {
    this.#options = options;
    this.#layout = layout;
    this.#programs = programs;
  }

  async step<T>(step: string, work: () => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    const result = await work();
    this.#options.onProgress?.({ step, tookMs: Math.round(performance.now() - startedAt) });
    return result;
  }

  async run(): Promise<NetworkProfile> {
    const layout = this.#layout;
    const { channel, chaincode } = layout.definition;
    await this.step('keys and configuration', async () => {
      await createNetworkIdentities(layout.keysFolder, layout.definition);
      await writeConfiguration(layout);
      await createGenesisBlock(layout, this.#programs);
    });
    const chaincodes = this.step('chaincode services listen', () => this.#startChaincodes());
    const orderers = this.step(`orderers joined channel ${channel}, leader elected`, async () => {
      await Promise.all(layout.orderers.map((place) => this.#startOrderer(place)));
      await awaitLeader(layout);
    });
    const peers = this.step(`peers joined channel ${channel}`, () =>
      Promise.all(layout.peers.map((place) => this.#startPeer(place))),
    );
    await all([chaincodes, orderers, peers]);
    await this.step(`chaincode ${chaincode.name} committed`, () =>
      deployChaincode(layout, this.#programs),
    );
    const profile = await connectionProfile(layout);
    await this.step('every gateway reaches its endorsers', () => awaitEndorsers(layout, profile));
    await writePrivate(layout.profileFile, `${JSON.stringify(profile, null, 2)}\n`);
    return profile;
  }

  #supervise(place: OrdererPlace | PeerPlace, command: string, args: string[]): SupervisedProcess {
    this.#options.signal?.throwIfAborted();
    return supervise({
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
      onCrash: (message) => this.#options.onCrash?.(message),
    });
  }

  async #startOrderer(place: OrdererPlace): Promise<void> {
    const node = this.#supervise(place, this.#programs.orderer, []);
    this.running.orderers.push(node);
    await awaitListening(node, this.#layout, place);
    await joinOrderer(this.#layout, this.#programs, place);
  }

  async #startPeer(place: PeerPlace): Promise<void> {
    const node = this.#supervise(place, this.#programs.peer, ['node', 'start']);
    this.running.peers.push(node);
    await awaitListening(node, this.#layout, place);
    await joinPeer(this.#layout, this.#programs, place);
  }

  async #startChaincodes(): Promise<void> {
    const folder = this.#options.chaincodeFolder;
    await all(
      this.#layout.chaincodes.map(async (place) => {
        this.#options.signal?.throwIfAborted();
        const service = await startChaincodeService({
          address: place.address,
          chaincodeId: await chaincodeId(this.#layout, place),
          logFile: place.logFile,
          ...(folder === undefined ? {} : { folder }),
          onCrash: (message) => this.#options.onCrash?.(message),
        });
        this.running.chaincodes.push(service);
        // The start was given up while this one was coming up.
        if (this.#options.signal?.aborted === true) await service.stop();
      }),
    );
  }
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

/**
 * Starts a native Fabric network on this machine, the first time from nothing, later from its ledger.
 *
 * @throws MissingProgramsError, PortTakenError, NotReadyError, ProgramError, ChaincodeServiceError,
 *   StartAbortedError; whatever was started by then has been stopped.
 */
export async function startFabric(options: FabricOptions): Promise<FabricNetwork> {
  const startedAt = performance.now();
  const definition = options.definition ?? NETWORK;
  const programs = options.programs ?? findPrograms();
  const ports = await keepPorts(join(options.dataDir, 'keys', 'ports.json'), portNames(definition));
  const layout = layOut(definition, options.dataDir, ports);
  const start = new Start(options, layout, programs);
  try {
    const profile = await Promise.race([start.run(), aborted(options.signal)]);
    return {
      profile,
      profileFile: layout.profileFile,
      layout,
      readyMs: Math.round(performance.now() - startedAt),
      stop: () => stopAll(start.running),
    };
  } catch (error) {
    await stopAll(start.running);
    throw error;
  }
}
