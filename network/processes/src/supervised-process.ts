import { type ChildProcess, spawn } from 'node:child_process';
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
  /** Both outputs are appended to this file. */
  readonly logFile: string;
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
  /** SIGTERM, and SIGKILL when it has not ended in time; resolves when it is gone. */
  readonly stop: () => Promise<void>;
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

  readonly stop = async (): Promise<void> => {
    this.#stopping.abort();
    const child = this.#child;
    if (child !== undefined) {
      signal(child, 'SIGTERM');
      const timer = setTimeout(() => {
        signal(child, 'SIGKILL');
      }, STOP_GRACE_MS);
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
    const { command, args, cwd, environment } = this.#options;
    const child = spawn(command, args, {
      cwd,
      env: { ...inheritedEnvironment(), ...environment },
      // A group of its own, so that Ctrl-C reaches the supervisor alone, which then stops things in order.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    const { pid } = child;
    if (pid !== undefined) guard(pid);
    child.stdout.on('data', this.#keep);
    child.stderr.on('data', this.#keep);
    const how = await ending(child);
    if (pid !== undefined) release(pid);
    this.#child = undefined;
    return how;
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

function signal(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.exitCode === null && child.signalCode === null) child.kill(name);
}

/** Starts a process and keeps it running until it is stopped; it never outlives this process. */
export function supervise(options: SupervisionOptions): SupervisedProcess {
  return new Supervisor(options);
}
