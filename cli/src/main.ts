import { CommanderError } from 'commander';
import { EXIT, type ExitCode, Failure } from './base/failure.ts';
import { say, tolerateClosedOutput } from './base/output.ts';
import { program } from './program.ts';

function report(error: unknown): ExitCode {
  // Commander has said on stderr what is wrong.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof Failure) {
    const { what, why, remedy } = error.text;
    say(`${what}\n${why}\n${remedy}`);
    return error.exitCode;
  }
  const where = error instanceof Error ? (error.stack ?? error.message) : String(error);
  say(
    `pulse failed.\n${where}\nThis is an error of pulse itself: please report it with these lines.`,
  );
  return EXIT.failed;
}

tolerateClosedOutput();
try {
  await program().parseAsync();
} catch (error) {
  process.exitCode = report(error);
}
