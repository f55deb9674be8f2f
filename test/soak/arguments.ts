import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';

/** What the command line asks for. */
export interface SoakOptions {
  readonly network: 'devnet' | 'fabric';
  /** Chunks that shall get to the ledger. */
  readonly chunks: number;
  readonly devices: number;
  /** Offered load; a fast clock makes the devices' windows close so often. */
  readonly chunksPerSecond: number;
  readonly seed: number;
  /** Keep the data folder and use it; undefined: a temporary one. */
  readonly data: string | undefined;
  readonly json: boolean;
}

export const USAGE_ERROR = 2;

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`);
  };
}

function command(): Command {
  return new Command('npm run soak --')
    .description(
      'Runs the whole system at a steady load with a fast device clock, and says whether memory and commit latency stay flat.',
    )
    .addOption(
      new Option('--network <kind>', 'the embedded network, or native Hyperledger Fabric')
        .choices(['devnet', 'fabric'])
        .default('devnet'),
    )
    .option('--chunks <n>', 'chunks to the ledger', wholeNumber(100, 100_000_000), 1_000_000)
    .option('--devices <n>', 'simulated wearables', wholeNumber(1, 1_000), 100)
    .option(
      '--chunks-per-second <n>',
      'offered load of all devices together',
      wholeNumber(1, 2_000),
      150,
    )
    .option('--seed <n>', 'seed of the measurements', wholeNumber(0, 2 ** 32 - 1), 1)
    .option('--data <folder>', 'keep ledger and logs here')
    .option('--json', 'one JSON object as the last line on standard output', false)
    .addHelpText(
      'after',
      `
A line of figures appears for each tenth of the run. Exit codes: 0 every chunk is on the ledger once and
memory and latency are flat, 1 failed or not so, 2 wrong usage, 130 interrupted.

Example:
  npm run soak -- --chunks 20000 --chunks-per-second 100`,
    )
    .exitOverride()
    .allowExcessArguments(false);
}

/**
 * Reads the command line.
 *
 * @returns the options, or the exit code when help or a mistake has been printed.
 */
export function parseArguments(args: readonly string[]): SoakOptions | number {
  const program = command();
  try {
    return program.parse([...args], { from: 'user' }).opts<SoakOptions>();
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE_ERROR;
    throw error;
  }
}
