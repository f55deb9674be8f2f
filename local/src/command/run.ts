import { join } from 'node:path';
import { type Command, CommanderError } from 'commander';
import { tolerateClosedOutput } from '../closed-output.ts';
import { CHECKOUT } from '../supervisor/checkout.ts';
import { dataFolder } from '../supervisor/data-folder.ts';
import { CommandFailure, EXIT } from './failure.ts';

/** Where `npm start` leaves its coordinates unless it is told otherwise. */
export const SYSTEM_FILE: string = dataFolder(join(CHECKOUT, '.pulseledger')).systemFile;

/** A result, on standard output. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Carries a command out; says on stderr what failed, and sets the exit code. */
export async function runCommand(command: Command): Promise<void> {
  tolerateClosedOutput();
  try {
    await command.parseAsync();
  } catch (error) {
    process.exitCode = exitCodeOf(error);
  }
}

function exitCodeOf(error: unknown): number {
  // Commander has said on stderr what is wrong.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof CommandFailure) {
    process.stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
  process.stderr.write(`${error instanceof Error ? (error.stack ?? '') : String(error)}\n`);
  return EXIT.failed;
}
