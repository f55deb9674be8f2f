import { execFile } from 'node:child_process';
import { basename } from 'node:path';
import { inheritedEnvironment } from '../../processes/src/index.ts';

const TIMEOUT_MS = 60_000;
const MAX_OUTPUT_BYTES = 4 * 1024 * 1024;
const KEPT_CHARACTERS = 1_500;

/** One of Fabric's programs failed; the message carries the end of what it said. */
export class ProgramError extends Error {
  override readonly name = 'ProgramError';
  /** Everything the program wrote. */
  readonly output: string;

  constructor(program: string, args: readonly string[], output: string) {
    const command = `${basename(program)} ${args.filter((a) => !a.startsWith('-')).join(' ')}`;
    super(`"${command}" failed: ${output.trim().slice(-KEPT_CHARACTERS)}`);
    this.output = output;
  }
}

/**
 * Runs one of Fabric's programs to its end.
 *
 * @returns its standard output.
 * @throws ProgramError when it exits with another code than 0 or takes too long.
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  const options = {
    env: { ...inheritedEnvironment(), ...environment },
    timeout: TIMEOUT_MS,
    maxBuffer: MAX_OUTPUT_BYTES,
  };
  return new Promise((resolve, reject) => {
    execFile(program, args, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new ProgramError(program, args, stderr === '' ? error.message : stderr));
    });
  });
}
