import { join, resolve } from 'node:path';
import { ATTACKS, FAULTS } from '@pulseledger/device-simulator';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { CHECKOUT } from './checkout.ts';
import { dataFolder } from './data-folder.ts';
import { EXIT, StartFailure } from './failure.ts';
import type { NetworkKind } from './network-process.ts';

const DEFAULT_PORT = 8_443;
const DEFAULT_DEVICES = 5;
const MAX_DEVICES = 1_000;
const MAX_SEED = 2 ** 32 - 1;
const DEFAULT_WINDOW_SECONDS = 10;
const CHAOS_SECONDS = 60;
/** Every process is killed and comes up again in that time. */
const SHORTEST_CHAOS_SECONDS = 15;
const [SHORTEST_WINDOW, LONGEST_WINDOW] = [2, 60];
/** A timed run shall close several windows. */
const WINDOWS_PER_RUN = 4;

export interface RunOptions {
  readonly network: NetworkKind;
  readonly devices: number;
  /** Readings a second of each continuous signal. */
  readonly rate: number;
  readonly windowSeconds: number;
  /** Ends by itself after so long; undefined runs until Ctrl-C. */
  readonly forSeconds: number | undefined;
  readonly seed: number;
  /** Everything is killed and cut during the run. */
  readonly chaos: boolean;
  /** What goes wrong at the devices, and who attacks: as `npm run simulate -- fleet` takes them. */
  readonly faults: string;
  readonly attackers: string;
  readonly data: string;
  /** Where other programs look for the coordinates of the running system. */
  readonly systemFiles: readonly string[];
  /** Undefined chooses a free one. */
  readonly port: number | undefined;
  readonly json: boolean;
  /** A week of two dozen patients, and a page that shows three of them side by side. */
  readonly story: boolean;
}

const HELP = `
With --for the run ends by itself and accounts for every reading: the devices stop measuring and wait for
the ledger; then everything but ledger and keys is thrown away, the network is started again, and what
the devices measured (a truth file) is compared, reading by reading, with what the peers hold, read with
the patients' own certificates. The figures (counts are readings):
  published     handed to the broker and durably queued (PUBACK)
  acknowledged  of which the device learned that they are committed on the ledger
  committed     found on the ledger exactly as measured
  quarantined   in the quarantine, with a reason, and not on the ledger
  lost          handed over - committed - quarantined
  duplicated    found on the ledger more than once
  altered       found on the ledger otherwise than measured
  chunkBytesPerReading   what a device signs and sends, with signature and salt
  ledgerBytesPerReading  growth of the ledger folder on disk from the first reading to the stopped
                         network, all organizations together, databases not compacted
  commitLatencyMs        window closed at the device to ledger acknowledgement at the device
  fates, wrongFates      chunks and attempts that became what they had to become, and that did not

With --chaos every process is killed with -9 at least once at seeded moments and started again (on native Fabric
each peer and orderer alone, too), processes stand still, connections are reset, answers get lost after the
commit, fsync is slow, and the queue delivers again what is being worked on; devices have faults and attackers
try the broker, unless --faults or --attackers say otherwise. The last quarter of the time is for recovery.
The report lists for each fault what was under way just then (readings in outboxes, messages waiting and being
worked on, invocations, transactions between submit and commit), and how many redeliveries and commits of
unknown fate were resolved. A run in which nothing was under way proves nothing and fails (exit code 8).
Many seeds in a row: npm run chaos -- --help

Exit codes:
  0    ended as it should; Ctrl-C drains and ends with 0
  1    something failed; the message says what
  2    wrong usage
  3    a system is running in that data folder already
  4    programs of Hyperledger Fabric are missing (--network fabric)
  5    a port is taken by another program
  6    the data folder cannot be written
  7    readings were lost, duplicated or altered, or something met another fate than it had to
  8    no proof: nothing was lost, but an attack was not carried out to its end, or (chaos) nothing was under
       way when something broke
  130  second Ctrl-C: ended at once

Examples:
  npm start
  npm start -- --story
  npm start -- --devices 50 --for 20s --json
  npm start -- --network fabric --window 60s
  npm start -- --devices 30 --for 60s --chaos --json`;

const UNITS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600 };

function seconds(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  const value = Number(match?.[1]) * (UNITS[match?.[2] ?? 's'] ?? Number.NaN);
  if (!(value > 0)) throw new InvalidArgumentError('Give a time such as 500ms, 20s, 5m.');
  return value;
}

function windowLength(text: string): number {
  const value = seconds(text);
  if (value >= 1 && value <= 600) return value;
  throw new InvalidArgumentError('A window is from 1s to 10m long.');
}

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`);
  };
}

/** `all`, `none` or names separated by commas, as the simulator takes them. */
function namesOf(known: readonly string[]): (text: string) => string {
  return (text) => {
    if (text === 'all' || text === 'none') return text;
    const unknown = text.split(',').filter((name) => !known.includes(name));
    if (unknown.length === 0) return text;
    throw new InvalidArgumentError(`There is no ${unknown.join(', ')}.`);
  };
}

function rate(text: string): number {
  const value = Number(text);
  if (value >= 0.1 && value <= 10) return value;
  throw new InvalidArgumentError('Give a number from 0.1 to 10.');
}

interface Parsed {
  readonly network: NetworkKind;
  readonly devices: number;
  readonly rate: number;
  readonly window?: number;
  readonly for?: number;
  readonly seed: number;
  readonly chaos: boolean;
  readonly faults?: string;
  readonly attackers?: string;
  readonly data?: string;
  readonly port?: number;
  readonly json: boolean;
  readonly story: boolean;
}

function command(): Command {
  return new Command('npm start --')
    .description(
      'Wearables, broker, queue, functions, ledger and API of Pulseledger on this machine.',
    )
    .addOption(
      new Option('--network <kind>', 'the embedded network, or native Hyperledger Fabric')
        .choices(['devnet', 'fabric'])
        .default('devnet'),
    )
    .option(
      '--devices <n>',
      'simulated wearables; 0 for none',
      wholeNumber(0, MAX_DEVICES),
      DEFAULT_DEVICES,
    )
    .option('--rate <r>', 'readings a second of each continuous signal', rate, 1)
    .option(
      '--window <time>',
      'readings of so long make one signed chunk (default: 10s; a quarter of --for, 2s to 60s)',
      windowLength,
    )
    .option('--for <time>', 'measure for so long, account for every reading, end', seconds)
    .option('--seed <n>', 'seed of the simulation', wholeNumber(0, MAX_SEED), 1)
    .option(
      '--chaos',
      'kill every process with -9 at seeded moments, cut connections, drop answers (60s unless --for says)',
      false,
    )
    .option(
      '--faults <list>',
      `what goes wrong at the devices: all, none (default; all with --chaos), or some of ${FAULTS.join(', ')}`,
      namesOf(FAULTS),
    )
    .option(
      '--attackers <list>',
      `who attacks: all, none (default; all with --chaos), or some of ${ATTACKS.join(', ')}`,
      namesOf(ATTACKS),
    )
    .option(
      '--story',
      'a week of two dozen patients, and a page with doctor, patient and insurer side by side',
      false,
    )
    .option(
      '--data <dir>',
      'folder of keys and ledger (default: .pulseledger/<network>, with --story <network>-story)',
    )
    .option(
      '--port <p>',
      'port of the API (default: 8443; any free one with --for)',
      wholeNumber(1, 65_535),
    )
    .option(
      '--json',
      'one JSON object as the last line on stdout, everything else on stderr',
      false,
    )
    .addHelpText('after', HELP)
    .exitOverride();
}

/**
 * The command line of `npm start`.
 *
 * @returns undefined when help was asked for and printed
 * @throws StartFailure with exit code 2; commander has said on stderr what is wrong
 */
export function parseOptions(argv: readonly string[]): RunOptions | undefined {
  const program = command();
  try {
    program.parse(argv, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return undefined;
    throw new StartFailure(EXIT.usage, '', error);
  }
  return complete(program.opts<Parsed>());
}

/** What holds where the command line says nothing. */
interface Defaults {
  readonly forSeconds: number | undefined;
  readonly windowSeconds: number | undefined;
  readonly trouble: 'all' | 'none';
}
const CALM_DEFAULTS: Defaults = {
  forSeconds: undefined,
  windowSeconds: undefined,
  trouble: 'none',
};
const CHAOS_DEFAULTS: Defaults = {
  forSeconds: CHAOS_SECONDS,
  windowSeconds: SHORTEST_WINDOW,
  trouble: 'all',
};

function complete(parsed: Parsed): RunOptions {
  const { network, devices, seed, chaos, json, story, port } = parsed;
  const defaults = chaos ? CHAOS_DEFAULTS : CALM_DEFAULTS;
  const forSeconds = parsed.for ?? defaults.forSeconds;
  if (forSeconds !== undefined) checkTimedRun(forSeconds, parsed);
  return {
    network,
    devices,
    rate: parsed.rate,
    windowSeconds: parsed.window ?? defaults.windowSeconds ?? defaultWindow(forSeconds),
    forSeconds,
    seed,
    chaos,
    faults: parsed.faults ?? defaults.trouble,
    attackers: parsed.attackers ?? defaults.trouble,
    ...places(parsed),
    port: port ?? (forSeconds === undefined ? DEFAULT_PORT : undefined),
    json,
    story,
  };
}

/** @throws StartFailure when the run could not show anything. */
function checkTimedRun(forSeconds: number, { devices, chaos, story }: Parsed): void {
  if (story) {
    throw new StartFailure(EXIT.usage, '--story runs until Ctrl-C: leave out --for and --chaos.');
  }
  if (devices === 0) throw new StartFailure(EXIT.usage, '--for needs at least one device.');
  if (chaos && forSeconds < SHORTEST_CHAOS_SECONDS) {
    throw new StartFailure(EXIT.usage, `--chaos needs at least ${SHORTEST_CHAOS_SECONDS}s.`);
  }
}

/** The default folders also write to the one place where `npm run simulate` looks. */
function places({ network, story, data }: Parsed): Pick<RunOptions, 'data' | 'systemFiles'> {
  const base = resolve(CHECKOUT, '.pulseledger');
  const name = story ? `${network}-story` : network;
  const chosen = data === undefined ? join(base, name) : resolve(data);
  const own = dataFolder(chosen).systemFile;
  return {
    data: chosen,
    systemFiles: data === undefined ? [own, dataFolder(base).systemFile] : [own],
  };
}

function defaultWindow(forSeconds: number | undefined): number {
  if (forSeconds === undefined) return DEFAULT_WINDOW_SECONDS;
  const quarter = Math.round(forSeconds / WINDOWS_PER_RUN);
  return Math.min(LONGEST_WINDOW, Math.max(SHORTEST_WINDOW, quarter));
}
