import { parseArgs } from 'node:util';

/** What the command line asks for. */
export interface ScreenshotOptions {
  /** Data folder of a running system. */
  readonly data: string;
  readonly out: string;
  readonly widths: readonly number[];
  /** Logins whose views are taken; all when empty. */
  readonly only: readonly string[];
}

const WIDTHS = [390, 1_280, 2_560];
const MIN_WIDTH = 320;
const MAX_WIDTH = 3_840;

export const USAGE = `npm run screenshots -- [options]
Takes a picture of every view of the page, as each role sees it, light and dark, from a system that
"npm start" has started. It signs in as the test logins and opens charts, so the patients' logs grow.
  --data DIR      data folder of the running system (default: .pulseledger)
  --out DIR       where the pictures go, over earlier ones (default: screenshots)
  --widths A,B    widths in pixels (default: ${WIDTHS.join(',')})
  --only A,B      only these logins, such as hospital-doctor; "nobody" is the page before a sign-in
  --help          this text`;

/** @throws Error saying what is wrong with the command line */
export function parseArguments(args: readonly string[]): ScreenshotOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      data: { type: 'string', default: '.pulseledger' },
      out: { type: 'string', default: 'screenshots' },
      widths: { type: 'string', default: WIDTHS.join(',') },
      only: { type: 'string', default: '' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  return {
    data: values.data,
    out: values.out,
    widths: values.widths.split(',').map(widthOf),
    only: values.only.split(',').filter((name) => name !== ''),
  };
}

function widthOf(text: string): number {
  const width = Number(text);
  if (!Number.isInteger(width) || width < MIN_WIDTH || width > MAX_WIDTH) {
    throw new Error(`--widths are whole numbers from ${MIN_WIDTH} to ${MAX_WIDTH}.`);
  }
  return width;
}
