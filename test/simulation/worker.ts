// Runs seeds in a thread of its own, in which real time and real chance are shut off while a seed runs.
import nodeCrypto from 'node:crypto';
import { createRequire } from 'node:module';
import { setImmediate as nextTurn } from 'node:timers';
import { parentPort } from 'node:worker_threads';
import type * as Bundle from './world/main.ts';
import type { SeedOptions, SeedReport } from './world/simulation.ts';

/** What the worker is asked. */
export interface Order {
  readonly id: number;
  /** A file that bundle.ts has made. */
  readonly bundle: string;
  readonly seeds: readonly Omit<SeedOptions, 'turn'>[];
  /** End at the first seed in which something is wrong. */
  readonly stopAtFirst: boolean;
  readonly withTrace: boolean;
}

/** A report that can be sent to another thread. */
export type TracedReport = Omit<SeedReport, 'trace'> & { readonly trace: readonly string[] };

/** What it answers. */
export interface Answer {
  readonly id: number;
  readonly reports: readonly TracedReport[];
  /** Processor time of this thread. */
  readonly cpuMs: number;
  /** The simulation itself does not work. */
  readonly failed?: string | undefined;
}

const load = createRequire(import.meta.url);
const real = {
  Date,
  Math,
  random: Math.random,
  randomBytes: nodeCrypto.randomBytes,
  randomUUID: nodeCrypto.randomUUID,
};
let running: typeof Bundle | undefined;

function forbidden(what: string): () => never {
  return () => {
    throw new Error(`The simulated code has asked the real machine: ${what}.`);
  };
}

/** Libraries read the clock and roll dice for nonces: they get the simulated ones, nobody gets the real ones. */
class SimulatedDate extends Date {
  constructor(...of: [] | [number | string | Date]) {
    if (of.length === 0) super(running?.nowMs() ?? real.Date.now());
    else super(of[0]);
  }

  static override now(): number {
    return running?.nowMs() ?? real.Date.now();
  }
}

function install(): void {
  Object.assign(globalThis, {
    Date: SimulatedDate,
    __forbidden: {
      dateNow: forbidden('Date.now'),
      random: forbidden('Math.random'),
      performanceNow: forbidden('performance.now'),
      setTimeout: forbidden('setTimeout'),
      setInterval: forbidden('setInterval'),
      setImmediate: forbidden('setImmediate'),
    },
  });
  Math.random = () => (running?.nowMs() === undefined ? real.random() : forbidden('Math.random')());
  Object.assign(nodeCrypto, {
    randomBytes: (length: number) => {
      const bytes = running?.randomBytes(length);
      return bytes === undefined ? real.randomBytes(length) : Buffer.from(bytes);
    },
    randomUUID: () => {
      const bytes = running?.randomBytes(16);
      return bytes === undefined ? real.randomUUID() : Buffer.from(bytes).toString('hex');
    },
  });
  process.on('unhandledRejection', (error) => {
    running?.uncaught(error);
  });
  process.on('uncaughtException', (error) => {
    running?.uncaught(error);
  });
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    nextTurn(resolve);
  });
}

async function work({ id, bundle, seeds, stopAtFirst, withTrace }: Order): Promise<Answer> {
  running = load(bundle) as typeof Bundle;
  // A simulated network makes thousands of errors whose stacks nobody reads.
  Error.stackTraceLimit = withTrace ? 10 : 0;
  const reports: TracedReport[] = [];
  const before = process.threadCpuUsage();
  for (const options of seeds) {
    const report = await running.runSeed({ ...options, turn });
    reports.push({ ...report, trace: withTrace ? report.trace() : [] });
    if (stopAtFirst && report.violations.length > 0) break;
  }
  const spent = process.threadCpuUsage(before);
  return { id, reports, cpuMs: (spent.user + spent.system) / 1_000 };
}

install();
parentPort?.on('message', (order: Order) => {
  work(order).then(
    (answer) => {
      parentPort?.postMessage(answer);
    },
    (error: unknown) => {
      const failed = error instanceof Error ? (error.stack ?? error.message) : String(error);
      const answer: Answer = { id: order.id, reports: [], cpuMs: 0, failed };
      parentPort?.postMessage(answer);
    },
  );
});
