import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';

/** What a command on a machine did. */
export interface CommandResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface MachinePlace {
  readonly host: string;
  readonly address: string;
}

const HERE = import.meta.dirname;
const QUIET = ['hostnamectl', 'blkid', 'mkfs.xfs', 'mount', 'mountpoint', 'rpm', 'dnf'];
const NETWORK_BITS = 16;
const COMMAND_TIMEOUT_MS = 10 * 60_000;
const MOST_OUTPUT_BYTES = 16 * 1024 * 1024;

function reasonToSkip(): string | undefined {
  if (process.platform !== 'linux') return 'machines are made up of namespaces of Linux';
  if (process.getuid?.() !== 0) return 'only root may make network namespaces';
  const needed = ['unshare', 'nsenter', 'ip', 'setpriv', 'python3', 'curl'];
  const folders = (process.env['PATH'] ?? '').split(':');
  const missing = needed.filter(
    (name) => !folders.some((folder) => existsSync(join(folder, name))),
  );
  return missing.length === 0 ? undefined : `there is no ${missing.join(', ')} on this machine`;
}

/** Why machines cannot be made up here; undefined when they can. */
export const NO_MACHINES: string | undefined = reasonToSkip();

async function execute(program: string, args: readonly string[]): Promise<CommandResult> {
  return new Promise((done) => {
    const options = { timeout: COMMAND_TIMEOUT_MS, maxBuffer: MOST_OUTPUT_BYTES };
    execFile(program, args, options, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      done({ status, stdout, stderr: stderr === '' && error !== null ? error.message : stderr });
    });
  });
}

async function must(program: string, args: readonly string[]): Promise<void> {
  const { status, stderr } = await execute(program, args);
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
}

/** Namespaces that end with this process, whatever ends it. */
async function hold(args: readonly string[], command: readonly string[]): Promise<ChildProcess> {
  const child = spawn(
    'setpriv',
    ['--pdeathsig', 'KILL', 'unshare', ...args, '--fork', '--kill-child', ...command],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(() => {
      throw new Error('a machine did not start');
    }),
  ]);
  return child;
}

/** The process that runs inside, as seen from here. */
function insideOf(child: ChildProcess): string {
  const pid = String(child.pid);
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
}

/**
 * Machines on this one: each has processes, network and file system names of its own, the address and the name that
 * the environment gives it, and runs the files of EC2 unchanged, where they belong.
 */
export class Machines {
  readonly #folder: string;
  readonly #account: string;
  readonly #held = new Map<string, ChildProcess>();
  #switch: ChildProcess | undefined;

  constructor(folder: string, account: string) {
    this.#folder = folder;
    this.#account = account;
  }

  /** Starts them and connects them. Names of all that will ever be are given at once, as by a zone. */
  async start(places: readonly MachinePlace[], zone: readonly MachinePlace[]): Promise<void> {
    this.#writeShims();
    const hosts = join(this.#folder, 'hosts');
    const names = zone.map(({ host, address }) => `${address} ${host}`);
    writeFileSync(hosts, ['127.0.0.1 localhost', ...names, ''].join('\n'));
    this.#switch ??= await this.#makeSwitch();
    for (const [index, { host, address }] of places.entries()) {
      const number = this.#held.size + index;
      const namespaces = ['--net', '--mount', '--uts', '--pid', '--mount-proc'];
      const command = ['bash', join(HERE, 'enter.sh'), join(this.#folder, host), hosts];
      const child = await hold(namespaces, command);
      this.#held.set(host, child);
      await this.#connect(insideOf(child), `v${number}`, address);
    }
  }

  /** Runs a script there as Systems Manager would. */
  async run(host: string, script: string): Promise<CommandResult> {
    return execute('nsenter', [...this.#enter(host), 'sh', '-c', script]);
  }

  /** Runs a program there. */
  async execute(host: string, ...command: readonly string[]): Promise<CommandResult> {
    return execute('nsenter', [...this.#enter(host), ...command]);
  }

  /** A file of a machine, for a person who asks why a test failed. */
  log(host: string, name: string): string {
    const file = join(this.#folder, host, 'var/log/pulse', `${name}.log`);
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  async stop(): Promise<void> {
    const all = [...this.#held.values(), ...(this.#switch === undefined ? [] : [this.#switch])];
    await Promise.all(
      all.map(async (child) => {
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        await ended;
      }),
    );
    this.#held.clear();
    this.#switch = undefined;
  }

  #enter(host: string): string[] {
    const child = this.#held.get(host);
    if (child === undefined) throw new Error(`There is no machine ${host}.`);
    const path = `PATH=${join(this.#folder, 'bin')}:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin`;
    return [
      ...['--target', insideOf(child), '--net', '--mount', '--uts', '--pid', '--wd=/'],
      // No home: bash reads .bashrc when its input is a socket, as it is here.
      ...['env', '-i', path, 'HOME=/', `PULSE_TEST_ACCOUNT=${this.#account}`],
    ];
  }

  #writeShims(): void {
    const bin = join(this.#folder, 'bin');
    if (existsSync(bin)) return;
    mkdirSync(bin, { recursive: true });
    symlinkSync(join(HERE, 'shims', 'aws'), join(bin, 'aws'));
    for (const name of QUIET) symlinkSync(join(HERE, 'shims', 'quiet'), join(bin, name));
    const systemctl = join(bin, 'systemctl');
    const program = resolve(HERE, 'systemctl.ts');
    writeFileSync(systemctl, `#!/bin/sh\nexec ${process.execPath} ${program} "$@"\n`);
    chmodSync(systemctl, 0o755);
  }

  async #makeSwitch(): Promise<ChildProcess> {
    const child = await hold(['--net'], ['sh', '-c', 'echo ready; exec sleep infinity']);
    const there = ['--target', String(child.pid), '--net'];
    await must('nsenter', [...there, 'ip', 'link', 'add', 'switch0', 'type', 'bridge']);
    await must('nsenter', [...there, 'ip', 'link', 'set', 'switch0', 'up']);
    return child;
  }

  async #connect(inside: string, name: string, address: string): Promise<void> {
    const there = ['--target', String(this.#switch?.pid), '--net', 'ip', 'link'];
    const pair = ['type', 'veth', 'peer', 'name', 'eth0', 'netns', inside];
    await must('nsenter', [...there, 'add', name, ...pair]);
    await must('nsenter', [...there, 'set', name, 'master', 'switch0', 'up']);
    const machine = ['--target', inside, '--net', 'ip'];
    await must('nsenter', [...machine, 'addr', 'add', `${address}/${NETWORK_BITS}`, 'dev', 'eth0']);
    await must('nsenter', [...machine, 'link', 'set', 'eth0', 'up']);
  }
}
