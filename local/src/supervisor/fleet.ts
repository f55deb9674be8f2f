import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { type SupervisedProcess, supervise } from '@pulseledger/network/processes';
import { z } from 'zod';
import { CHECKOUT, COMPILE_CACHE } from './checkout.ts';
import type { DataFolder } from './data-folder.ts';
import { EXIT, StartFailure } from './failure.ts';
import type { ProcessContext } from './managed-process.ts';

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
  /** The wearers of the story go on with their own devices. */
  readonly isStory: boolean;
  /** Names as the simulator takes them, or all or none. */
  readonly faults: string;
  readonly attackers: string;
  /** A day of the plan of faults passes in this time; undefined: in a day. */
  readonly faultDaySeconds: number | undefined;
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
  #supervised: SupervisedProcess | undefined;
  #progress: FleetProgress | undefined;
  #hasStarted = false;

  constructor(plan: FleetPlan, folder: DataFolder, context: ProcessContext) {
    this.#plan = plan;
    this.#folder = folder;
    this.#context = context;
  }

  get progress(): FleetProgress | undefined {
    return this.#progress;
  }

  get pid(): number | undefined {
    return this.#supervised?.pid();
  }

  /** Resolves when all devices are enrolled, connected and measuring. @throws StartFailure */
  async start(): Promise<void> {
    this.#supervised = supervise({
      name: 'The simulator',
      command: process.execPath,
      args: this.#arguments(),
      environment: { NODE_COMPILE_CACHE: COMPILE_CACHE },
      logFile: this.#logFile,
      stdin: true,
      onLine: (line) => {
        this.#hear(line);
      },
      onStart: (child) => {
        this.#spawned(child);
      },
      onCrash: (text) => {
        // Before it has started the caller of start() is told.
        if (this.#hasStarted) this.#context.note(text);
      },
    });
    const timer = setTimeout(() => {
      this.#started.reject(this.#failure());
    }, START_TIMEOUT_MS);
    try {
      await this.#started.promise;
    } catch (error) {
      await this.#supervised.stop();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Devices stop measuring, hand over what they have and wait, within a bound, for the ledger. */
  async stop(): Promise<void> {
    await this.#supervised?.stop({
      // The end of its input also asks it to stop, and lets it end.
      ask: (child) => child.stdin?.end('{"command":"stop"}\n'),
      graceMs: this.#plan.drainSeconds * 1000 + END_GRACE_MS,
    });
  }

  get #logFile(): string {
    return join(this.#folder.logs, 'simulator.log');
  }

  #spawned(child: ChildProcess): void {
    if (child.pid !== undefined) this.#context.lock.add('simulator', child.pid);
    child.once('close', () => {
      this.#context.lock.remove('simulator');
      // Without effect once it has started.
      this.#started.reject(this.#failure());
    });
  }

  #arguments(): string[] {
    const { devices, seed, windowSeconds, rate, drainSeconds, keepsTruth, isStory } = this.#plan;
    const { faults, attackers, faultDaySeconds } = this.#plan;
    const entry = join(CHECKOUT, 'device-simulator', 'src', 'main.ts');
    const { measuredFleet, storyFleet, fleet } = this.#folder;
    const own = isStory ? storyFleet : fleet;
    const outbox = keepsTruth ? measuredFleet : own;
    return [
      ...[entry, 'fleet', '--controlled', '--json'],
      ...['--system', this.#folder.systemFile, '--devices', String(devices)],
      ...['--seed', String(seed), '--window', `${String(windowSeconds)}s`],
      ...['--rate', String(rate), '--drain', `${String(drainSeconds)}s`],
      ...['--outbox', outbox, '--faults', faults, '--attackers', attackers],
      ...(faultDaySeconds === undefined ? [] : ['--fault-day', `${String(faultDaySeconds)}s`]),
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

  #failure(): StartFailure {
    return new StartFailure(EXIT.failed, `The wearables did not start. See ${this.#logFile}.`);
  }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
