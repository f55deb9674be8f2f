import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { CHECKOUT } from '../integration/start.ts';
import type { SoakOptions } from './arguments.ts';

/** One chunk a minute of the device's own time, six readings of each signal. */
const WINDOW_SECONDS = 60;
const RATE = 0.1;
const DRAIN = '10m';
/** How much longer than planned a run may take. */
const LONGEST = 3;

const Latency = z.object({ p50: z.number(), p99: z.number() }).nullable();
const Amount = z.object({ chunks: z.number(), readings: z.number() });

const Progress = z.object({
  event: z.literal('progress'),
  chunks: z.object({ committed: z.number(), quarantined: z.number(), pending: z.number() }),
  commitLatencyMs: Latency,
});

const Done = z.object({
  event: z.literal('done'),
  handedOver: Amount,
  committed: Amount,
  quarantined: Amount,
  pending: Amount,
  discardedReadings: z.number(),
  reconnects: z.number(),
  commitLatencyMs: Latency,
});

/** How far the fleet is. */
export type FleetProgress = z.infer<typeof Progress>;
/** What the fleet says at its end. */
export type FleetResult = z.infer<typeof Done>;

/** Wearables with a fast clock, in their own process. */
export class SoakFleet {
  readonly result: Promise<FleetResult>;
  readonly #child: ChildProcess;

  constructor(
    options: SoakOptions,
    systemFile: string,
    onProgress: (progress: FleetProgress) => void,
  ) {
    const { devices, chunks, chunksPerSecond, seed } = options;
    const speed = (chunksPerSecond * WINDOW_SECONDS) / devices;
    // Whoever watches ends it at the number of chunks; a machine that is slower than the load gets longer.
    const seconds = Math.ceil((chunks / chunksPerSecond) * LONGEST);
    this.#child = spawn(
      process.execPath,
      [
        join(CHECKOUT, 'device-simulator/src/main.ts'),
        'fleet',
        ...['--system', systemFile, '--devices', String(devices), '--seed', String(seed)],
        ...['--window', `${WINDOW_SECONDS}s`, '--rate', String(RATE), '--speed', String(speed)],
        ...['--for', `${seconds}s`, '--drain', DRAIN, '--json'],
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    this.result = this.#follow(onProgress);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Ends measuring; what is handed over is still delivered. */
  stop(): void {
    this.#child.kill('SIGTERM');
  }

  async #follow(onProgress: (progress: FleetProgress) => void): Promise<FleetResult> {
    const { stdout } = this.#child;
    if (stdout === null) throw new Error('the fleet has no output');
    let result: FleetResult | undefined;
    for await (const line of createInterface({ input: stdout })) {
      const parsed: unknown = JSON.parse(line);
      const progress = Progress.safeParse(parsed);
      if (progress.success) onProgress(progress.data);
      result = Done.safeParse(parsed).data ?? result;
    }
    if (result === undefined) throw new Error('the fleet ended without a result');
    return result;
  }
}
