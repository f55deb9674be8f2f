// `npm test`: the checks, then every test that needs no extra software. The last line counts them.
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { runChecks } from './check.ts';

const root = join(import.meta.dirname, '..');
const temporary = join(root, '.cache', 'tmp');
const resultFile = join(root, '.cache', 'test-result.json');

interface JestResult {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly { readonly test: string; readonly reason: string | null }[];
}

/** Every process that a test starts inherits this mark, so that a leftover can be found. */
const mark = `PULSE_TEST_RUN=${randomUUID()}`;

function leftovers(): string[] {
  if (!existsSync('/proc')) return [];
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && entry !== process.pid.toString())
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(mark);
      } catch {
        return false;
      }
    })
    .map((pid) => `${pid} ${commandLine(pid)}`);
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

/** What jest had for itself, such as the bundler's service, hears of its end a moment later. */
const ENDING_MS = 5_000;
const LOOK_AGAIN_MS = 100;

async function stillRunning(): Promise<string[]> {
  const end = Date.now() + ENDING_MS;
  let left = leftovers();
  while (left.length > 0 && Date.now() < end) {
    await delay(LOOK_AGAIN_MS);
    left = leftovers();
  }
  return left;
}

function runJest(): JestResult {
  rmSync(resultFile, { force: true });
  mkdirSync(temporary, { recursive: true });
  const jest = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
  const run = spawnSync(
    process.execPath,
    [
      jest,
      // All is reported by then: a handle that some test left open must not hold up whoever waits for the result.
      '--forceExit',
      ...process.argv.slice(2),
      '--reporters=default',
      '--reporters=<rootDir>/scripts/test-reporter.js',
    ],
    {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: {
        ...process.env,
        TMPDIR: temporary,
        PULSE_TEST_RUN: mark.split('=')[1],
        PULSE_TEST_RESULT: resultFile,
      },
    },
  );
  if (!existsSync(resultFile)) return { passed: 0, failed: 1, skipped: [] };
  const result = JSON.parse(readFileSync(resultFile, 'utf8')) as JestResult;
  return run.status !== 0 && result.failed === 0 ? { ...result, failed: 1 } : result;
}

const checks = process.argv.length > 2 ? [] : await runChecks();
const jest = runJest();
const left = await stillRunning();
for (const process_ of left) process.stdout.write(`left running: ${process_}\n`);
rmSync(temporary, { recursive: true, force: true });

const reasons = new Map<string, number>();
for (const { reason, test } of jest.skipped) {
  if (reason === null) process.stdout.write(`skipped without a reason: ${test}\n`);
  else reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
}
for (const [reason, count] of reasons) process.stdout.write(`skipped ${count}: ${reason}\n`);

const unexplained = jest.skipped.filter((skip) => skip.reason === null).length;
const passed = jest.passed + checks.filter((check) => check.passed).length;
const failed =
  jest.failed +
  checks.filter((check) => !check.passed).length +
  (left.length > 0 ? 1 : 0) +
  unexplained;
process.stdout.write(`${passed} passed, ${failed} failed, ${jest.skipped.length} skipped\n`);
process.exitCode = failed === 0 ? 0 : 1;
