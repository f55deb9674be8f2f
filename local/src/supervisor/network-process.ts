import type { ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConnectionProfile } from '@pulseledger/domain';
import {
  type ChaincodeService,
  ChaincodeServiceError,
  startChaincodeService,
} from '@pulseledger/network/chaincode-service';
import { NETWORK } from '@pulseledger/network/definition';
import { type SupervisedProcess, supervise } from '@pulseledger/network/processes';
import { z } from 'zod';
import { CHECKOUT, COMPILE_CACHE } from './checkout.ts';
import type { DataFolder } from './data-folder.ts';
import { EXIT, type ExitCode, StartFailure } from './failure.ts';
import type { ProcessContext } from './managed-process.ts';
import { choosePorts } from './ports.ts';

export type NetworkKind = 'devnet' | 'fabric';

const READY_TIMEOUT_MS = 180_000;
const STOP_GRACE_MS = 30_000;
const KEPT_LINES = 5;
/** How `network/fabric` says why it could not start. */
const FABRIC_EXITS: Readonly<Record<number, ExitCode>> = {
  4: EXIT.programsMissing,
  5: EXIT.portTaken,
};

const readyLine = z.object({ ready: z.literal(true), profile: z.string() });

/** A node or chaincode of the native network, as its supervisor tells it at every start. */
export interface NetworkNode {
  readonly kind: 'peer' | 'orderer' | 'chaincode';
  readonly name: string;
  readonly pid: number;
}

const nodeMessage = z.object({
  event: z.literal('node'),
  kind: z.enum(['peer', 'orderer', 'chaincode']),
  name: z.string(),
  pid: z.int().min(1),
});

/** The Fabric network and its chaincode, whichever of the two kinds. */
export class NetworkProcess {
  readonly #kind: NetworkKind;
  readonly #folder: DataFolder;
  readonly #context: ProcessContext;
  readonly #profile = Promise.withResolvers<string>();
  readonly #nodes = new Map<string, NetworkNode>();
  #chaincodes: { readonly name: string; readonly service: ChaincodeService }[] = [];
  #supervised: SupervisedProcess | undefined;
  #isReady = false;
  #wasReady = false;

  constructor(kind: NetworkKind, folder: DataFolder, context: ProcessContext) {
    this.#kind = kind;
    this.#folder = folder;
    this.#context = context;
  }

  /** The process that is or runs the network. */
  get pid(): number | undefined {
    return this.#supervised?.pid();
  }

  /** Whether clients can connect. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Peers, orderers and chaincodes that are processes of their own. */
  get nodes(): readonly NetworkNode[] {
    const chaincodes = this.#chaincodes.flatMap(({ name, service }) => {
      const pid = service.process.pid();
      return pid === undefined ? [] : [{ kind: 'chaincode' as const, name, pid }];
    });
    return [...this.#nodes.values(), ...chaincodes];
  }

  /** Resolves when clients can connect. @throws StartFailure */
  async start(): Promise<ConnectionProfile> {
    if (this.#kind === 'fabric') return this.#startNetwork([]);
    const names = NETWORK.organizations.map(({ name }) => name);
    const ports = await choosePorts(join(this.#folder.run, 'chaincode-ports.json'), names);
    const places = names.map((name) => ({ name, address: `127.0.0.1:${String(ports[name])}` }));
    const network = this.#startNetwork(places.map(({ name, address }) => `${name}=${address}`));
    const chaincodes = this.#startChaincodes(places);
    // Both, also when one fails, so that what the other starts is known and can be stopped.
    await Promise.allSettled([network, chaincodes]);
    await chaincodes;
    return network;
  }

  /** Commits what was accepted and ends network, then chaincode. */
  async stop(): Promise<void> {
    await this.#supervised?.stop({ graceMs: STOP_GRACE_MS });
    await Promise.all(this.#chaincodes.map(({ service }) => service.stop()));
    this.#chaincodes = [];
  }

  /** One chaincode service an organization, as on real hosts; native Fabric starts its own. */
  async #startChaincodes(
    places: readonly { readonly name: string; readonly address: string }[],
  ): Promise<void> {
    const { name, version } = NETWORK.chaincode;
    const start = async (place: (typeof places)[number]): Promise<void> => {
      const service = await startChaincodeService({
        address: place.address,
        chaincodeId: `${name}:${version}`,
        logFile: join(this.#folder.logs, `chaincode-${place.name}.log`),
        onCrash: this.#context.note,
      });
      this.#chaincodes.push({ name: `chaincode.${place.name}`, service });
    };
    const results = await Promise.allSettled(places.map(start));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed === undefined) return;
    if (!(failed.reason instanceof ChaincodeServiceError)) throw failed.reason;
    throw new StartFailure(EXIT.failed, failed.reason.message, failed.reason);
  }

  async #startNetwork(chaincodeAddresses: readonly string[]): Promise<ConnectionProfile> {
    const chaincodes = chaincodeAddresses.flatMap((address) => ['--chaincode', address]);
    const fabricBin = process.env['FABRIC_BIN'];
    this.#supervised = supervise({
      name: 'The network',
      command: process.execPath,
      args: [
        join(CHECKOUT, 'network', this.#kind, 'src', 'main.ts'),
        ...['run', '--data', this.#folder.root],
        ...chaincodes,
      ],
      environment: {
        NODE_COMPILE_CACHE: COMPILE_CACHE,
        ...(fabricBin === undefined ? {} : { FABRIC_BIN: fabricBin }),
      },
      logFile: join(this.#folder.logs, 'network.log'),
      ipc: true,
      onLine: (line) => {
        const parsed = readyLine.safeParse(parseJson(line));
        if (!parsed.success) return;
        this.#isReady = true;
        this.#wasReady = true;
        this.#profile.resolve(parsed.data.profile);
      },
      onStart: (child) => {
        this.#started(child);
      },
      onCrash: (text) => {
        // Before it was ever ready the caller of start() is told.
        if (this.#wasReady) this.#context.note(text);
      },
    });
    const parsed: unknown = JSON.parse(await readFile(await this.#firstProfile(), 'utf8'));
    return ConnectionProfile.parse(parsed);
  }

  /** @returns the path of the connection profile */
  async #firstProfile(): Promise<string> {
    const timer = setTimeout(() => {
      this.#profile.reject(this.#failure(null));
    }, READY_TIMEOUT_MS);
    try {
      return await this.#profile.promise;
    } catch (error) {
      await this.stop();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  #started(child: ChildProcess): void {
    if (child.pid !== undefined) this.#context.lock.add('network', child.pid);
    child.on('message', (message) => {
      const node = nodeMessage.safeParse(message).data;
      if (node !== undefined) this.#nodes.set(node.name, node);
    });
    // `close` comes after the last line of its outputs, `exit` may come before.
    child.once('close', (code) => {
      this.#isReady = false;
      this.#nodes.clear();
      this.#context.lock.remove('network');
      // Without effect once the network has been ready.
      this.#profile.reject(this.#failure(code));
    });
  }

  #failure(code: number | null): StartFailure {
    const exitCode = FABRIC_EXITS[code ?? 0] ?? EXIT.failed;
    const words = this.#supervised?.lastOutput().trim().split('\n').slice(-KEPT_LINES).join('\n');
    return new StartFailure(exitCode, words || 'The network did not start.');
  }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
