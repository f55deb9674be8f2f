import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { z } from 'zod';
import { accepts, eventually } from '../../processes/src/index.ts';
import { findPrograms, PROGRAMS } from './programs.ts';

const MAIN = resolve('network/fabric/src/main.ts');

function missing(): string | undefined {
  try {
    findPrograms();
  } catch (error) {
    return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  }
  return existsSync('chaincode/dist/index.js') ? undefined : 'the chaincode is not built';
}

const reason = missing();
const describeNative = reason === undefined ? describe : describe.skip;
const note = reason === undefined ? '' : ` (skipped: ${reason})`;

jest.setTimeout(180_000);

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

  test('documents its exit codes', async () => {
    const help = await network(['--help']);
    expect(help.code).toBe(0);
    expect(help.stdout).toMatch(/Exit codes:[^]*FABRIC_BIN/);
  });
});

describeNative(`the network command with Fabric${note}`, () => {
  const ports = z.object({ fabric: z.record(z.string(), z.number()) });

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
    const seen = z.object({ nodes: z.array(z.object({ up: z.boolean(), kind: z.string() })) });
    expect(seen.parse(JSON.parse(status.stdout)).nodes.map((n) => n.up)).toEqual(
      Array<boolean>(9).fill(true),
    );
    const down = await network(['down', '--data', data, '--wipe']);
    expect(down.code).toBe(0);
    expect(await openPorts(data)).toEqual([]);
    expect([existsSync(join(data, 'ledger')), existsSync(join(data, 'keys'))]).toEqual([
      false,
      true,
    ]);
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
