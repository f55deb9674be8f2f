import { ERRORS, PulseError } from '@pulseledger/domain';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { addBackfillCommand } from './commands/backfill.ts';
import { addFleetCommand } from './commands/fleet.ts';
import { EXIT, say } from './commands/output.ts';
import { addReplayCommand } from './commands/replay.ts';

/** The whole command line: `node src/main.ts …`. */
function program(): Command {
  const command = new Command('simulate')
    .description('Simulated wearables, and real recordings replayed as wearables')
    .exitOverride()
    .showHelpAfterError('(--help shows what is possible)');
  addFleetCommand(command);
  addReplayCommand(command);
  addBackfillCommand(command);
  return command;
}

function report(error: unknown): number {
  if (error instanceof InvalidArgumentError) say(error.message);
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof PulseError) {
    const { title, remedy } = ERRORS[error.code];
    // A text of its own says what to do; the table's title needs the table's remedy.
    say(`${error.code}: ${error.message}${error.message === title ? ` ${remedy}` : ''}`);
  } else {
    say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  return EXIT.failed;
}

try {
  await program().parseAsync();
} catch (error) {
  process.exitCode = report(error);
}
