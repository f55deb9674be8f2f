import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { z } from 'zod';
import { FromChild, type ToChild } from '../process/messages.ts';
import { CHECKOUT } from './checkout.ts';
import type { RunLock } from './data-folder.ts';
import { EXIT, StartFailure } from './failure.ts';
import { openLog } from './log-file.ts';

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 10_000;
/** After this long a start counts as good, and the next crash waits the first pause again. */
const STEADY_MS = 30_000;
const READY_TIMEOUT_MS = 120_000;
const STOP_GRACE_MS = 10_000;

/** What a child may know of this process's environment. */
const INHERITED = ['PATH', 'HOME', 'TMPDIR'] as const;

export interface ProcessContext {
  readonly logs: string;
  readonly lock: RunLock;
  /** Told of every unexpected end, in one sentence. */
  readonly note: (text: string) => void;
}

export interface ProcessSpec<Info> {
  readonly name: string;
  /** The entry file. */
  readonly entry: string;
  /** Beyond PATH, HOME and TMPDIR. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Asked at every start, so that a restart gets the ports of the first one. */
  readonly config: () => unknown;
  readonly info: z.ZodType<Info>;
}

/** Node keeps there what it made of our TypeScript, so that the next start has less to do. */
const COMPILE_CACHE = join(CHECKOUT, '.cache', 'node');

export function inheritedEnvironment(): Record<string, string> {
  const environment: Record<string, string> = { NODE_COMPILE_CACHE: COMPILE_CACHE };
  for (const name of INHERITED) {
    const value = process.env[name];
    if (value !== undefined) environment[name] = value;
  }
  return environment;
}

/** One of our own processes: configured over IPC, restarted when it crashes, stopped by SIGTERM. */
export class ManagedProcess<Info> {
  readonly #spec: ProcessSpec<Info>;
  readonly #context: ProcessContext;
  #child: ChildProcess | undefined;
  #isStopping = false;
  #pauseMs = FIRST_PAUSE_MS;
  #startedAtMs = 0;

  constructor(spec: ProcessSpec<Info>, context: ProcessContext) {
    this.#spec = spec;
    this.#context = context;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Resolves with what the process says when it is ready. @throws StartFailure */
  async start(): Promise<Info> {
    const child = await this.#spawn();
    const message = await this.#answer(child, 'ready');
    if (message.type !== 'ready') throw this.#failure(child, message);
    child.once('exit', (code, signal) => void this.#crashed(code ?? signal ?? 0));
    return this.#spec.info.parse(message.info);
  }

  /** Lets the process finish what is under way and take nothing new. */
  async drain(): Promise<void> {
    if (this.#child === undefined) return;
    this.#say({ type: 'drain' });
    await this.#answer(this.#child, 'drained');
  }

  /** The process's figures; undefined while it is down. */
  async report<Report>(schema: z.ZodType<Report>): Promise<Report | undefined> {
    if (this.#child === undefined) return undefined;
    this.#say({ type: 'report' });
    const message = await this.#answer(this.#child, 'report');
    return message.type === 'report' ? schema.parse(message.report) : undefined;
  }

  /** Asks the process to end; ends it when it has not in time. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
    await exited;
    clearTimeout(timer);
    this.#gone();
  }

  async #spawn(): Promise<ChildProcess> {
    const { name, entry, environment, config } = this.#spec;
    const log = await openLog(join(this.#context.logs, `${name}.log`));
    const child = spawn(process.execPath, [entry], {
      stdio: ['ignore', log, log, 'ipc'],
      env: { ...inheritedEnvironment(), ...environment },
      // A group of its own: Ctrl-C reaches the supervisor alone, which stops things in order.
      detached: true,
    });
    closeSync(log);
    this.#child = child;
    this.#startedAtMs = Date.now();
    if (child.pid !== undefined) this.#context.lock.add(name, child.pid);
    child.on('error', () => undefined);
    this.#say({ type: 'start', config: config() });
    return child;
  }

  #say(message: ToChild): void {
    if (this.#child?.connected === true) this.#child.send(message, () => undefined);
  }

  /** The next message of that type, or of type `failed`, or a made-up one when the process ends. */
  async #answer(child: ChildProcess, type: FromChild['type']): Promise<FromChild> {
    const { promise, resolve } = Promise.withResolvers<FromChild>();
    const give = (code: string) => () => {
      resolve({ type: 'failed', code, message: '' });
    };
    const hear = (raw: unknown): void => {
      const message = FromChild.parse(raw);
      if (message.type === type || message.type === 'failed') resolve(message);
    };
    const ended = give('ended');
    const timer = setTimeout(give('timeout'), READY_TIMEOUT_MS);
    child.on('message', hear);
    child.once('exit', ended);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      child.off('message', hear);
      child.off('exit', ended);
    }
  }

  #failure(child: ChildProcess, message: FromChild): StartFailure {
    child.kill('SIGKILL');
    this.#gone();
    const { name } = this.#spec;
    const logFile = join(this.#context.logs, `${name}.log`);
    const { code, message: text } =
      message.type === 'failed' ? message : { code: 'unknown', message: '' };
    if (code === 'EADDRINUSE') {
      const port = /:(\d+)$/.exec(text)?.[1] ?? '';
      return new StartFailure(
        EXIT.portTaken,
        `Port ${port} of ${name} is taken by another program. ` +
          'Stop that program, or choose another port with --port.',
      );
    }
    return new StartFailure(EXIT.failed, `${name} did not start (${code}). See ${logFile}.`);
  }

  #gone(): void {
    this.#child = undefined;
    this.#context.lock.remove(this.#spec.name);
  }

  async #crashed(how: number | string): Promise<void> {
    if (this.#isStopping) return;
    this.#gone();
    if (Date.now() - this.#startedAtMs > STEADY_MS) this.#pauseMs = FIRST_PAUSE_MS;
    const { name } = this.#spec;
    this.#context.note(`${name} ended (${how}); it starts again in ${this.#pauseMs} ms.`);
    await delay(this.#pauseMs);
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
    if (this.#stopRequested()) return;
    await this.start().catch(() => this.#crashed('not ready'));
  }

  #stopRequested(): boolean {
    return this.#isStopping;
  }
}
