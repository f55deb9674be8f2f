import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

const VERSION = '1.58.0';
const ROOT = join(import.meta.dirname, '..', '..', '..');
const PLACE = join(ROOT, '.cache', `cfn-lint-${VERSION}`);
const PROGRAM = join(PLACE, 'bin', 'cfn-lint');

function run(command: string, args: readonly string[]): SpawnSyncReturns<string> {
  return spawnSync(command, args, { encoding: 'utf8' });
}

/**
 * Path of cfn-lint in a virtual environment of its own, made at the first call.
 *
 * @returns undefined where Python or its package index cannot be had.
 */
export function cfnLint(): string | undefined {
  if (!existsSync(PROGRAM)) {
    mkdirSync(dirname(PLACE), { recursive: true });
    const made = run('python3', ['-m', 'venv', '--clear', PLACE]);
    if (made.status !== 0) return undefined;
    run(join(PLACE, 'bin', 'pip'), ['install', '--quiet', `cfn-lint==${VERSION}`]);
  }
  return run(PROGRAM, ['--version']).status === 0 ? PROGRAM : undefined;
}
