import { parseArgs } from 'node:util';

export const PARTS = ['first-view', 'publish', 'ward', 'memory'] as const;
export type Part = (typeof PARTS)[number];

/** What the command line asks for. */
export interface PageBenchOptions {
  readonly parts: readonly Part[];
  /** Openings of the page; readings that are published. */
  readonly openings: number;
  readonly readings: number;
  readonly patients: number;
  /** Of frames that are measured. */
  readonly seconds: number;
  /** Of the accelerated live view. */
  readonly hours: number;
  readonly json: boolean;
}

export const USAGE = `npm run bench:page -- [options]
Measures the page in a real Chromium: opening it, a reading's way from the device to the screen in watch
mode, many live patients on one screen, memory over a long live view. The first two against a whole system
that it starts; for the others an API inside the page answers at once, so that the page alone is measured.
  --only A,B     some of ${PARTS.join(',')} (default: all)
  --openings N   openings of the page (default: 10)
  --readings N   windows of readings that are published, 2 s apart (default: 50)
  --patients N   live patients on one screen, 1 to 100 (default: 40)
  --seconds N    for which frames are measured (default: 30)
  --hours N      of live view, accelerated (default: 8)
  --json         one JSON object as the last line on standard output
  --help         this text`;

/** @throws Error saying what is wrong with the command line */
export function parseArguments(args: readonly string[]): PageBenchOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', default: PARTS.join(',') },
      openings: { type: 'string', default: '10' },
      readings: { type: 'string', default: '50' },
      patients: { type: 'string', default: '40' },
      seconds: { type: 'string', default: '30' },
      hours: { type: 'string', default: '8' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  return {
    parts: values.only.split(',').map(partOf),
    openings: whole('--openings', values.openings, 1_000),
    readings: whole('--readings', values.readings, 10_000),
    patients: whole('--patients', values.patients, 100),
    seconds: whole('--seconds', values.seconds, 3_600),
    hours: whole('--hours', values.hours, 100),
    json: values.json,
  };
}

function partOf(text: string): Part {
  const part = PARTS.find((one) => one === text);
  if (part === undefined) throw new Error(`--only takes some of ${PARTS.join(', ')}.`);
  return part;
}

function whole(name: string, text: string, most: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > most) {
    throw new Error(`${name} is a whole number from 1 to ${most}.`);
  }
  return value;
}
