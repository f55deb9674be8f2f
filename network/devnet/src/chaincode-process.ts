import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { connect, createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { HOST } from './ports.ts';

const START_MS = 60_000;
const RETRY_MS = 50;
const KILL_AFTER_MS = 5_000;
const OUTPUT_LENGTH = 4_000;

export interface ChaincodeProcessOptions {
  /**
   * The organization whose peer uses it: what the contract's `stub.getMspID()` says. Without it that throws, as in any
   * chaincode server that was not told.
   */
  readonly mspId?: string | undefined;
  /** Where the chaincode's own output goes. Default: nowhere. */
  readonly output?: NodeJS.WritableStream | undefined;
}

/** A chaincode server that runs as a child of this process. */
export interface ChaincodeProcess {
  /** `host:port` */
  readonly address: string;
  close(): Promise<void>;
}

/** A port of this machine that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen({ port: 0, host: HOST });
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect({ port, host: HOST });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** fabric-shim's own command, as it is installed beside the chaincode. */
function shimCommand(folder: string): string {
  const shim = createRequire(join(folder, 'package.json')).resolve('fabric-shim/package.json');
  return join(dirname(shim), 'cli.js');
}

async function close(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  const timer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
  child.kill('SIGTERM');
  await exited;
  clearTimeout(timer);
}

/** A peer that starts a chaincode itself sets this variable too (core/container/dockercontroller). */
function environment(mspId: string | undefined): NodeJS.ProcessEnv {
  return mspId === undefined ? process.env : { ...process.env, CORE_PEER_LOCALMSPID: mspId };
}

/**
 * Serves the chaincode in a folder (its package.json depends on fabric-shim) with `fabric-chaincode-node server`.
 *
 * @throws Error with its last words when it does not come up.
 */
export async function serveChaincode(
  folder: string,
  { mspId, output }: ChaincodeProcessOptions = {},
): Promise<ChaincodeProcess> {
  const port = await freePort();
  const address = `${HOST}:${port}`;
  const at = resolve(folder);
  const child = spawn(
    process.execPath,
    [
      shimCommand(at),
      'server',
      '--chaincode-address',
      address,
      '--chaincode-id',
      'devnet:chaincode',
    ],
    { cwd: at, stdio: ['ignore', 'pipe', 'pipe'], env: environment(mspId) },
  );
  let lastWords = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes: Buffer) => {
      lastWords = (lastWords + bytes.toString()).slice(-OUTPUT_LENGTH);
      output?.write(bytes);
    });
  }
  const end = performance.now() + START_MS;
  while (!(await accepts(port))) {
    const hasEnded = child.exitCode !== null || child.signalCode !== null;
    if (!hasEnded && performance.now() < end) {
      await delay(RETRY_MS);
      continue;
    }
    await close(child);
    throw new Error(`The chaincode in ${at} did not start. Its last words: ${lastWords.trim()}`);
  }
  return { address, close: () => close(child) };
}

/** One chaincode, with a process for each organization. */
export interface ChaincodeProcesses {
  /** `host:port` by the organization's name. */
  readonly addresses: Readonly<Record<string, string>>;
  readonly close: () => Promise<void>;
}

/**
 * Serves a chaincode in a process for each organization, as every peer has its own: none sees another's memory.
 *
 * @throws Error when one does not come up; then none is left.
 */
export async function serveChaincodeForAll(
  folder: string,
  organizations: readonly { readonly name: string; readonly mspId: string }[],
  output?: NodeJS.WritableStream,
): Promise<ChaincodeProcesses> {
  const starts = await Promise.allSettled(
    organizations.map(async ({ name, mspId }) => ({
      name,
      served: await serveChaincode(folder, { mspId, output }),
    })),
  );
  const started = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
  const closeAll = async (): Promise<void> => {
    await Promise.all(started.map(({ served }) => served.close()));
  };
  const failed = starts.find((start) => start.status === 'rejected');
  if (failed !== undefined) {
    await closeAll();
    throw failed.reason;
  }
  return {
    addresses: Object.fromEntries(started.map(({ name, served }) => [name, served.address])),
    close: closeAll,
  };
}
