import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { guard, release } from './guardian.ts';
import { RotatingLog } from './rotating-log.ts';

export interface SupervisionOptions {
  /** For messages, e.g. `peer0.hospital.pulse.test`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** The whole environment; nothing is inherited but PATH, HOME and TMPDIR. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Both outputs are appended to this file, which is set aside when it is full. */
  readonly logFile: string;
  /** An IPC channel to it. */
  readonly ipc?: boolean;
  /** A pipe to its standard input, which otherwise is empty. */
  readonly stdin?: boolean;
  /** Told of each line of its standard output, which is then not logged. */
  readonly onLine?: (line: string) => void;
  /** Told of every process that is started, the first one and those after a crash. */
  readonly onStart?: (child: ChildProcess) => void;
  /** Told of every unexpected end, in one sentence. */
  readonly onCrash?: (message: string) => void;
}

/** A process that is started again whenever it ends by itself. */
export interface SupervisedProcess {
  readonly name: string;
  /** Process id while it runs. */
  readonly pid: () => number | undefined;
  /** How often it ended by itself. */
  readonly crashes: () => number;
  /** Its last output, for an error message. */
  readonly lastOutput: () => string;
  /** Appends to its log, e.g. what `onLine` was told. */
  readonly log: (text: string) => void;
  /** SIGTERM, and SIGKILL when it has not ended in time; resolves when it is gone. */
  readonly stop: (options?: StopOptions) => Promise<void>;
}

export interface StopOptions {
  /** How it is asked to end; default: SIGTERM. */
  readonly ask?: (child: ChildProcess) => void;
  /** Default: 8 s. */
  readonly graceMs?: number;
}

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 10_000;
/** After this long a start counts as good, and the next crash waits the first pause again. */
const STEADY_MS = 30_000;
const STOP_GRACE_MS = 8_000;
const KEPT_OUTPUT_CHARACTERS = 2_000;
const INHERITED = ['PATH', 'HOME', 'TMPDIR'] as const;

/** What a child process may know of this one's environment. */
export function inheritedEnvironment(): Record<string, string> {
  return Object.fromEntries(
    INHERITED.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

class Supervisor implements SupervisedProcess {
  readonly name: string;
  readonly #options: SupervisionOptions;
  readonly #log: RotatingLog;
  readonly #stopping = new AbortController();
  #child: ChildProcess | undefined;
  #crashes = 0;
  #output = '';
  readonly #done: Promise<void>;

  constructor(options: SupervisionOptions) {
    this.name = options.name;
    this.#options = options;
    this.#log = new RotatingLog(options.logFile);
    this.#done = this.#run();
  }

  readonly pid = (): number | undefined => this.#child?.pid;
  readonly crashes = (): number => this.#crashes;
  readonly lastOutput = (): string => this.#output;

  readonly log = (text: string): void => {
    this.#log.append(text);
  };

  readonly stop = async (options: StopOptions = {}): Promise<void> => {
    const { ask = terminate, graceMs = STOP_GRACE_MS } = options;
    this.#stopping.abort();
    const child = this.#child;
    if (child !== undefined) {
      ask(child);
      const timer = setTimeout(() => {
        signal(child, 'SIGKILL');
      }, graceMs);
      await this.#done;
      clearTimeout(timer);
    }
    await this.#done;
  };

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #run(): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    while (!this.#isStopping()) {
      const startedAt = Date.now();
      const how = await this.#runOnce();
      if (this.#isStopping()) break;
      if (Date.now() - startedAt > STEADY_MS) pauseMs = FIRST_PAUSE_MS;
      this.#crashes += 1;
      this.#options.onCrash?.(`${this.name} ended (${how}); it starts again in ${pauseMs} ms.`);
      await delay(pauseMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
    this.#log.close();
  }

  /** @returns how it ended, in words. */
  async #runOnce(): Promise<string> {
    const { command, args, cwd, environment, ipc, stdin, onStart } = this.#options;
    const child = spawn(command, args, {
      cwd,
      env: { ...inheritedEnvironment(), ...environment },
      // A group of its own, so that Ctrl-C reaches the supervisor alone, which then stops things in order.
      detached: true,
      stdio: [
        stdin === true ? 'pipe' : 'ignore',
        'pipe',
        'pipe',
        ...(ipc === true ? (['ipc'] as const) : []),
      ],
    });
    this.#child = child;
    const { pid } = child;
    if (pid !== undefined) guard(pid);
    // What is written after its end is nobody's; the end itself is heard below.
    child.stdin?.on('error', () => undefined);
    this.#listen(child);
    const ended = ending(child);
    onStart?.(child);
    const how = await ended;
    if (pid !== undefined) release(pid);
    this.#child = undefined;
    return how;
  }

  #listen({ stdout, stderr }: ChildProcess): void {
    const { onLine } = this.#options;
    stderr?.on('data', this.#keep);
    if (onLine === undefined) stdout?.on('data', this.#keep);
    else if (stdout !== null) createInterface({ input: stdout }).on('line', onLine);
  }

  readonly #keep = (chunk: Buffer): void => {
    this.#log.append(chunk);
    this.#output = (this.#output + chunk.toString('utf8')).slice(-KEPT_OUTPUT_CHARACTERS);
  };
}

/** Resolves when the process is gone or could not be started, with how, in words. */
function ending(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => {
      resolve(error.message);
    });
    child.once('close', (code, signalName) => {
      resolve(signalName ?? `exit code ${String(code)}`);
    });
  });
}

function terminate(child: ChildProcess): void {
  signal(child, 'SIGTERM');
}

function signal(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.exitCode === null && child.signalCode === null) child.kill(name);
}

/** Starts a process and keeps it running until it is stopped; it never outlives this process. */
export function supervise(options: SupervisionOptions): SupervisedProcess {
  return new Supervisor(options);
}
