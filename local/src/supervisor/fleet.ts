import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { CHECKOUT, PRELOAD } from './checkout.ts';
import type { DataFolder } from './data-folder.ts';
import { EXIT, StartFailure } from './failure.ts';
import { openLog } from './log-file.ts';
import { inheritedEnvironment, type ProcessContext } from './managed-process.ts';

export interface FleetPlan {
  readonly devices: number;
  readonly seed: number;
  readonly windowSeconds: number;
  /** Readings a second of each continuous signal. */
  readonly rate: number;
  /** How long to wait at the end for the ledger's acknowledgements. */
  readonly drainSeconds: number;
  /** Whether what is measured is written down, to compare the ledger with. */
  readonly keepsTruth: boolean;
}

/** Readings so far. */
export interface FleetProgress {
  readonly handedOver: number;
  readonly published: number;
  readonly acknowledged: number;
  readonly quarantined: number;
  readonly pending: number;
}

const progress: z.ZodType<FleetProgress> = z.object({
  handedOver: z.int(),
  published: z.int(),
  acknowledged: z.int(),
  quarantined: z.int(),
  pending: z.int(),
});

const eventName = z.object({ event: z.string() });

const START_TIMEOUT_MS = 300_000;
const RESTART_PAUSE_MS = 1_000;
/** Beyond its own bound for draining. */
const END_GRACE_MS = 20_000;

/**
 * The simulated wearables, in a process of their own: they talk MQTT and HTTPS like any device. When it
 * crashes it is started again and goes on with what is in its outboxes.
 */
export class FleetProcess {
  readonly #folder: DataFolder;
  readonly #context: ProcessContext;
  readonly #plan: FleetPlan;
  readonly #started = Promise.withResolvers<undefined>();
  #child: ChildProcess | undefined;
  #progress: FleetProgress | undefined;
  #isStopping = false;
  #hasStarted = false;

  constructor(plan: FleetPlan, folder: DataFolder, context: ProcessContext) {
    this.#plan = plan;
    this.#folder = folder;
    this.#context = context;
  }

  get progress(): FleetProgress | undefined {
    return this.#progress;
  }

  /** Resolves when all devices are enrolled, connected and measuring. @throws StartFailure */
  async start(): Promise<void> {
    await this.#spawn();
    const timer = setTimeout(() => {
      this.#started.reject(this.#failure());
    }, START_TIMEOUT_MS);
    await this.#started.promise.finally(() => {
      clearTimeout(timer);
    });
  }

  /** Devices stop measuring, hand over what they have and wait, within a bound, for the ledger. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const child = this.#child;
    if (child === undefined) return;
    const closed = once(child, 'close');
    // The end of its input also asks it to stop, and lets it end.
    child.stdin?.end('{"command":"stop"}\n');
    const limitMs = this.#plan.drainSeconds * 1000 + END_GRACE_MS;
    const timer = setTimeout(() => child.kill('SIGKILL'), limitMs);
    await closed;
    clearTimeout(timer);
  }

  async #spawn(): Promise<void> {
    const log = await openLog(join(this.#folder.logs, 'simulator.log'));
    const child = spawn(process.execPath, this.#arguments(), {
      stdio: ['pipe', 'pipe', log, 'ipc'],
      env: inheritedEnvironment(),
      detached: true,
    });
    closeSync(log);
    this.#child = child;
    if (child.pid !== undefined) this.#context.lock.add('simulator', child.pid);
    child.stdin?.on('error', () => undefined);
    createInterface({ input: child.stdout ?? process.stdin }).on('line', (line) => {
      this.#hear(line);
    });
    child.once('close', (code, signal) => void this.#ended(code ?? signal ?? 0));
  }

  #arguments(): string[] {
    const { devices, seed, windowSeconds, rate, drainSeconds, keepsTruth } = this.#plan;
    const entry = join(CHECKOUT, 'device-simulator', 'src', 'main.ts');
    return [
      ...['--import', PRELOAD, entry, 'fleet', '--controlled', '--json'],
      ...['--system', this.#folder.systemFile, '--devices', String(devices)],
      ...['--seed', String(seed), '--window', `${String(windowSeconds)}s`],
      ...['--rate', String(rate), '--drain', `${String(drainSeconds)}s`],
      ...['--outbox', this.#folder.fleet],
      ...(keepsTruth ? ['--truth', this.#folder.truthFile] : []),
    ];
  }

  #hear(line: string): void {
    const message = parseJson(line);
    const name = eventName.safeParse(message).data?.event;
    if (name === 'progress') this.#progress = progress.safeParse(message).data;
    if (name !== 'started') return;
    this.#hasStarted = true;
    this.#started.resolve(undefined);
  }

  async #ended(how: number | string): Promise<void> {
    this.#child = undefined;
    this.#context.lock.remove('simulator');
    if (this.#isStopping) return;
    if (!this.#hasStarted) {
      this.#started.reject(this.#failure());
      return;
    }
    this.#context.note(`The simulator ended (${how}); it starts again.`);
    await delay(RESTART_PAUSE_MS);
    if (!this.#stopRequested()) await this.#spawn();
  }

  #stopRequested(): boolean {
    return this.#isStopping;
  }

  #failure(): StartFailure {
    const logFile = join(this.#folder.logs, 'simulator.log');
    return new StartFailure(EXIT.failed, `The wearables did not start. See ${logFile}.`);
  }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
