/** `npm run bench:page`: what the page costs and how quick it is, in a real browser. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { secondsLeft } from '../../../local/src/story/time-left.ts';
import { PageBrowser } from '../../browser/page-browser.ts';
import { RunningSystem } from '../../integration/running-system.ts';
import { CHECKOUT, freePort } from '../../integration/start.ts';
import { type PageBenchOptions, type Part, parseArguments, USAGE } from './arguments.ts';
import { type FirstView, measureFirstView } from './first-view.ts';
import {
  type MemoryAt,
  measureMemory,
  measureWard,
  memoryText,
  type WardFigures,
} from './live-view.ts';
import { measurePublishToScreen } from './publish-to-screen.ts';
import type { Spread } from './spread.ts';

const KILOBYTE = 1_024;
const SAY_MS = 10_000;

/** The last line with --json. */
interface Report {
  readonly cores: number;
  readonly compressedBytes: number;
  firstView?: FirstView;
  publishToScreenMs?: Spread;
  ward?: WardFigures;
  memory?: readonly MemoryAt[];
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function tell(name: string, { p50, p99, max }: Spread): void {
  process.stdout.write(`${name}: p50 ${p50} ms, p99 ${p99} ms, longest ${max} ms\n`);
}

/** Says now and then how far something is. */
function progress(): (done: number, all: number) => void {
  const startedMs = performance.now();
  let saidMs = startedMs;
  return (done, all) => {
    const nowMs = performance.now();
    if (nowMs - saidMs < SAY_MS) return;
    saidMs = nowMs;
    const left = secondsLeft([{ done, all }], (nowMs - startedMs) / 1_000);
    say(`  ${done} of ${all} minutes${left === undefined ? '' : `, about ${left} s left`}`);
  };
}

/** All that a browser loads, compressed; the build holds it below its budget. */
async function compressedBytes(): Promise<number> {
  const folder = join(CHECKOUT, 'dist', 'dashboard', 'public');
  const names = (await readdir(folder)).filter((name) => !name.endsWith('.map'));
  const files = await Promise.all(names.map((name) => readFile(join(folder, name))));
  return files.reduce((sum, file) => sum + gzipSync(file).length, 0);
}

async function measure(
  options: PageBenchOptions,
  browser: PageBrowser,
  running: RunningSystem,
): Promise<Report> {
  const { system } = running;
  const report: Report = {
    cores: availableParallelism(),
    compressedBytes: await compressedBytes(),
  };
  process.stdout.write(`page: ${(report.compressedBytes / KILOBYTE).toFixed(1)} KB compressed\n`);
  const parts: Record<Part, () => Promise<void>> = {
    'first-view': async () => {
      report.firstView = await measureFirstView(browser, system, options.openings);
      tell('first paint', report.firstView.firstPaintMs);
      tell('sign-in to the list of patients', report.firstView.patientsMs);
    },
    publish: async () => {
      report.publishToScreenMs = await measurePublishToScreen(browser, running, options.readings);
      tell('publish to screen, watch mode', report.publishToScreenMs);
    },
    ward: async () => {
      report.ward = await measureWard(browser, system, options);
      tell(`frames with ${options.patients} live patients`, report.ward.frameMs);
      const { longTasks, longestTaskMs, hints } = report.ward;
      process.stdout.write(
        `tasks over 50 ms: ${longTasks}, longest ${longestTaskMs} ms, in ${options.seconds} s with ${hints} messages\n`,
      );
    },
    memory: async () => {
      report.memory = await measureMemory(browser, system, options.hours, {
        told: (at) => {
          say(`  ${memoryText(at)}`);
        },
        moved: progress(),
      });
      const [first, last] = [report.memory[0], report.memory.at(-1)];
      for (const at of [first, last]) {
        if (at !== undefined) process.stdout.write(`live view ${memoryText(at)}\n`);
      }
    },
  };
  for (const part of options.parts) {
    say(`Measuring ${part} …`);
    await parts[part]();
  }
  return report;
}

async function run(options: PageBenchOptions): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'pulse-page-bench-'));
  const port = String(await freePort());
  say('Starting a system and a browser …');
  const [running, browser] = await Promise.all([
    RunningSystem.start(folder, ['--devices', '1', '--json', '--port', port]),
    PageBrowser.launch(),
  ]);
  try {
    const report = await Promise.race([measure(options, browser, running), interruption()]);
    if (options.json) process.stdout.write(`${JSON.stringify(report)}\n`);
  } finally {
    await browser.close();
    await running.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Ctrl-C ends a run, but not before its system is stopped and its folder removed. */
function interruption(): Promise<never> {
  return new Promise((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        reject(new Error('interrupted'));
      });
    }
  });
}

try {
  const options = parseArguments(process.argv.slice(2));
  if (options === 'help') process.stdout.write(`${USAGE}\n`);
  else await run(options);
} catch (error) {
  say(`bench:page: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
