import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { isRunning } from '@pulseledger/network/processes';

const ENTRY = join(__dirname, 'main.ts');
const START_MS = 180_000;

let root: string;
let data: string;
let servers: Server[];
let runs: Started[];

interface Child {
  readonly name: string;
  readonly pid: number;
  readonly startTime: string;
}

/** `npm start` with these options. */
class Started {
  readonly process: ChildProcess;
  readonly exited: Promise<unknown[]>;
  stdout = '';
  stderr = '';

  constructor(...args: string[]) {
    this.process = spawn(process.execPath, [ENTRY, '--data', data, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.exited = once(this.process, 'exit');
    this.process.stdout?.on('data', (part: Buffer) => (this.stdout += part.toString()));
    this.process.stderr?.on('data', (part: Buffer) => (this.stderr += part.toString()));
    runs.push(this);
  }

  async exitCode(): Promise<number | null> {
    await this.exited;
    return this.process.exitCode;
  }

  /** Resolves when this text was printed. */
  async says(text: string): Promise<void> {
    while (!(this.stdout + this.stderr).includes(text)) {
      if (this.process.exitCode !== null) throw new Error(`it ended: ${this.stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** The system's processes, as its lock file names them. */
  async children(): Promise<Child[]> {
    const text = await readFile(join(data, 'run', 'supervisor.json'), 'utf8');
    return (JSON.parse(text) as { children: Child[] }).children;
  }
}

async function allGone(children: readonly Child[]): Promise<void> {
  while (children.some(({ pid, startTime }) => isRunning(pid, startTime))) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function takePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return String((server.address() as { port: number }).port);
}

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'pulse-start-'));
  data = join(root, 'data');
  servers = [];
  runs = [];
});

afterEach(async () => {
  for (const run of runs) {
    if (run.process.exitCode === null) run.process.kill('SIGTERM');
    await run.exited;
  }
  for (const server of servers) server.close();
  await rm(root, { recursive: true });
});

describe('npm start', () => {
  test(
    'runs, takes no second one in its folder, and by Ctrl-C ends in order with 0',
    async () => {
      const run = new Started('--devices', '0', '--port', String(await freePort()));
      await run.says('Test logins');
      const children = await run.children();
      expect(children.length).toBeGreaterThanOrEqual(5);
      const second = new Started('--devices', '0');
      expect(await second.exitCode()).toBe(3);
      expect(second.stderr).toContain('running in');
      run.process.kill('SIGINT');
      // npm hands Ctrl-C on although the terminal has sent it already: still one.
      run.process.kill('SIGINT');
      expect(await run.exitCode()).toBe(0);
      await allGone(children);
      expect(await readdir(join(data, 'run'))).not.toContain('system.json');
      const logs = await readdir(join(data, 'logs'));
      const text = await Promise.all(
        logs.map((name) => readFile(join(data, 'logs', name), 'utf8')),
      );
      expect(text.join('\n')).not.toMatch(/Ada|Ben|Sample|PRIVATE KEY/);
    },
    START_MS,
  );

  test(
    'by a second Ctrl-C ends at once with 130 and leaves nothing behind',
    async () => {
      const run = new Started(
        '--devices',
        '1',
        '--window',
        '60s',
        '--port',
        String(await freePort()),
      );
      await run.says('measuring');
      const children = await run.children();
      // A simulator that stands still keeps the orderly end from coming.
      const simulator = children.find(({ name }) => name === 'simulator');
      process.kill(simulator?.pid ?? 0, 'SIGSTOP');
      run.process.kill('SIGINT');
      await run.says('Ending');
      // Signals closer together count as one Ctrl-C.
      await new Promise((resolve) => setTimeout(resolve, 600));
      run.process.kill('SIGINT');
      expect(await run.exitCode()).toBe(130);
      await allGone(children);
    },
    START_MS,
  );

  test(
    'that is killed leaves no process behind, and the next start works',
    async () => {
      const run = new Started('--devices', '0', '--port', String(await freePort()));
      await run.says('Test logins');
      const children = await run.children();
      run.process.kill('SIGKILL');
      await allGone(children);
    },
    START_MS,
  );

  test('says which port is taken', async () => {
    const port = await takePort();
    const run = new Started('--devices', '0', '--port', port);
    expect(await run.exitCode()).toBe(5);
    expect(run.stderr).toContain(`Port ${port} is taken by another program`);
    expect(run.stderr).toContain('--port');
  });

  test('says that its folder cannot be written', async () => {
    await writeFile(join(root, 'file'), '');
    data = join(root, 'file', 'data');
    const run = new Started();
    expect(await run.exitCode()).toBe(6);
    expect(run.stderr).toContain('cannot be written (ENOTDIR)');
  });

  test('explains wrong usage', async () => {
    const run = new Started('--devices', 'many');
    expect(await run.exitCode()).toBe(2);
    expect(run.stderr).toContain('Give a whole number');
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
