import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type SupervisedProcess, supervise } from '@pulseledger/network/processes';
import type { z } from 'zod';
import type { MetricsRegistry } from '../metrics/metrics-registry.ts';
import { EXIT_DISK, EXIT_TIMED_OUT } from '../process/exits.ts';
import { FromChild, type ToChild } from '../process/messages.ts';
import { COMPILE_CACHE } from './checkout.ts';
import type { RunLock } from './data-folder.ts';
import { EXIT, StartFailure } from './failure.ts';

const READY_TIMEOUT_MS = 120_000;
const STOP_GRACE_MS = 10_000;

export interface ProcessContext {
  readonly logs: string;
  readonly lock: RunLock;
  /** Told of every unexpected end, in one sentence. */
  readonly note: (text: string) => void;
  /** Gets the metrics that the processes write on standard output. */
  readonly metrics: MetricsRegistry;
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

/** One of our own processes: configured over IPC, restarted when it crashes, stopped by SIGTERM. */
export class ManagedProcess<Info> {
  readonly #spec: ProcessSpec<Info>;
  readonly #context: ProcessContext;
  readonly #first = Promise.withResolvers<FromChild>();
  #supervised: SupervisedProcess | undefined;
  #child: ChildProcess | undefined;
  #ready: ChildProcess | undefined;

  constructor(spec: ProcessSpec<Info>, context: ProcessContext) {
    this.#spec = spec;
    this.#context = context;
  }

  get name(): string {
    return this.#spec.name;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Whether it runs and has said that it is ready. */
  get isReady(): boolean {
    return this.#ready !== undefined && this.#ready === this.#child;
  }

  /** Resolves with what the process says when it is ready. @throws StartFailure */
  async start(): Promise<Info> {
    const { name, entry, environment } = this.#spec;
    this.#supervised = supervise({
      name,
      command: process.execPath,
      args: [entry],
      environment: { NODE_COMPILE_CACHE: COMPILE_CACHE, ...environment },
      logFile: this.#logFile,
      ipc: true,
      onLine: (line) => {
        if (!this.#context.metrics.take(line)) this.#supervised?.log(`${line}\n`);
      },
      onStart: (child) => void this.#started(child),
      onCrash: (text) => {
        // Before it was ever ready the caller of start() is told.
        if (this.#ready !== undefined) this.#context.note(explained(text));
      },
    });
    const message = await this.#first.promise;
    if (message.type === 'ready') return this.#spec.info.parse(message.info);
    await this.stop();
    throw this.#failure(message);
  }

  /** The process's figures; undefined while it is down. */
  async report<Report>(schema: z.ZodType<Report>): Promise<Report | undefined> {
    const child = this.#child;
    if (child === undefined || !this.isReady) return undefined;
    const answer = nextMessage(child, 'report', READY_TIMEOUT_MS);
    this.tell({ type: 'report' });
    const message = await answer;
    return message.type === 'report' ? schema.parse(message.report) : undefined;
  }

  /** Says something to the process, if it runs. */
  tell(message: ToChild): void {
    if (this.#child?.connected === true) this.#child.send(message, () => undefined);
  }

  /** Asks the process to end; ends it when it has not in time. */
  async stop(): Promise<void> {
    await this.#supervised?.stop({ graceMs: STOP_GRACE_MS });
  }

  get #logFile(): string {
    return join(this.#context.logs, `${this.#spec.name}.log`);
  }

  async #started(child: ChildProcess): Promise<void> {
    const { name, config } = this.#spec;
    this.#child = child;
    if (child.pid !== undefined) this.#context.lock.add(name, child.pid);
    child.once('exit', () => {
      this.#child = undefined;
      this.#context.lock.remove(name);
    });
    const answer = nextMessage(child, 'ready', READY_TIMEOUT_MS);
    this.tell({ type: 'start', config: config() });
    const message = await answer;
    if (message.type === 'ready') this.#ready = child;
    // One that does not answer gets its next try only when it is gone.
    else child.kill('SIGKILL');
    this.#first.resolve(message);
  }

  #failure(message: FromChild): StartFailure {
    const { name } = this.#spec;
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
    return new StartFailure(EXIT.failed, `${name} did not start (${code}). See ${this.#logFile}.`);
  }
}

/** Ends of our own processes that a person can do something about, by exit code. */
const EXPLANATIONS: Readonly<Record<string, string>> = {
  [EXIT_DISK]:
    'The disk refuses writes: devices get no acknowledgement and keep their readings. Free some space.',
  [EXIT_TIMED_OUT]: 'The function did not end in time; its messages come back.',
};

function explained(text: string): string {
  const code = /\(exit code (\d+)\)/.exec(text)?.[1];
  const explanation = EXPLANATIONS[code ?? ''];
  return explanation === undefined ? text : `${text} ${explanation}`;
}

/** The next message of that type, or of type `failed`, or a made-up one when the process ends. */
async function nextMessage(
  child: ChildProcess,
  type: FromChild['type'],
  timeoutMs: number,
): Promise<FromChild> {
  const { promise, resolve } = Promise.withResolvers<FromChild>();
  const listening = new AbortController();
  const fail = (code: string) => () => {
    resolve({ type: 'failed', code, message: '' });
  };
  const hear = (raw: unknown): void => {
    const message = FromChild.parse(raw);
    if (message.type === type || message.type === 'failed') resolve(message);
  };
  const timer = setTimeout(fail('timeout'), timeoutMs);
  child.on('message', hear);
  once(child, 'exit', { signal: listening.signal }).then(fail('ended'), () => undefined);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    child.off('message', hear);
    listening.abort();
  }
}
