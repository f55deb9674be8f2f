import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { z } from 'zod';
import { accepts, eventually } from '../../processes/src/index.ts';
import { PROGRAMS } from './programs.ts';
import { NOTE, SKIPPED } from './testing/native.ts';

const MAIN = resolve('network/fabric/src/main.ts');

const isBuilt = existsSync('chaincode/dist/index.js');
const describeNative = SKIPPED === undefined && isBuilt ? describe : describe.skip;
const note = isBuilt ? NOTE : ' (skipped: the chaincode is not built)';

jest.setTimeout(300_000);

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function network(args: string[], environment: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  const outcome = { stdout: '', stderr: '' };
  child.stdout.on('data', (part: Buffer) => {
    outcome.stdout += part.toString();
  });
  child.stderr.on('data', (part: Buffer) => {
    outcome.stderr += part.toString();
  });
  const code = await new Promise<number | null>((done) => child.once('close', done));
  return { ...outcome, code };
}

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pulse-command-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('the network command', () => {
  test("says which of Fabric's programs are missing and how to get them, with exit code 4", async () => {
    for (const name of ['up', 'run']) {
      const outcome = await network([name, '--data', join(folder, 'none')], { FABRIC_BIN: folder });
      expect(outcome.code).toBe(4);
      expect(outcome.stderr).toContain(
        'missing: peer, orderer, configtxgen, configtxlator, osnadmin',
      );
      expect(outcome.stderr).toContain('install-fabric.sh');
    }
  });

  test('tells that nothing runs with exit code 3, and stops nothing without complaint', async () => {
    const data = ['--data', join(folder, 'none'), '--json'];
    const status = await network(['status', ...data]);
    expect(status.code).toBe(3);
    expect(JSON.parse(status.stdout)).toMatchObject({ running: false, nodes: [] });
    const down = await network(['down', ...data]);
    expect(down).toMatchObject({ code: 0, stdout: '{"stopped":false,"wiped":false}\n' });
  });

  test('says so when its folder cannot be made', async () => {
    const file = join(folder, 'a-file');
    await writeFile(file, '');
    const programs = Object.fromEntries(PROGRAMS.map((name) => [name, '#!/bin/sh\n']));
    const bin = join(folder, 'bin');
    await mkdir(bin);
    for (const [name, text] of Object.entries(programs)) {
      await writeFile(join(bin, name), text, { mode: 0o755 });
    }
    for (const name of ['up', 'run']) {
      const outcome = await network([name, '--data', join(file, 'data')], { FABRIC_BIN: bin });
      expect(outcome.code).toBe(1);
      expect(outcome.stderr).toMatch(/^The data folder cannot be used: .*--data\.\n$/);
    }
  });

  test('says that nothing runs to whoever wants to change it, with exit code 3', async () => {
    const data = ['--data', join(folder, 'none')];
    for (const args of [['add-peer', '--org', 'hospital'], ['resume']]) {
      const outcome = await network([...args, ...data]);
      expect(outcome).toMatchObject({
        code: 3,
        stderr: 'The network is not running. Start it first with: up\n',
      });
    }
  });

  test('refuses names that are none, and a snapshot of nothing', async () => {
    const data = ['--data', join(folder, 'none')];
    const odd = await network(['add-peer', '--org', 'hospital', '--name', '../x', ...data]);
    expect(odd.code).toBe(1);
    expect(odd.stderr).toMatch(/^node is not valid: .*lower-case/);
    const empty = await network(['snapshot', '--to', join(folder, 'copy'), ...data]);
    expect(empty.code).toBe(1);
    expect(empty.stderr).toMatch(/holds no network to copy/);
  });

  test('documents its commands and exit codes', async () => {
    const help = await network(['--help']);
    expect(help.code).toBe(0);
    expect(help.stdout).toMatch(/Exit codes:[^]*FABRIC_BIN/);
    const commands = [...help.stdout.matchAll(/^ {2}([a-z-]+) .*(?:\n {20,}.*)?$/gm)].map(
      (m) => m[1],
    );
    expect(commands).toEqual(expect.arrayContaining(['up', 'add-org', 'renew', 'restore']));
  });
});

describeNative(`the network command with Fabric${note}`, () => {
  const ports = z.object({ fabric: z.record(z.string(), z.number()) });
  const runFile = z.object({ pid: z.number() });
  const statusFile = z.object({
    unfinished: z.string().optional(),
    nodes: z.array(
      z.object({
        name: z.string(),
        kind: z.string(),
        up: z.boolean(),
        pid: z.number().optional(),
        healthy: z.boolean().optional(),
        height: z.number().optional(),
      }),
    ),
  });

  /** Command lines of processes that have to do with that folder. */
  function processesNaming(data: string): string[] {
    return execFileSync('ps', ['-eo', 'args='], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => line.includes(data));
  }

  /** What is in the folder, but for the nodes' own ledgers, whose databases number their files ever on. */
  async function stableFiles(data: string): Promise<string[]> {
    const files = await readdir(data, { recursive: true });
    return files.filter((name) => !/^ledger\/(?:peer|orderer)\d/.test(name)).sort();
  }

  async function openPorts(data: string): Promise<number[]> {
    const text = await readFile(join(data, 'keys', 'ports.json'), 'utf8');
    const all = Object.values(ports.parse(JSON.parse(text)).fabric);
    const open = await Promise.all(all.map((port) => accepts('127.0.0.1', port)));
    return all.filter((_, i) => open[i]);
  }

  test('up starts once, status sees every node, down stops and wipes the ledger only', async () => {
    const data = join(folder, 'daemon');
    const up = await network(['up', '--data', data, '--json']);
    expect(up).toMatchObject({ code: 0 });
    expect(up.stderr).toContain('s  chaincode pulse committed');
    const again = await network(['up', '--data', data, '--json']);
    expect(JSON.parse(again.stdout)).toMatchObject({ alreadyRunning: true });
    const status = await network(['status', '--data', data, '--json']);
    expect(status.code).toBe(0);
    const { nodes } = statusFile.parse(JSON.parse(status.stdout));
    expect(nodes.map((n) => n.up)).toEqual(Array<boolean>(9).fill(true));
    const fabric = nodes.filter((n) => n.kind !== 'chaincode');
    expect(fabric.map((n) => n.healthy)).toEqual(Array<boolean>(6).fill(true));
    const [height = 0] = fabric.map((n) => n.height);
    expect(fabric.map((n) => n.height)).toEqual(Array<number>(6).fill(height));
    // The first block, the approvals of three organizations in one block to three, and the commit.
    expect([3, 4, 5]).toContain(height);
    expect(nodes.every((n) => n.pid !== undefined)).toBe(true);
    const targets = z.array(z.object({ targets: z.array(z.string()) }));
    const file: unknown = JSON.parse(
      await readFile(join(data, 'run', 'metrics-targets.json'), 'utf8'),
    );
    for (const { targets: addresses } of targets.parse(file)) {
      const metrics = await fetch(`http://${addresses[0] ?? ''}/metrics`);
      expect(await metrics.text()).toContain('ledger_blockchain_height{channel="records"}');
    }
    const down = await network(['down', '--data', data, '--wipe']);
    expect(down.code).toBe(0);
    expect(await openPorts(data)).toEqual([]);
    expect([existsSync(join(data, 'ledger')), existsSync(join(data, 'keys'))]).toEqual([
      false,
      true,
    ]);
  });

  test('five times up and down leave no process, no open port and no file behind', async () => {
    const data = join(folder, 'cycles');
    const temporary = (): string[] =>
      readdirSync(tmpdir()).filter((name) => name.startsWith('pulse-channel-'));
    const before = temporary();
    const seen: string[][] = [];
    for (let i = 0; i < 5; i++) {
      expect(await network(['up', '--data', data])).toMatchObject({ code: 0 });
      expect(await network(['down', '--data', data])).toMatchObject({ code: 0 });
      expect(await openPorts(data)).toEqual([]);
      expect(processesNaming(data)).toEqual([]);
      seen.push(await stableFiles(data));
    }
    expect(seen[4]).toEqual(seen[0]);
    expect(temporary()).toEqual(before);
  });

  test('a change during which everything is killed is finished by the next up', async () => {
    const data = join(folder, 'cut-off');
    expect(await network(['up', '--data', data])).toMatchObject({ code: 0 });
    const adding = network(['add-peer', '--org', 'clinic', '--data', data, '--json']);
    const state = join(data, 'ledger', 'channel', 'network.json');
    const isBegun = async (): Promise<boolean> =>
      (await readFile(state, 'utf8')).includes('"pending"');
    expect(await eventually(isBegun, 30_000, 10)).toBe(true);
    const { pid } = runFile.parse(
      JSON.parse(await readFile(join(data, 'run', 'network.json'), 'utf8')),
    );
    process.kill(pid, 'SIGKILL');
    expect(await adding).toMatchObject({ code: 1, stdout: '' });
    const isQuiet = async (): Promise<boolean> => (await openPorts(data)).length === 0;
    expect(await eventually(isQuiet, 30_000, 200)).toBe(true);
    const up = await network(['up', '--data', data]);
    expect(up.stderr).not.toContain('could not be finished');
    expect(up.code).toBe(0);
    const status = await network(['status', '--data', data, '--json']);
    const seen = statusFile.parse(JSON.parse(status.stdout));
    expect(seen.unfinished).toBeUndefined();
    expect(seen.nodes.find((n) => n.name === 'peer1.clinic.pulse.test')).toMatchObject({
      up: true,
    });
    expect(await network(['down', '--data', data])).toMatchObject({ code: 0 });
  });

  test('run leaves no process behind, even when it is killed', async () => {
    const data = join(folder, 'killed');
    const child: ChildProcess = spawn(process.execPath, [MAIN, 'run', '--data', data], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const line = await new Promise<string>((done) => {
      child.stdout?.once('data', (part: Buffer) => {
        done(part.toString());
      });
    });
    expect(JSON.parse(line)).toMatchObject({ ready: true });
    expect(await openPorts(data)).not.toEqual([]);
    child.kill('SIGKILL');
    const isQuiet = async (): Promise<boolean> => (await openPorts(data)).length === 0;
    expect(await eventually(isQuiet, 30_000, 200)).toBe(true);
  });
});
