import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import {
  accepts,
  eventually,
  type SupervisedProcess,
  supervise,
} from '../../processes/src/index.ts';

export interface ChaincodeServiceOptions {
  /** `host:port` on which the chaincode listens for its peer. */
  readonly address: string;
  /** The package ID under which the peer knows it, e.g. `pulse_1.0:<hex>`. */
  readonly chaincodeId: string;
  readonly logFile: string;
  /** Folder of the chaincode's package.json. Default: the project's `chaincode/`. */
  readonly folder?: string;
  /** The organization whose peer uses it; without it the contract's `stub.getMspID()` throws. */
  readonly mspId?: string;
  /** Told of the process id at every start, also after a crash. */
  readonly onStart?: (pid: number) => void;
  /** Told of every crash, in one sentence; the service is started again by itself. */
  readonly onCrash?: (message: string) => void;
}

/** A running chaincode that a peer can connect to. */
export interface ChaincodeService {
  readonly address: string;
  readonly process: SupervisedProcess;
  readonly stop: () => Promise<void>;
}

/** The chaincode did not come up; the message says why and what to do. */
export class ChaincodeServiceError extends Error {
  override readonly name = 'ChaincodeServiceError';
}

const CHECKOUT = resolve(import.meta.dirname, '../../..');
const START_TIMEOUT_MS = 60_000;
/** A chaincode that dies this often before it ever listened will not come up. */
const MAX_EARLY_CRASHES = 3;

const packageSchema = z.object({ main: z.string() });

async function checkBuilt(folder: string): Promise<void> {
  const { main } = packageSchema.parse(
    JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')),
  );
  if (existsSync(join(folder, main))) return;
  throw new ChaincodeServiceError(
    `The chaincode is not built: ${join(folder, main)} is missing. Run: npm run build`,
  );
}

/** fabric-shim's own command: the one installed for the chaincode, since a contract library fits its own shim only. */
function shimCommand(folder: string): string {
  const places = [folder, CHECKOUT];
  const manifest = createRequire(import.meta.url).resolve('fabric-shim/package.json', {
    paths: places,
  });
  return join(dirname(manifest), 'cli.js');
}

function splitAddress(address: string): { host: string; port: number } {
  const match = /^(.+):(\d{1,5})$/.exec(address);
  if (match?.[1] === undefined) throw new RangeError('A chaincode address is host:port.');
  return { host: match[1], port: Number(match[2]) };
}

/**
 * Runs the chaincode as a service (fabric-shim's own `server` command) until it is stopped. The same
 * process serves the native and the embedded network.
 *
 * The port speaks without TLS: peer and chaincode share a host and its loopback, and every state access of a
 * transaction crosses it.
 *
 * @returns when it accepts connections.
 * @throws ChaincodeServiceError when it is not built or does not come up.
 */
export async function startChaincodeService(
  options: ChaincodeServiceOptions,
): Promise<ChaincodeService> {
  const folder = options.folder ?? join(CHECKOUT, 'chaincode');
  await checkBuilt(folder);
  const { host, port } = splitAddress(options.address);
  if (await accepts(host, port)) {
    throw new ChaincodeServiceError(`Port ${port} of the chaincode is taken by another program.`);
  }
  const service = supervise({
    name: `chaincode ${options.address}`,
    command: process.execPath,
    args: [
      shimCommand(folder),
      'server',
      '--chaincode-address',
      options.address,
      '--chaincode-id',
      options.chaincodeId,
    ],
    cwd: folder,
    environment: {
      // A peer that starts a chaincode itself says so too.
      ...(options.mspId === undefined ? {} : { CORE_PEER_LOCALMSPID: options.mspId }),
      CORE_CHAINCODE_LOGGING_LEVEL: 'WARNING',
      // Halves the processor time of every start but the first.
      NODE_COMPILE_CACHE: join(CHECKOUT, '.cache', 'node-compile'),
    },
    logFile: options.logFile,
    onStart: ({ pid }) => {
      if (pid !== undefined) options.onStart?.(pid);
    },
    ...(options.onCrash === undefined ? {} : { onCrash: options.onCrash }),
  });
  const settled = async (): Promise<boolean> =>
    service.crashes() >= MAX_EARLY_CRASHES || (await accepts(host, port));
  const inTime = await eventually(settled, START_TIMEOUT_MS);
  if (inTime && service.crashes() < MAX_EARLY_CRASHES) {
    return { address: options.address, process: service, stop: service.stop };
  }
  await service.stop();
  throw new ChaincodeServiceError(
    `The chaincode did not start on ${options.address}; see ${options.logFile}. ` +
      `Its last words: ${service.lastOutput().trim()}`,
  );
}
