import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CHECKOUT } from '../integration/start.ts';
import { type Ended, lastLines, type RunOptions, run } from './child.ts';
import { AwsTestFailure, EXIT } from './failure.ts';

const REQUIREMENTS = join(import.meta.dirname, 'ministack-requirements.txt');
/** The requirements name the packages of Python 3.11 and later: older ones need further ones. */
const OLDEST_PYTHON = [3, 11] as const;
const REMEDY =
  'Install Python 3.11 or later with venv and pip (Debian: apt install python3-venv python3-pip).';

/** Where the emulator is installed. */
export interface PythonEnvironment {
  readonly python: string;
  /** It was there from an earlier run. */
  readonly isReused: boolean;
}

export interface PythonOptions {
  readonly signal: AbortSignal;
  /** Told when something is installed. */
  readonly say: (text: string) => void;
  /**
   * Folder in which the environment is made.
   *
   * @default - `.cache` of the checkout
   */
  readonly cache?: string;
  /**
   * Where python3 is looked for.
   *
   * @default - the command's own PATH
   */
  readonly path?: string;
}

/**
 * A virtual environment below `.cache` with exactly the files whose hashes the requirements name. It is stamped when
 * it is complete, so that one that was interrupted is made anew, and one of other requirements has another name.
 *
 * @throws AwsTestFailure when Python, venv or pip is missing, or the package index cannot be had
 */
export async function pythonEnvironment({
  signal,
  say,
  cache = join(CHECKOUT, '.cache'),
  path = process.env['PATH'] ?? '',
}: PythonOptions): Promise<PythonEnvironment> {
  const options: RunOptions = { signal, env: { ...process.env, PATH: path } };
  const requirements = await readFile(REQUIREMENTS);
  const digest = createHash('sha256').update(requirements).digest('hex');
  const place = join(cache, `ministack-${digest.slice(0, 12)}`);
  const python = join(place, 'bin', 'python');
  const stamp = join(place, 'complete');
  if (existsSync(stamp) && (await works(python, options))) return { python, isReused: true };
  await requirePython(options);
  say('installing the emulator with pip (once; about half a minute)');
  await rm(place, { recursive: true, force: true });
  await mkdir(cache, { recursive: true });
  const made = await run('python3', ['-m', 'venv', place], options);
  require(made, 'python3 -m venv could not make a virtual environment', REMEDY);
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
  const checked = ['--require-hashes', '--only-binary', ':all:', '--requirement', REQUIREMENTS];
  const installed = await run(python, [...pip, ...checked], options);
  require(installed, 'pip could not install the emulator', 'Check that pip reaches its package index.');
  await writeFile(stamp, '');
  return { python, isReused: false };
}

async function requirePython(options: RunOptions): Promise<void> {
  const say = ['-c', 'import sys; print(*sys.version_info[:2])'];
  const version = await run('python3', say, options).catch((error: unknown) => {
    if (options.signal?.aborted === true) throw error;
    throw new AwsTestFailure(`There is no python3 on the path. ${REMEDY}`, EXIT.noEmulator, error);
  });
  const [major = 0, minor = 0] = version.output.trim().split(' ').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_PYTHON;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  throw new AwsTestFailure(`python3 is Python ${major}.${minor}. ${REMEDY}`, EXIT.noEmulator);
}

/** A Python that was replaced since leaves an environment whose links lead nowhere. */
async function works(python: string, options: RunOptions): Promise<boolean> {
  const tried = await run(python, ['-c', 'import ministack'], options).catch(() => undefined);
  return tried?.code === 0;
}

function require({ code, output }: Ended, what: string, remedy: string): void {
  if (code === 0) return;
  throw new AwsTestFailure(`${what}:\n${lastLines(output)}\n${remedy}`, EXIT.noEmulator);
}
