import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { ConnectionProfile } from '@pulseledger/domain';
import {
  type ChaincodeService,
  ChaincodeServiceError,
  startChaincodeService,
} from '@pulseledger/network/chaincode-service';
import { NETWORK } from '@pulseledger/network/definition';
import { z } from 'zod';
import { CHECKOUT, PRELOAD } from './checkout.ts';
import type { DataFolder } from './data-folder.ts';
import { EXIT, type ExitCode, StartFailure } from './failure.ts';
import { openLog } from './log-file.ts';
import { inheritedEnvironment, type ProcessContext } from './managed-process.ts';
import { choosePorts } from './ports.ts';

export type NetworkKind = 'devnet' | 'fabric';

const READY_TIMEOUT_MS = 180_000;
const STOP_GRACE_MS = 30_000;
const RESTART_PAUSE_MS = 500;
const KEPT_LINES = 5;
/** How `network/fabric` says why it could not start. */
const FABRIC_EXITS: Readonly<Record<number, ExitCode>> = {
  4: EXIT.programsMissing,
  5: EXIT.portTaken,
};

const readyLine = z.object({ ready: z.literal(true), profile: z.string() });

/** The Fabric network and its chaincode, whichever of the two kinds. */
export class NetworkProcess {
  readonly #kind: NetworkKind;
  readonly #folder: DataFolder;
  readonly #context: ProcessContext;
  #chaincodes: ChaincodeService[] = [];
  #child: ChildProcess | undefined;
  #isStopping = false;
  #words: string[] = [];

  constructor(kind: NetworkKind, folder: DataFolder, context: ProcessContext) {
    this.#kind = kind;
    this.#folder = folder;
    this.#context = context;
  }

  /** Resolves when clients can connect. @throws StartFailure */
  async start(): Promise<ConnectionProfile> {
    this.#isStopping = false;
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
    this.#isStopping = true;
    const child = this.#child;
    if (child?.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
      await exited;
      clearTimeout(timer);
    }
    await Promise.all(this.#chaincodes.map((service) => service.stop()));
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
      this.#chaincodes.push(service);
    };
    const results = await Promise.allSettled(places.map(start));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed === undefined) return;
    if (!(failed.reason instanceof ChaincodeServiceError)) throw failed.reason;
    throw new StartFailure(EXIT.failed, failed.reason.message, failed.reason);
  }

  async #startNetwork(chaincodeAddresses: readonly string[]): Promise<ConnectionProfile> {
    const child = await this.#spawn(chaincodeAddresses);
    const profileFile = await this.#ready(child);
    child.once('exit', (code, signal) => {
      void this.#crashed(code ?? signal ?? 0, chaincodeAddresses);
    });
    const parsed: unknown = JSON.parse(await readFile(profileFile, 'utf8'));
    return ConnectionProfile.parse(parsed);
  }

  async #spawn(chaincodeAddresses: readonly string[]): Promise<ChildProcess> {
    const log = await openLog(join(this.#folder.logs, 'network.log'));
    const entry = join(CHECKOUT, 'network', this.#kind, 'src', 'main.ts');
    const chaincodes = chaincodeAddresses.flatMap((address) => ['--chaincode', address]);
    const fabricBin = process.env['FABRIC_BIN'];
    const child = spawn(
      process.execPath,
      ['--import', PRELOAD, entry, 'run', '--data', this.#folder.root, ...chaincodes],
      {
        // stderr through here: its last lines explain a start that failed.
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        env: {
          ...inheritedEnvironment(),
          ...(fabricBin === undefined ? {} : { FABRIC_BIN: fabricBin }),
        },
        detached: true,
      },
    );
    this.#child = child;
    this.#words = [];
    if (child.pid !== undefined) this.#context.lock.add('network', child.pid);
    child.stderr?.pipe(createLogStream(log));
    createInterface({ input: child.stderr ?? process.stdin }).on('line', (line) => {
      this.#words = [...this.#words, line].slice(-KEPT_LINES);
    });
    return child;
  }

  /** @returns the path of the connection profile */
  async #ready(child: ChildProcess): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const fail = (code: number | null): void => {
      const exitCode = FABRIC_EXITS[code ?? 0] ?? EXIT.failed;
      const words = this.#words.join('\n');
      reject(new StartFailure(exitCode, words === '' ? 'The network did not start.' : words));
    };
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
    }, READY_TIMEOUT_MS);
    // `close` comes after the last line of stderr, `exit` may come before.
    child.once('close', fail);
    createInterface({ input: child.stdout ?? process.stdin }).on('line', (line) => {
      const parsed = readyLine.safeParse(parseJson(line));
      if (parsed.success) resolve(parsed.data.profile);
    });
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      child.off('close', fail);
    }
  }

  async #crashed(how: number | string, chaincodeAddresses: readonly string[]): Promise<void> {
    this.#context.lock.remove('network');
    if (this.#isStopping) return;
    this.#context.note(`The network ended (${how}); it starts again.`);
    await delay(RESTART_PAUSE_MS);
    if (this.#stopRequested()) return;
    await this.#startNetwork(chaincodeAddresses).catch(() =>
      this.#crashed('not ready', chaincodeAddresses),
    );
  }

  #stopRequested(): boolean {
    return this.#isStopping;
  }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function createLogStream(descriptor: number): WriteStream {
  return createWriteStream('', { fd: descriptor });
}
