import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { LedgerConnection } from '@pulseledger/ledger';
import { enrol, ingestIdentity } from '../seed.ts';
import { type RunningNetwork, startNetwork } from '../start-network.ts';
import { Wearable } from '../wearables.ts';
import { type Figures, keepInFlight, type Timed } from './keep-in-flight.ts';
import { memoryOfTree } from './memory.ts';
import { Operations } from './operations.ts';
import {
  type NetworkFacts,
  type NetworkName,
  newPairedReport,
  type PairedRow,
  toPairedTable,
} from './report.ts';

const NAMES: readonly NetworkName[] = ['devnet', 'fabric'];
const OPERATIONS = ['evaluate', 'endorse', 'submit'] as const;
type OperationName = (typeof OPERATIONS)[number];
const IN_FLIGHT = [1, 16, 128];
/** Lanes take turns with them, so that none waits for another peer's block. */
const WEARABLES_A_LANE = 2;
const WARM_UP_SECONDS = 4;
const MEGABYTES = 1024 * 1024;
const USAGE = `npm run bench:networks -- [options]
  Measures the devnet and native Fabric (FABRIC_BIN) side by side: both run, and each row is measured on the one
  and then on the other.
  --seconds N     measured time of each row and network, 1 to 120 (default: 6)
  --in-flight L   transactions at a time, a list (default: 1,16,128)
  --operations L  some of evaluate,endorse,submit (default: all)
  --only NAME     devnet or fabric alone, to profile it: no comparison
  --json          one JSON object as the last line on standard output`;

interface Subject {
  readonly name: NetworkName;
  readonly network: RunningNetwork;
  readonly operations: Operations;
  readonly wearables: readonly Wearable[];
  readonly firstReadyMs: number;
}

interface Options {
  readonly seconds: number;
  readonly inFlight: readonly number[];
  readonly names: readonly NetworkName[];
  readonly operations: readonly OperationName[];
  readonly json: boolean;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function parse(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string', default: '6' },
      'in-flight': { type: 'string', default: IN_FLIGHT.join(',') },
      only: { type: 'string' },
      operations: { type: 'string', default: OPERATIONS.join(',') },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const seconds = Number(values.seconds);
  if (!(seconds >= 1 && seconds <= 120)) throw new Error('--seconds is a number from 1 to 120.');
  const inFlight = values['in-flight'].split(',').map(Number);
  if (!inFlight.every((n) => Number.isInteger(n) && n >= 1 && n <= 500)) {
    throw new Error('--in-flight is a list of whole numbers from 1 to 500.');
  }
  const names = NAMES.filter((name) => values.only === undefined || values.only === name);
  if (names.length === 0) throw new Error('--only is devnet or fabric.');
  const named = values.operations.split(',');
  const operations = OPERATIONS.filter((operation) => named.includes(operation));
  if (operations.length !== named.length) {
    throw new Error(`--operations are some of ${OPERATIONS.join(',')}.`);
  }
  return { seconds, inFlight, names, operations, json: values.json };
}

/** A first start, to make keys and channel, then the one that is measured. */
async function start(name: NetworkName, dir: string, wearables: number): Promise<Subject> {
  const dataDir = join(dir, name);
  await mkdir(dataDir);
  say(`Starting ${name} for the first time, then again …`);
  const first = await startNetwork(name, dataDir);
  await first.stop();
  const network = await startNetwork(name, dataDir);
  try {
    const { profile } = network;
    const connection = new LedgerConnection({ profile, organization: 'hospital' });
    const keysDir = join(dataDir, 'keys');
    const own = Array.from({ length: wearables }, () => new Wearable());
    say(`Registering ${own.length} wearables on ${name} …`);
    await enrol(connection, keysDir, own);
    connection.close();
    const operations = new Operations(profile, await ingestIdentity(keysDir));
    return { name, network, operations, wearables: own, firstReadyMs: first.readyMs };
  } catch (error) {
    await network.stop();
    throw error;
  }
}

function measure(
  { operations, wearables }: Subject,
  operation: OperationName,
  inFlight: number,
  seconds: number,
): Promise<Timed> {
  for (const wearable of wearables) wearable.goOnAtFullHour();
  const run = async (lane: number, turn: number): Promise<number | undefined> => {
    const wearable = wearables[lane * WEARABLES_A_LANE + (turn % WEARABLES_A_LANE)];
    if (wearable === undefined) throw new RangeError('There are too few wearables.');
    const measured: unknown = await operations[operation](wearable);
    return typeof measured === 'number' ? measured : undefined;
  };
  return keepInFlight({ inFlight, seconds, warmUpSeconds: WARM_UP_SECONDS, run });
}

const NONE: Figures = { perSecond: Number.NaN, p50Ms: Number.NaN, p99Ms: Number.NaN };

/** One operation at one load on both, one after the other; which one is first changes from row to row. */
async function pairedRows(
  subjects: readonly Subject[],
  operation: OperationName,
  inFlight: number,
  seconds: number,
): Promise<PairedRow[]> {
  const found = new Map<NetworkName, Timed>();
  for (const subject of subjects) {
    const figures = await measure(subject, operation, inFlight, seconds);
    found.set(subject.name, figures);
    say(
      `  ${operation}, ${inFlight} in flight, ${subject.name}: ${figures.perSecond}/s, p50 ${figures.p50Ms} ms, p99 ${figures.p99Ms} ms`,
    );
  }
  const [devnet, fabric] = [found.get('devnet'), found.get('fabric')];
  const row = { inFlight, operation, devnet: devnet ?? NONE, fabric: fabric ?? NONE };
  if (devnet?.inner === undefined && fabric?.inner === undefined) return [row];
  const inner = (timed: Timed | undefined): Figures => ({ ...NONE, ...timed?.inner });
  return [
    row,
    { ...row, operation: 'submit: order and commit', devnet: inner(devnet), fabric: inner(fabric) },
  ];
}

async function report(options: Options, subjects: readonly Subject[]): Promise<void> {
  const rows: PairedRow[] = [];
  let order = [...subjects];
  for (const operation of options.operations) {
    for (const inFlight of options.inFlight) {
      rows.push(...(await pairedRows(order, operation, inFlight, options.seconds)));
      order = order.reverse();
    }
  }
  const facts = async (name: NetworkName): Promise<NetworkFacts> => {
    const subject = subjects.find((each) => each.name === name);
    if (subject === undefined) {
      return { firstReadyMs: Number.NaN, warmReadyMs: Number.NaN, memoryBytes: Number.NaN };
    }
    const { network, firstReadyMs } = subject;
    const memoryBytes = await memoryOfTree(network.pid);
    say(`${name}: ${Math.round(memoryBytes / MEGABYTES)} MB`);
    return { firstReadyMs, warmReadyMs: network.readyMs, memoryBytes };
  };
  const [devnet, fabric] = [await facts('devnet'), await facts('fabric')];
  const paired = newPairedReport({ secondsPerRow: options.seconds, devnet, fabric, rows });
  process.stdout.write(`${toPairedTable(paired)}\n`);
  if (subjects.length === NAMES.length) {
    const { worse } = paired;
    const verdict = worse.length === 0 ? 'in no figure' : `in ${worse.join('; ')}`;
    process.stdout.write(`The devnet is worse than Fabric ${verdict}.\n`);
  }
  if (options.json) process.stdout.write(`${JSON.stringify(paired)}\n`);
}

/** Ctrl-C ends a run, but not before its networks are stopped and its folder removed. */
function interruption(): Promise<never> {
  return new Promise((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        reject(new Error('interrupted'));
      });
    }
  });
}

async function run(options: Options): Promise<void> {
  if (options.names.includes('fabric') && process.env['FABRIC_BIN'] === undefined) {
    throw new Error('FABRIC_BIN is not set: it names the folder of the native programs.');
  }
  const dir = await mkdtemp(join(tmpdir(), 'bench-networks-'));
  const subjects: Subject[] = [];
  const wearables = WEARABLES_A_LANE * Math.max(...options.inFlight);
  const work = async (): Promise<void> => {
    for (const name of options.names) subjects.push(await start(name, dir, wearables));
    await report(options, subjects);
  };
  try {
    await Promise.race([work(), interruption()]);
  } finally {
    for (const { operations, network } of subjects) {
      operations.close();
      await network.stop();
    }
    await rm(dir, { recursive: true, force: true });
  }
}

try {
  const options = parse(process.argv.slice(2));
  if (options === undefined) process.stdout.write(`${USAGE}\n`);
  else await run(options);
  process.exit(0);
} catch (error) {
  say(`bench:networks: ${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  process.exit(1);
}
