import { endProcess, tolerateClosedOutput } from './closed-output.ts';
import { EXIT, StartFailure } from './supervisor/failure.ts';
import { Interrupts } from './supervisor/interrupts.ts';
import { parseOptions } from './supervisor/options.ts';
import { exitCodeOf, Run } from './supervisor/run.ts';

function say(text: string): void {
  if (text !== '') process.stderr.write(`${text}\n`);
}

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (options === undefined) return EXIT.ok;
  const interrupts = new Interrupts(() => {
    run.killAll();
    process.exit(EXIT.interrupted);
  });
  const result = (text: string): void => {
    process.stdout.write(`${text}\n`);
  };
  const run = new Run(options, { say, result }, interrupts);
  try {
    return await run.execute();
  } finally {
    interrupts.dispose();
  }
}

async function exitCode(): Promise<number> {
  try {
    return await main();
  } catch (error) {
    if (error instanceof StartFailure) say(error.message);
    else say(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return exitCodeOf(error);
  }
}

tolerateClosedOutput();
await endProcess(await exitCode());
