// `npm run simulate:seeds`: looks for a seed in which the whole system, in a simulated world, loses or doubles a reading.
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundleSimulation } from './bundle.ts';
import { PLANTED_BUGS } from './mutations.ts';
import { SeedThread } from './seed-thread.ts';
import { type Repeatable, type Shrunk, shrink } from './shrink.ts';
import type { TracedReport } from './worker.ts';

const HELP = `Runs the production code of outbox, publisher, queue, ingest and batch signer in a simulated world: seeded crashes,
lost and doubled messages, failing disks, MVCC conflicts, unknown and late commits. Stops at a seed in which a promise is broken.

npm run simulate:seeds -- [options]

  --count <n>       seeds to run (default 1000)
  --from <seed>     the first one (default 1); to go on after an interruption, give the one that was named
  --seed <seed>     this one only, with its trace
  --workers <n>     threads (default: one a processor)
  --bug <number>    with one of the ${PLANTED_BUGS.length} planted bugs in the code (1 to ${PLANTED_BUGS.length}), to see it found
  --json            the result as one line of JSON; progress goes to stderr
  --help

Exit code: 0 nothing found, 1 a failing seed, 2 wrong options, 130 interrupted.`;

const ROOT = join(import.meta.dirname, '..', '..');
const SEEDS_AT_ONCE = 20;
const MAX_WORKERS = 64;
const MAX_SEED = 0x7fff_ffff;
const PROGRESS_EVERY_MS = 1_000;

interface Options {
  readonly from: number;
  readonly count: number;
  readonly workers: number;
  readonly json: boolean;
  readonly bug: number | undefined;
  readonly single: boolean;
}

function whole(name: string, text: string | undefined, otherwise: number, most: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= most) return value;
  throw new RangeError(`--${name} is a whole number from 1 to ${most}.`);
}

function readOptions(): Options | undefined {
  const { values } = parseArgs({
    options: {
      count: { type: 'string' },
      from: { type: 'string' },
      seed: { type: 'string' },
      workers: { type: 'string' },
      bug: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const single = values.seed !== undefined;
  const from = whole(single ? 'seed' : 'from', values.seed ?? values.from, 1, MAX_SEED);
  const count = single ? 1 : whole('count', values.count, 1_000, MAX_SEED - from);
  const parallel = Math.min(availableParallelism(), Math.ceil(count / SEEDS_AT_ONCE));
  return {
    from,
    count,
    single,
    workers: whole('workers', values.workers, parallel, MAX_WORKERS),
    json: values.json,
    bug: values.bug === undefined ? undefined : whole('bug', values.bug, 1, PLANTED_BUGS.length),
  };
}

/** Progress on stderr, so that stdout has the result only. */
class Progress {
  readonly #startedMs = performance.now();
  readonly #options: Options;
  #toldMs = 0;
  done = 0;
  /** What has happened in all seeds together. */
  readonly counts: Record<string, number> = {};

  constructor(options: Options) {
    this.#options = options;
  }

  get perSecond(): number {
    return (this.done * 1_000) / Math.max(1, performance.now() - this.#startedMs);
  }

  ran(reports: readonly TracedReport[]): void {
    this.done += reports.length;
    for (const { counts } of reports) {
      for (const [what, times] of Object.entries(counts)) {
        this.counts[what] = (this.counts[what] ?? 0) + times;
      }
    }
  }

  told(next: number): void {
    const nowMs = performance.now();
    if (nowMs - this.#toldMs < PROGRESS_EVERY_MS) return;
    this.#toldMs = nowMs;
    const left = Math.ceil((this.#options.count - this.done) / Math.max(0.001, this.perSecond));
    const rate = this.perSecond.toFixed(0);
    process.stderr.write(
      `${this.done} of ${this.#options.count} seeds, ${rate} a second, ${left} s left (go on with --from ${next})\n`,
    );
  }
}

/** Runs all seeds; the first failing one, if there is any. */
async function search(
  threads: readonly SeedThread[],
  bundle: string,
  { from, count, single }: Options,
  progress: Progress,
): Promise<TracedReport | undefined> {
  let next = from;
  const failed: TracedReport[] = [];
  const underWay = new Set<number>();
  const work = async (thread: SeedThread): Promise<void> => {
    while (next < from + count && failed.length === 0 && !interrupted) {
      const first = next;
      const size = Math.min(SEEDS_AT_ONCE, from + count - first);
      next += size;
      underWay.add(first);
      const seeds = Array.from({ length: size }, (_, index) => ({ seed: first + index }));
      const { reports } = await thread.run({ bundle, seeds, stopAtFirst: true, withTrace: single });
      underWay.delete(first);
      progress.ran(reports);
      failed.push(...reports.filter(({ violations }) => violations.length > 0));
      progress.told(Math.min(next, ...underWay));
    }
  };
  await Promise.all(threads.map(work));
  if (interrupted) process.stderr.write(`interrupted; go on with --from ${next}\n`);
  return failed.sort((one, other) => one.seed - other.seed)[0];
}

let interrupted = false;

function present(shrunk: Shrunk, bug: number | undefined): void {
  const { report, options } = shrunk;
  const lines = report.trace.length > 0 ? report.trace : ['(no trace)'];
  process.stdout.write(
    [
      `Seed ${report.seed} fails, here with as few devices, hosts and faults as could be found:`,
      ...lines,
      '',
      ...report.violations.map((text) => `BROKEN: ${text}`),
      `faults in it: ${report.faults.join(', ') || 'none'}`,
      `in it: at most ${options.devices ?? 3} devices, ${options.windows ?? 5} windows, ${options.hosts ?? 2} hosts`,
      `again: npm run simulate:seeds -- --seed ${report.seed}${bug === undefined ? '' : ` --bug ${bug}`}`,
      '',
    ].join('\n'),
  );
}

function summarize({ counts, done }: Progress, seedsPerSecond: number): void {
  for (const what of Object.keys(counts).sort()) {
    process.stdout.write(`${String(counts[what]).padStart(9)} ${what}\n`);
  }
  process.stdout.write(`${done} seeds, ${seedsPerSecond} a second: every promise was kept.\n`);
}

async function main(options: Options): Promise<number> {
  const bundle = await bundleSimulation(
    ROOT,
    options.bug === undefined ? undefined : PLANTED_BUGS[options.bug - 1],
  );
  const threads = Array.from({ length: options.workers }, () => new SeedThread(ROOT));
  const progress = new Progress(options);
  try {
    const failing = await search(threads, bundle, options, progress);
    const seedsPerSecond = Math.round(progress.perSecond * 10) / 10;
    const [thread] = threads;
    const found: Repeatable | undefined = failing && { seed: failing.seed };
    const shrunk = found && thread && (await shrink(thread, bundle, found));
    if (options.json) {
      const { from, count } = options;
      const { counts, done: seeds } = progress;
      const result = { from, count, seeds, seedsPerSecond, counts, failing: shrunk ?? null };
      process.stdout.write(`${JSON.stringify(result)}\n`);
    } else if (shrunk !== undefined) {
      present(shrunk, options.bug);
    } else {
      summarize(progress, seedsPerSecond);
    }
    if (interrupted) return 130;
    return failing === undefined ? 0 : 1;
  } finally {
    await Promise.all(threads.map((thread) => thread.close()));
  }
}

let options: Options | undefined;
try {
  options = readOptions();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\nSee --help.\n`);
  process.exit(2);
}
process.on('SIGINT', () => {
  interrupted = true;
});
if (options === undefined) process.stdout.write(`${HELP}\n`);
else process.exitCode = await main(options);
