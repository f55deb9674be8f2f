import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
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
}

/** Readings so far. */
export interface FleetProgress {
  readonly handedOver: number;
  readonly published: number;
  readonly acknowledged: number;
  readonly quarantined: number;
  readonly pending: number;
}

export interface FleetResult {
  readonly drained: boolean;
  readonly published: { readonly readings: number };
  readonly committed: { readonly readings: number };
  readonly commitLatencyMs: { readonly p50: number; readonly p99: number } | null;
}

const progress: z.ZodType<FleetProgress> = z.object({
  handedOver: z.int(),
  published: z.int(),
  acknowledged: z.int(),
  quarantined: z.int(),
  pending: z.int(),
});

const readings = z.object({ readings: z.int() });

const result: z.ZodType<FleetResult> = z.object({
  drained: z.boolean(),
  published: readings,
  committed: readings,
  commitLatencyMs: z.object({ p50: z.number(), p99: z.number() }).nullable(),
});

const eventName = z.object({ event: z.string() });

const START_TIMEOUT_MS = 300_000;
/** Beyond its own bound for draining. */
const END_GRACE_MS = 20_000;

/** The simulated wearables, in a process of their own: they talk MQTT and HTTPS like any device. */
export class FleetProcess {
  readonly #folder: DataFolder;
  readonly #context: ProcessContext;
  readonly #plan: FleetPlan;
  readonly #started = Promise.withResolvers<undefined>();
  readonly #done = Promise.withResolvers<FleetResult | undefined>();
  #child: ChildProcess | undefined;
  #progress: FleetProgress | undefined;

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
    const { devices, seed, windowSeconds, rate, drainSeconds } = this.#plan;
    const log = await openLog(join(this.#folder.logs, 'simulator.log'));
    const entry = join(CHECKOUT, 'device-simulator', 'src', 'main.ts');
    const child = spawn(
      process.execPath,
      [
        ...['--import', pathToFileURL(PRELOAD).href, entry, 'fleet', '--controlled', '--json'],
        ...['--system', this.#folder.systemFile, '--devices', String(devices)],
        ...['--seed', String(seed), '--window', `${String(windowSeconds)}s`],
        ...['--rate', String(rate), '--drain', `${String(drainSeconds)}s`],
        ...['--outbox', this.#folder.fleet, '--truth', this.#folder.truthFile],
      ],
      { stdio: ['pipe', 'pipe', log, 'ipc'], env: inheritedEnvironment(), detached: true },
    );
    closeSync(log);
    this.#child = child;
    if (child.pid !== undefined) this.#context.lock.add('simulator', child.pid);
    child.stdin?.on('error', () => undefined);
    createInterface({ input: child.stdout ?? process.stdin }).on('line', (line) => {
      this.#hear(line);
    });
    child.once('close', () => {
      this.#context.lock.remove('simulator');
      this.#started.reject(this.#failure());
      this.#done.resolve(undefined);
    });
    const timer = setTimeout(() => {
      this.#started.reject(this.#failure());
    }, START_TIMEOUT_MS);
    await this.#started.promise.finally(() => {
      clearTimeout(timer);
    });
  }

  /** Devices stop measuring, hand over what they have and wait for the ledger. Undefined: it broke off. */
  async stop(): Promise<FleetResult | undefined> {
    const child = this.#child;
    if (child === undefined) return undefined;
    child.stdin?.write('{"command":"stop"}\n');
    const timer = setTimeout(
      () => child.kill('SIGKILL'),
      this.#plan.drainSeconds * 1000 + END_GRACE_MS,
    );
    const last = await this.#done.promise;
    child.stdin?.end();
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    clearTimeout(timer);
    return last;
  }

  #hear(line: string): void {
    const message = parseJson(line);
    const name = eventName.safeParse(message).data?.event;
    if (name === 'started') this.#started.resolve(undefined);
    if (name === 'progress') this.#progress = progress.safeParse(message).data;
    if (name === 'done') this.#done.resolve(result.parse(message));
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
