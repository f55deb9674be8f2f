/** Schemathesis, a fuzzer that reads OpenAPI, in a Python environment of its own: made once, then offline. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const VERSION = '4.32.5';
const INSTALL_TIMEOUT_MS = 240_000;
const RUN_TIMEOUT_MS = 240_000;

export type Fuzzer =
  | { readonly isReady: true; readonly program: string }
  | { readonly isReady: false; readonly reason: string };

export function prepareFuzzer(): Fuzzer {
  const folder = join(process.cwd(), '.cache', 'schemathesis', VERSION);
  const program = join(folder, 'bin', 'schemathesis');
  const complete = join(folder, 'complete');
  if (existsSync(complete)) return { isReady: true, program };
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const steps: [string, string[]][] = [
    ['python3', ['-m', 'venv', folder]],
    [join(folder, 'bin', 'pip'), ['install', '--quiet', `schemathesis==${VERSION}`]],
  ];
  for (const [command, given] of steps) {
    const run = spawnSync(command, given, { encoding: 'utf8', timeout: INSTALL_TIMEOUT_MS });
    if (run.status !== 0) {
      rmSync(folder, { recursive: true, force: true });
      const reason =
        run.error === undefined ? 'schemathesis cannot be installed' : 'there is no Python';
      return { isReady: false, reason };
    }
  }
  writeFileSync(complete, '');
  return { isReady: true, program };
}

export interface Fuzzed {
  readonly code: number | null;
  readonly output: string;
}

export function fuzz(program: string, given: readonly string[]): Promise<Fuzzed> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, ['run', ...given], {
      // It keeps its notes where it runs.
      cwd: join(process.cwd(), '.cache', 'schemathesis'),
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1', PYTHONDONTWRITEBYTECODE: '1' },
      timeout: RUN_TIMEOUT_MS,
    });
    const output: Buffer[] = [];
    child.stdout.on('data', (data: Buffer) => output.push(data));
    child.stderr.on('data', (data: Buffer) => output.push(data));
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code, output: Buffer.concat(output).toString('utf8') });
    });
  });
}
