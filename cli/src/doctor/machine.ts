/** Checks of the machine and the checkout, which need no running system. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { access, constants, readFile, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { CHECKOUT } from '../base/checkout.ts';

/** `note` does not fail: what is missing is needed for some things only. */
export interface Check {
  readonly name: string;
  readonly state: 'ok' | 'note' | 'failed' | 'skipped';
  readonly detail: string;
  /** What to type or do. */
  readonly fix?: string;
}

const NODE_MAJOR = 24;
const LEAST_FREE_BYTES = 2 * 1024 ** 3;
const BYTES_PER_GB = 1024 ** 3;
const API_PORT = 8_443;
const FABRIC_PROGRAMS = ['peer', 'orderer', 'configtxgen', 'osnadmin'];

export async function* checkMachine(systemFile: string): AsyncGenerator<Check> {
  yield checkNode(process.versions.node);
  yield await checkInstallation(CHECKOUT);
  yield await checkDisk(dirname(systemFile));
  yield await checkPort(existsSync(systemFile));
  yield await checkFabric(process.env);
}

export function checkNode(version: string): Check {
  const isRight = Number(version.split('.')[0]) >= NODE_MAJOR;
  if (isRight) return { name: 'Node', state: 'ok', detail: version };
  return {
    ...{ name: 'Node', state: 'failed', detail: `${version}, and ${NODE_MAJOR} is needed` },
    fix: 'node scripts/setup.js   (brings its own Node 24), then start by npm or npx',
  };
}

/** Are the packages those of the lockfile, and is everything built? */
export async function checkInstallation(checkout: string): Promise<Check> {
  const name = 'installation';
  const fix = 'node scripts/setup.js';
  const lock = await readFile(join(checkout, 'package-lock.json')).catch(() => Buffer.alloc(0));
  const stamp = await readFile(join(checkout, 'node_modules', '.pulseledger-setup'), 'utf8').catch(
    () => '',
  );
  if (!existsSync(join(checkout, 'node_modules', '.package-lock.json'))) {
    return { name, state: 'failed', detail: 'packages are not installed', fix };
  }
  if (!existsSync(join(checkout, 'dist', 'lambdas', 'ingest', 'index.cjs'))) {
    return { name, state: 'failed', detail: 'the Lambda functions are not built', fix };
  }
  if (stamp !== createHash('sha256').update(lock).digest('hex')) {
    return { name, state: 'note', detail: 'package-lock.json has changed since the set-up', fix };
  }
  return { name, state: 'ok', detail: 'packages as in package-lock.json, functions built' };
}

/** Room for the ledger, where it is or would be. */
export async function checkDisk(folder: string): Promise<Check> {
  let existing = folder;
  while (!existsSync(existing)) existing = dirname(existing);
  const { bavail, bsize } = await statfs(existing);
  const free = bavail * bsize;
  const detail = `${(free / BYTES_PER_GB).toFixed(1)} GB free`;
  if (free >= LEAST_FREE_BYTES) return { name: 'disk', state: 'ok', detail };
  return {
    ...{ name: 'disk', state: 'failed', detail: `${detail} at ${existing}, and 2 GB are needed` },
    fix: 'make room there, or start elsewhere: npm start -- --data FOLDER',
  };
}

async function checkPort(isRunning: boolean): Promise<Check> {
  const name = 'port 8443';
  if (isRunning) return { name, state: 'skipped', detail: 'a system is running' };
  if (await isFree(API_PORT)) return { name, state: 'ok', detail: 'free for the API' };
  return {
    ...{ name, state: 'failed', detail: 'taken by another program' },
    fix: 'npm start -- --port 9443   (or any free port)',
  };
}

function isFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.on('error', () => {
    resolve(false);
  });
  server.listen(port, '127.0.0.1', () => {
    server.close(() => {
      resolve(true);
    });
  });
  return promise;
}

/** Only `--network fabric` and `pulse network` need them. */
export async function checkFabric(environment: NodeJS.ProcessEnv): Promise<Check> {
  const { FABRIC_BIN = '', PATH = '' } = environment;
  const folders = [FABRIC_BIN, ...PATH.split(delimiter)].filter((folder) => folder !== '');
  const missing: string[] = [];
  for (const program of FABRIC_PROGRAMS) {
    const found = await Promise.all(folders.map((folder) => isProgram(join(folder, program))));
    if (!found.includes(true)) missing.push(program);
  }
  const name = 'Fabric programs';
  if (missing.length === 0) return { name, state: 'ok', detail: FABRIC_PROGRAMS.join(', ') };
  return {
    ...{ name, state: 'note', detail: `no ${missing.join(', ')}: the devnet needs none` },
    fix: 'for --network fabric: unpack the release of Fabric 3.1, then export FABRIC_BIN=FOLDER/bin',
  };
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
