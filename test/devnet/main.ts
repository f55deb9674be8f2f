import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { runCrashes } from './crashes.ts';
import { runSoak } from './soak.ts';

const EXIT_INTERRUPTED = 130;
const CHECKOUT: string = resolve(import.meta.dirname, '../..');
const USAGE = `npm run devnet:crashes -- [options]
  --rounds N        kills (default: 100)
  --seed N          of the moments (default: of the clock; it is printed)
  --json            one JSON object as the last line

npm run devnet:soak -- [options]
  --transactions N  in all (default: 200000)
  --in-flight N     at the same time (default: 32)
  --data DIR        keep the ledger there and go on from what it holds (default: a temporary folder)
  --json            one JSON object as the last line`;

/** Ctrl-C ends the work in order: no network and no chaincode is left behind. */
const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    say('Ending; what was done is reported.');
    interruption.abort();
  });
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`--${name} is a whole number above 0.`);
}

async function crashes(args: string[]): Promise<boolean> {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: 'string', default: '100' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      json: { type: 'boolean', default: false },
    },
  });
  const seed = wholeNumber('seed', values.seed);
  say(`seed ${seed}`);
  const rounds = wholeNumber('rounds', values.rounds);
  const report = await runCrashes({
    ...{ checkout: CHECKOUT, seed, rounds, say },
    interrupted: interruption.signal,
  });
  const { readyMs, answered, lost, unanswered, height, killsDuringStart } = report;
  const middle = readyMs[Math.floor(readyMs.length / 2)] ?? Number.NaN;
  process.stdout.write(
    `${report.rounds} kills (${killsDuringStart} while starting, seed ${seed}): ${answered} transactions answered as committed, ${lost.length} of them lost; ${unanswered} under way without an answer; chain of ${height} blocks intact; ready again in ${middle} ms (median), ${readyMs.at(-1) ?? Number.NaN} ms at most\n`,
  );
  if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`);
  return lost.length === 0;
}

async function soak(args: string[]): Promise<boolean> {
  const { values } = parseArgs({
    args,
    options: {
      transactions: { type: 'string', default: '200000' },
      'in-flight': { type: 'string', default: '32' },
      data: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const report = await runSoak({
    checkout: CHECKOUT,
    transactions: wholeNumber('transactions', values.transactions),
    inFlight: wholeNumber('in-flight', values['in-flight']),
    dataDir: values.data,
    say,
    interrupted: interruption.signal,
  });
  process.stdout.write(`${report.summary}\n`);
  if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`);
  return report.isFlat;
}

const [command, ...rest] = process.argv.slice(2);
try {
  if (rest.includes('--help') || (command !== 'crashes' && command !== 'soak')) {
    process.stdout.write(`${USAGE}\n`);
  } else {
    const isGood = await (command === 'crashes' ? crashes(rest) : soak(rest));
    process.exit(interruption.signal.aborted ? EXIT_INTERRUPTED : isGood ? 0 : 1);
  }
} catch (error) {
  say(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  process.exit(1);
}
