import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { accepts, eventually, supervise } from './index.ts';
import { RotatingLog } from './rotating-log.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pulse-processes-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function becomes(condition: () => boolean): Promise<boolean> {
  return eventually(() => Promise.resolve(condition()), 15_000);
}

const SLEEPER = ['-e', 'setInterval(() => {}, 1000); console.log("up")'];

describe('a supervised process', () => {
  test('is started again when it dies, and the crash is told', async () => {
    const told: string[] = [];
    const logFile = join(folder, 'crash.log');
    const child = supervise({
      name: 'sleeper',
      command: process.execPath,
      args: SLEEPER,
      logFile,
      onCrash: (message) => told.push(message),
    });
    expect(await becomes(() => child.lastOutput().includes('up'))).toBe(true);
    const first = child.pid()!;
    process.kill(first, 'SIGKILL');
    expect(await becomes(() => child.pid() !== undefined && child.pid() !== first)).toBe(true);
    expect(child.crashes()).toBe(1);
    expect(told).toEqual(['sleeper ended (SIGKILL); it starts again in 200 ms.']);
    const second = child.pid()!;
    await child.stop();
    expect(isAlive(second)).toBe(false);
    expect(await readFile(logFile, 'utf8')).toMatch(/^up\n/);
  });

  test('that cannot be started is told and tried again', async () => {
    const told: string[] = [];
    const child = supervise({
      name: 'ghost',
      command: join(folder, 'no-such-program'),
      args: [],
      logFile: join(folder, 'ghost.log'),
      onCrash: (message) => told.push(message),
    });
    expect(await becomes(() => told.length > 1)).toBe(true);
    expect(told[0]).toMatch(/ghost ended \(spawn .*ENOENT\)/);
    await child.stop();
  });

  test('sees nothing of the environment that it does not need', async () => {
    process.env['PULSE_TEST_SECRET'] = 'hidden';
    const child = supervise({
      name: 'environment',
      command: process.execPath,
      args: [
        '-e',
        'console.log(Object.keys(process.env).sort().join()); setInterval(() => {}, 1e3)',
      ],
      environment: { GIVEN: 'yes' },
      logFile: join(folder, 'environment.log'),
    });
    expect(await becomes(() => child.lastOutput().includes('\n'))).toBe(true);
    delete process.env['PULSE_TEST_SECRET'];
    await child.stop();
    expect(child.lastOutput()).toContain('GIVEN');
    expect(child.lastOutput()).not.toContain('PULSE_TEST_SECRET');
  });

  test('does not outlive a supervisor that was killed', async () => {
    const module = resolve('network/processes/src/index.ts');
    const script = `
      const { supervise } = await import(${JSON.stringify(module)});
      const child = supervise({ name: 'c', command: process.execPath,
        args: ${JSON.stringify(SLEEPER)}, logFile: ${JSON.stringify(join(folder, 'orphan.log'))} });
      const timer = setInterval(() => {
        if (child.lastOutput().includes('up')) { console.log(child.pid()); clearInterval(timer); }
      }, 20);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    expect(await becomes(() => !isAlive(pid))).toBe(true);
  });
});

describe('a log file', () => {
  test('is set aside when full, so that no more than two files are kept', async () => {
    const file = join(folder, 'rotating.log');
    const log = new RotatingLog(file, 100);
    for (let i = 0; i < 50; i++) log.append(`line ${i}\n`);
    log.close();
    const sizes = await Promise.all([file, `${file}.1`].map(async (f) => (await stat(f)).size));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(100);
    expect(await readFile(file, 'utf8')).toMatch(/line 49\n$/);
  });
});

describe('a port', () => {
  test('accepts or not', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    expect(await accepts('127.0.0.1', port)).toBe(true);
    server.close();
    await once(server, 'close');
    expect(await accepts('127.0.0.1', port)).toBe(false);
  });

  test('is waited for only as long as allowed', async () => {
    expect(await eventually(() => Promise.resolve(false), 30, 10)).toBe(false);
  });
});
