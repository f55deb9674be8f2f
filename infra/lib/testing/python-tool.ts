import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..', '..');

/** A program from the Python package index, at one version. */
export interface PythonTool {
  readonly package: string;
  readonly version: string;
  readonly program: string;
}

function run(command: string, args: readonly string[]): SpawnSyncReturns<string> {
  return spawnSync(command, args, { encoding: 'utf8' });
}

/**
 * Path of a program in a virtual environment of its own, made at the first call.
 *
 * @returns undefined where Python or its package index cannot be had.
 */
export function pythonTool(tool: PythonTool): string | undefined {
  const place = join(ROOT, '.cache', `${tool.package}-${tool.version}`);
  const program = join(place, 'bin', tool.program);
  if (!existsSync(program)) {
    mkdirSync(dirname(place), { recursive: true });
    const made = run('python3', ['-m', 'venv', '--clear', place]);
    if (made.status !== 0) return undefined;
    run(join(place, 'bin', 'pip'), ['install', '--quiet', `${tool.package}==${tool.version}`]);
  }
  return run(program, ['--version']).status === 0 ? program : undefined;
}
