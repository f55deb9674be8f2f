import { parseArgs } from 'node:util';

/** One configuration that is measured; `window` in seconds, one chunk a window and device. */
export interface Configuration {
  readonly windowSeconds: number;
  readonly chunksPerTransaction: number;
}

/** What the command line asks for. */
export interface BenchOptions {
  readonly network: 'devnet' | 'fabric';
  readonly json: boolean;
  /** Measured time of each row. */
  readonly seconds: number;
  /** Transactions under way at the same time, where there are wearables enough. */
  readonly inFlight: number;
  readonly rows: readonly Configuration[];
}

const WINDOWS = [2, 10, 60];
const CHUNKS = [1, 10, 100];
const ALL: readonly Configuration[] = WINDOWS.flatMap((windowSeconds) =>
  CHUNKS.map((chunksPerTransaction) => ({ windowSeconds, chunksPerTransaction })),
);

export const USAGE = `npm run bench -- [options]
  --network devnet|fabric  which network is started and measured (default: devnet)
  --seconds N              measured time of each row, 1 to 300 (default: 8)
  --in-flight N            transactions under way at the same time, 1 to 64 (default: 32);
                           5 where a transaction has 100 chunks
  --rows 60x100,2x1        only these rows: window in seconds x chunks a transaction
  --json                   one JSON object as the last line on standard output`;

/** @throws Error saying what is wrong with the command line. */
export function parseArguments(args: readonly string[]): BenchOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      network: { type: 'string', default: 'devnet' },
      seconds: { type: 'string', default: '8' },
      'in-flight': { type: 'string', default: '32' },
      rows: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    return 'help';
  }
  const { network } = values;
  if (network !== 'devnet' && network !== 'fabric') {
    throw new Error('--network is devnet or fabric.');
  }
  return {
    network,
    json: values.json,
    seconds: wholeNumber('--seconds', values.seconds, 300),
    inFlight: wholeNumber('--in-flight', values['in-flight'], 64),
    rows: values.rows === undefined ? ALL : values.rows.split(',').map(parseRow),
  };
}

function wholeNumber(name: string, text: string, most: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > most) {
    throw new Error(`${name} is a whole number from 1 to ${most}.`);
  }
  return value;
}

function parseRow(text: string): Configuration {
  const known = ALL.find((row) => `${row.windowSeconds}x${row.chunksPerTransaction}` === text);
  if (known === undefined) {
    const names = ALL.map((row) => `${row.windowSeconds}x${row.chunksPerTransaction}`);
    throw new Error(`--rows are some of ${names.join(', ')}.`);
  }
  return known;
}
