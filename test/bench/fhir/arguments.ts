import { parseArgs } from 'node:util';

/** How much is stored, and how often each thing is asked for. */
export interface Size {
  /** Of the chart, its patient among them. */
  readonly resources: number;
  /** Of heart rate at 1 Hz. */
  readonly hours: number;
  /** The last of them, drawn by the minute. */
  readonly minuteHours: number;
  /** At the same time. */
  readonly readers: number;
  /** Of all readers at once. */
  readonly rounds: number;
  /** Of a chart that is opened. */
  readonly openings: number;
  /** Of `$everything`, and of lines: the reference takes seconds for each. */
  readonly turns: number;
}

export const SIZES: Readonly<Record<'full' | 'small', Size>> = {
  full: {
    ...{ resources: 500, hours: 30 * 24, minuteHours: 12 },
    ...{ readers: 200, rounds: 2, openings: 30, turns: 8 },
  },
  small: {
    ...{ resources: 40, hours: 3, minuteHours: 1 },
    ...{ readers: 8, rounds: 2, openings: 3, turns: 2 },
  },
};

/** What the command line asks for. */
export interface FhirBenchOptions {
  readonly network: 'devnet' | 'fabric';
  readonly size: keyof typeof SIZES;
  readonly json: boolean;
}

export const USAGE = `npm run bench:fhir -- [options]
Measures this API over a ledger beside Medplum's router with its memory repository, on the same requests, in
turns: opening a chart, $everything, a month of heart rate as a line, many readers at once.
  --network devnet|fabric  which network is started (default: devnet)
  --size full|small        500 resources, 30 days, 200 readers; or a little of each (default: full)
  --json                   one JSON object as the last line on standard output
  --help                   this text`;

/** @throws Error saying what is wrong with the command line */
export function parseArguments(args: readonly string[]): FhirBenchOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      network: { type: 'string', default: 'devnet' },
      size: { type: 'string', default: 'full' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const { network, size, json } = values;
  if (network !== 'devnet' && network !== 'fabric') {
    throw new Error('--network is devnet or fabric.');
  }
  if (size !== 'full' && size !== 'small') throw new Error('--size is full or small.');
  return { network, size, json };
}
