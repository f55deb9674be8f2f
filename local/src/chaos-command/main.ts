import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { tolerateClosedOutput } from '../closed-output.ts';
import { CHECKOUT } from '../supervisor/checkout.ts';
import { EXIT } from '../supervisor/failure.ts';
import {
  appendResult,
  isProof,
  knownProof,
  readResults,
  type SeedResult,
  type SeriesOptions,
  seedResult,
} from './results.ts';
import { tableHead, tableRow } from './table.ts';

const HELP = `
Runs "npm start -- --chaos --json" once a seed, each from an empty folder, and prints one line a run. A run counts
when nothing was lost, duplicated or altered, every attack met its fate, and something was under way when things broke.
Results are kept in the results file: a series that was interrupted goes on where it was, and a seed that has
succeeded with the same options is not run again (--again runs all). The folder of a run that failed is kept.

Exit codes:
  0    every seed succeeded
  1    a seed failed; its line says why
  2    wrong usage
  130  interrupted

Examples:
  npm run chaos -- --seeds 10
  npm run chaos -- --seeds 10 --network fabric --json
  npm run chaos -- --from 7 --seeds 1`;

interface Options {
  readonly seeds: number;
  readonly from: number;
  readonly network: SeriesOptions['network'];
  readonly devices: number;
  readonly for: number;
  readonly results?: string;
  readonly again: boolean;
  readonly json: boolean;
}

const MAX_SEEDS = 10_000;
const MAX_DEVICES = 1_000;
const INTERRUPTED = 130;

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`);
  };
}

function seconds(text: string): number {
  const value = Number(/^(\d+)s?$/.exec(text)?.[1] ?? Number.NaN);
  if (value >= 15 && value <= 3_600) return value;
  throw new InvalidArgumentError('Give a time from 15s to 3600s.');
}

function parse(argv: readonly string[]): Options | undefined {
  const program = new Command('npm run chaos --')
    .description('Chaos runs of many seeds in a row, one line each.')
    .option('--seeds <n>', 'how many', wholeNumber(1, MAX_SEEDS), 10)
    .option('--from <seed>', 'the first one', wholeNumber(0, 2 ** 31), 1)
    .addOption(
      new Option('--network <kind>', 'the embedded network, or native Hyperledger Fabric')
        .choices(['devnet', 'fabric'])
        .default('devnet'),
    )
    .option('--devices <n>', 'simulated wearables', wholeNumber(1, MAX_DEVICES), 30)
    .option('--for <time>', 'how long each run measures', seconds, 60)
    .option('--results <file>', 'default: .pulseledger/chaos/<network>.ndjson')
    .option('--again', 'run also what has succeeded before', false)
    .option('--json', 'one JSON object a run on stdout, everything else on stderr', false)
    .addHelpText('after', HELP)
    .exitOverride();
  program.parse(argv, { from: 'user' });
  return program.opts<Options>();
}

class Series {
  readonly #options: Options;
  readonly #series: SeriesOptions;
  readonly #folder: string;
  readonly #results: string;
  #child: ChildProcess | undefined;
  #isInterrupted = false;

  constructor(options: Options) {
    const { network, devices, for: length } = options;
    this.#options = options;
    this.#series = { network, devices, seconds: length };
    this.#folder = join(CHECKOUT, '.pulseledger', 'chaos');
    this.#results = resolve(options.results ?? join(this.#folder, `${network}.ndjson`));
  }

  interrupt(signal: NodeJS.Signals): void {
    this.#isInterrupted = true;
    this.#child?.kill(signal);
  }

  async run(): Promise<number> {
    const { from, seeds, again } = this.#options;
    const before = again ? [] : await readResults(this.#results);
    this.#say(tableHead());
    let failed = 0;
    for (let seed = from; seed < from + seeds; seed++) {
      const known = knownProof(before, this.#series, seed);
      const result = known ?? (await this.#runSeed(seed));
      if (this.#isInterrupted) return INTERRUPTED;
      if (known === undefined) await appendResult(this.#results, result);
      if (!isProof(result)) failed += 1;
      this.#tell(result, known !== undefined);
    }
    this.#say(
      `${String(seeds - failed)} of ${String(seeds)} seeds succeeded; results: ${this.#results}`,
    );
    return failed === 0 ? EXIT.ok : EXIT.failed;
  }

  async #runSeed(seed: number): Promise<SeedResult> {
    const { network, devices, seconds: length } = this.#series;
    const data = join(this.#folder, `${network}-seed-${String(seed)}`);
    await rm(data, { recursive: true, force: true });
    const startedMs = performance.now();
    const child = spawn(
      process.execPath,
      [
        join(CHECKOUT, 'local', 'src', 'main.ts'),
        ...['--chaos', '--json', '--network', network, '--devices', String(devices)],
        ...['--for', `${String(length)}s`, '--seed', String(seed), '--data', data],
      ],
      { stdio: ['ignore', 'pipe', 'inherit'], detached: true },
    );
    this.#child = child;
    let output = '';
    child.stdout.on('data', (bytes: Buffer) => (output += bytes.toString()));
    const { promise, resolve: end } = Promise.withResolvers<number | null>();
    child.once('close', end);
    const exitCode = await promise;
    const wallSeconds = Math.round((performance.now() - startedMs) / 100) / 10;
    const lastLine = output.trimEnd().split('\n').at(-1) ?? '';
    const result = seedResult(this.#series, { seed, exitCode, wallSeconds, lastLine });
    if (isProof(result)) await rm(data, { recursive: true, force: true });
    else {
      await mkdir(data, { recursive: true, mode: 0o700 });
      await writeFile(join(data, 'report.json'), `${lastLine}\n`, { mode: 0o600 });
      this.#say(`What is left of it, with report.json: ${data}`);
    }
    return result;
  }

  #tell(result: SeedResult, isKnown: boolean): void {
    if (this.#options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
    this.#say(`${tableRow(result)}${isKnown ? '  (earlier)' : ''}`, !this.#options.json);
  }

  #say(text: string, isResult = false): void {
    (isResult ? process.stdout : process.stderr).write(`${text}\n`);
  }
}

async function main(): Promise<number> {
  let options: Options | undefined;
  try {
    options = parse(process.argv.slice(2));
  } catch (error) {
    return error instanceof CommanderError && error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
  if (options === undefined) return EXIT.usage;
  const series = new Series(options);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      series.interrupt(signal);
    });
  }
  return series.run();
}

tolerateClosedOutput();
process.exitCode = await main();
