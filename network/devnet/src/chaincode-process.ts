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

/** A chaincode server that runs as a child of this process. */
export interface ChaincodeProcess {
  /** `host:port`, the same for every organization. */
  readonly address: string;
  close(): Promise<void>;
}

async function freePort(): Promise<number> {
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

/**
 * Serves the chaincode in a folder (its package.json depends on fabric-shim) with `fabric-chaincode-node server`.
 *
 * @throws Error with its last words when it does not come up.
 */
export async function serveChaincode(folder: string): Promise<ChaincodeProcess> {
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
    { cwd: at, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes: Buffer) => {
      output = (output + bytes.toString()).slice(-OUTPUT_LENGTH);
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
    throw new Error(`The chaincode in ${at} did not start. Its last words: ${output.trim()}`);
  }
  return { address, close: () => close(child) };
}
