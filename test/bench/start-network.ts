import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { ConnectionProfile } from '@pulseledger/domain';
import {
  type ChaincodeService,
  startChaincodeService,
} from '@pulseledger/network/chaincode-service';
import { z } from 'zod';

const CHECKOUT: string = resolve(import.meta.dirname, '../..');
const READY_WITHIN_MS = 180_000;
/** Organizations whose peers run the contract when readings are recorded. */
const ENDORSERS = ['hospital', 'clinic'] as const;

const Ready = z.object({ ready: z.literal(true), profile: z.string(), readyMs: z.number() });

/** A network of its own in a folder of its own. */
export interface RunningNetwork {
  readonly profile: ConnectionProfile;
  readonly readyMs: number;
  /** Of the process that runs the network, or starts its programs. */
  readonly pid: number;
  /** When it has ended by itself or by {@link stop}: its exit code, and what it said. */
  readonly ended: Promise<{ readonly code: number | null; readonly said: string }>;
  stop(): Promise<void>;
}

/** Limits of its programs. */
export interface NetworkLimits {
  /** No file may grow beyond so many blocks of 512 bytes, as if the disk were full then. */
  readonly fileBlocks?: number;
}

/** Starts a network as a child process and waits until it can be used. */
export async function startNetwork(
  kind: 'devnet' | 'fabric',
  dataDir: string,
  { fileBlocks }: NetworkLimits = {},
): Promise<RunningNetwork> {
  const chaincodes = kind === 'devnet' ? await startChaincodes(dataDir) : [];
  const stopChaincodes = async (): Promise<void> => {
    await Promise.all(chaincodes.map((chaincode) => chaincode.service.stop()));
  };
  const limit = fileBlocks === undefined ? '' : `ulimit -f ${String(fileBlocks)};`;
  const child = spawn(
    '/bin/sh',
    [
      ...['-c', `${limit} exec "$0" "$@"`, process.execPath],
      join(CHECKOUT, 'network', kind, 'src', 'main.ts'),
      'run',
      '--data',
      dataDir,
      ...(kind === 'devnet' ? ['--definition', 'default'] : []),
      ...chaincodes.flatMap(({ name, service }) => ['--chaincode', `${name}=${service.address}`]),
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let said = '';
  child.stderr.on('data', (part: Buffer) => {
    said += part.toString();
    process.stderr.write(part);
  });
  const ended = new Promise<{ code: number | null; said: string }>((resolveEnded) => {
    child.once('close', (code) => {
      resolveEnded({ code, said });
    });
  });
  try {
    const ready = await readyLine(child);
    const profile: unknown = JSON.parse(await readFile(ready.profile, 'utf8'));
    return {
      profile: ConnectionProfile.parse(profile),
      readyMs: ready.readyMs,
      pid: child.pid ?? 0,
      ended,
      stop: async () => {
        await stopChild(child);
        await stopChaincodes();
      },
    };
  } catch (error) {
    await stopChild(child);
    await stopChaincodes();
    throw error;
  }
}

async function startChaincodes(
  dataDir: string,
): Promise<{ name: string; service: ChaincodeService }[]> {
  return Promise.all(
    ENDORSERS.map(async (name) => ({
      name,
      service: await startChaincodeService({
        address: `127.0.0.1:${await freePort()}`,
        chaincodeId: `pulse-${name}`,
        logFile: join(dataDir, `chaincode-${name}.log`),
      }),
    })),
  );
}

function freePort(): Promise<number> {
  return new Promise((resolvePort, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = address !== null && typeof address === 'object' ? address.port : 0;
      server.close(() => {
        resolvePort(port);
      });
    });
  });
}

function readyLine(child: ChildProcess): Promise<z.infer<typeof Ready>> {
  return new Promise((resolveReady, reject) => {
    const timer = setTimeout(() => {
      reject(new Error('The network was not ready within three minutes.'));
    }, READY_WITHIN_MS);
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`The network ended before it was ready (exit code ${code ?? 'none'}).`));
    });
    if (child.stdout === null) {
      return;
    }
    createInterface(child.stdout).once('line', (line) => {
      clearTimeout(timer);
      resolveReady(Ready.parse(JSON.parse(line)));
    });
  });
}

function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return Promise.resolve();
  }
  return new Promise((stopped) => {
    child.removeAllListeners('exit');
    child.once('exit', () => {
      stopped();
    });
    child.kill('SIGTERM');
  });
}
