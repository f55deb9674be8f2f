import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { defineNetwork } from '../define-network.ts';

const MAIN = join(__dirname, '..', 'main.ts');
let dir: string;
let data: string;
let network: ReturnType<typeof spawn>;

interface Outcome {
  readonly status: number | null;
  readonly out: unknown;
  readonly error: string;
}

function devnet(...args: readonly string[]): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    encoding: 'utf8',
  });
  return { status, out: stdout === '' ? undefined : JSON.parse(stdout), error: stderr };
}

const verb = (...args: readonly string[]): Outcome => devnet(...args, '--data', data);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'devnet-cli-'));
  data = join(dir, 'data');
  const definition = join(dir, 'network.json');
  const simple = { organizations: ['Org1MSP', 'Org2MSP'], chaincode: { name: 'a' } };
  await writeFile(definition, JSON.stringify(defineNetwork(simple)));
  const args = ['run', '--data', data, '--definition', definition, '--chaincode', '127.0.0.1:1'];
  network = spawn(process.execPath, [MAIN, ...args, '--admin'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  if (network.stdout === null) throw new Error('no output');
  await once(network.stdout, 'data');
}, 60_000);

afterAll(async () => {
  if (network.exitCode === null) {
    network.kill('SIGTERM');
    await once(network, 'exit');
  }
  await rm(dir, { recursive: true });
});

test('verbs reach the network of the data folder and answer in JSON', () => {
  expect(verb('snapshot').out).toMatchObject({ id: 1, height: 1 });
  expect(verb('revert', '1')).toMatchObject({ status: 0, out: { done: true } });
  expect(verb('cutting', 'size', '3').out).toEqual({ done: true });
  const fault = ['fault', 'delay', '--ms', '5', '--at', 'simulation', '--function', 'Put'];
  expect(verb(...fault, '--times', '2').out).toMatchObject({
    fault: { kind: 'delay', at: 'simulation', ms: 5 },
    left: 2,
    match: { functionName: 'Put' },
  });
  expect(verb('status').out).toMatchObject({
    channel: 'mychannel',
    cutting: { mode: 'size', transactions: 3 },
    snapshots: [{ id: 1 }],
    faults: [{ left: 2 }],
  });
}, 60_000);

test('an identity is written to a folder for its owner', async () => {
  const out = join(dir, 'identity');
  const args = ['identity', 'org2', '--out', out, '--attribute', 'role=clerk'];
  expect(verb(...args).out).toEqual({ mspId: 'Org2MSP', folder: out });
  expect(await readFile(join(out, 'certificate.pem'), 'utf8')).toContain('BEGIN CERTIFICATE');
}, 60_000);

test('what cannot be done is said on the error output, with 1 as exit code', () => {
  expect(verb('revert', '99')).toMatchObject({
    status: 1,
    error: 'devnet: There is no snapshot 99.\n',
  });
  expect(verb('fault', 'nonsense').error).toContain('Faults are conflict, endorsement-mismatch');
  expect(devnet('status', '--data', join(dir, 'none')).error).toContain('with --admin');
  const unknown = ['run', '--data', data, '--chaincode', 'nobody=127.0.0.1:1'];
  expect(devnet(...unknown).error).toContain('The organizations are hospital, clinic, insurer.');
}, 60_000);

test('the file of the admin endpoint is gone when the network has ended', async () => {
  const file = join(data, 'run', 'admin.json');
  expect(existsSync(file)).toBe(true);
  network.kill('SIGTERM');
  expect(await once(network, 'exit')).toEqual([0, null]);
  expect(existsSync(file)).toBe(false);
}, 60_000);
