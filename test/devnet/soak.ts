import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DevnetClient, serveChaincode } from '@pulseledger/network/devnet';
import { z } from 'zod';
import { NetworkProcess } from './network-process.ts';

const PARTS = 20;
/** The beginning is not judged: caches fill, code is compiled, the heap finds its size. */
const WARM_UP_PARTS = 4;
const WARM_UP_TRANSACTIONS = 5_000;
/** Memory may end so much above where it was after the warm-up: the collector's own rhythm. */
const NOISE_BYTES = 48 * 1024 * 1024;
/** One in so many transactions is followed by a query. */
const QUERY_EVERY = 10;

export interface SoakOptions {
  readonly checkout: string;
  /** In all, also those of earlier runs in the same folder. */
  readonly transactions: number;
  readonly inFlight: number;
  /** Undefined: a temporary folder. */
  readonly dataDir: string | undefined;
  readonly say: (line: string) => void;
  /** Ends the load; what was done is reported, and nothing is left running. */
  readonly interrupted: AbortSignal;
}

/** One part of the run. */
export interface SoakSample {
  readonly transactions: number;
  readonly perSecond: number;
  /** Of the network's process, without pages of files (RssAnon). */
  readonly memoryBytes: number;
}

export interface SoakReport {
  readonly transactions: number;
  readonly seconds: number;
  readonly samples: readonly SoakSample[];
  /** From the end of the warm-up to the end: the least-squares line through the samples. */
  readonly growthBytes: number;
  readonly isFlat: boolean;
  readonly summary: string;
}

async function anonymousBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1] ?? 'none') * 1024;
}

/** Rise of the least-squares line over the whole range of the samples. */
export function growth(samples: readonly SoakSample[]): number {
  const [n, last] = [samples.length, samples.at(-1)];
  const first = samples[0];
  if (n < 2 || first === undefined || last === undefined) return 0;
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / n;
  const [x, y] = [
    mean(samples.map((s) => s.transactions)),
    mean(samples.map((s) => s.memoryBytes)),
  ];
  const above = mean(samples.map((s) => (s.transactions - x) * (s.memoryBytes - y)));
  const below = mean(samples.map((s) => (s.transactions - x) ** 2));
  return below === 0 ? 0 : (above / below) * (last.transactions - first.transactions);
}

/** Submits so many transactions, some at a time, and some queries between them. */
async function load(
  client: DevnetClient,
  from: number,
  count: number,
  inFlight: number,
  interrupted: AbortSignal,
): Promise<void> {
  let next = from;
  const worker = async (): Promise<void> => {
    for (let at = next; at < from + count && !interrupted.aborted; at = next) {
      next += 1;
      await client.contract.submitTransaction('Put', `key-${at}`, `value of ${at}`);
      if (at % QUERY_EVERY === 0) await client.contract.evaluateTransaction('Get', `key-${at}`);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
}

/** Reads all events while the load runs, as an application would. */
async function countEvents(
  client: DevnetClient,
): Promise<{ seen: () => number; close: () => void }> {
  const events = await client.network.getChaincodeEvents('load');
  let seen = 0;
  const reading = (async () => {
    for await (const event of events) seen += event.eventName === 'Put' ? 1 : 0;
  })();
  reading.catch(() => undefined);
  return {
    seen: () => seen,
    close: () => {
      events.close();
    },
  };
}

const Counter = z.coerce.number().int().min(0);

/** Transactions of earlier runs in this folder: the chaincode's keys are counted up. */
async function alreadyDone(client: DevnetClient, most: number): Promise<number> {
  let [low, high] = [0, most];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const value = await client.contract.evaluateTransaction('Get', `key-${middle}`);
    if (value.length > 0) low = middle + 1;
    else high = middle;
  }
  return Counter.parse(low);
}

/** The load in equal parts, with what was seen after each; a part that was interrupted is left out. */
async function loadInParts(
  { transactions, inFlight, say, interrupted }: SoakOptions,
  network: NetworkProcess,
  client: DevnetClient,
  done: number,
): Promise<SoakSample[]> {
  const part = Math.ceil((transactions - done) / PARTS);
  const samples: SoakSample[] = [];
  for (let at = done; at < transactions; at += part) {
    const count = Math.min(part, transactions - at);
    const from = performance.now();
    await load(client, at, count, inFlight, interrupted);
    if (interrupted.aborted) break;
    const perSecond = Math.round(count / ((performance.now() - from) / 1_000));
    const memoryBytes = await anonymousBytes(network.child.pid ?? 0);
    samples.push({ transactions: at + count, perSecond, memoryBytes });
    say(`${at + count} transactions, ${perSecond}/s, ${megabytes(memoryBytes)} MB`);
  }
  return samples;
}

async function soak(options: SoakOptions, network: NetworkProcess): Promise<SoakReport> {
  const { say } = options;
  const client = await network.client();
  const done = await alreadyDone(client, options.transactions);
  if (done > 0) say(`going on after ${done} transactions`);
  const events = await countEvents(client);
  const started = performance.now();
  const samples = await loadInParts(options, network, client, done);
  const transactions = samples.at(-1)?.transactions ?? done;
  const seconds = (performance.now() - started) / 1_000;
  const { height } = await (await network.control()).verify();
  const seen = events.seen();
  events.close();
  client.close();
  const judged = samples
    .slice(WARM_UP_PARTS)
    .filter((sample) => sample.transactions - done > WARM_UP_TRANSACTIONS);
  const growthBytes = growth(judged);
  const isFlat = growthBytes < NOISE_BYTES;
  const summary =
    `${transactions} transactions (${transactions - done} now, in ${Math.round(seconds)} s, ${Math.round((transactions - done) / seconds)}/s; ${seen} events read), ` +
    `${height} blocks, chain intact; memory ${megabytes(judged[0]?.memoryBytes ?? 0)} MB after the warm-up, ${megabytes(samples.at(-1)?.memoryBytes ?? 0)} MB at the end, ` +
    `trend ${megabytes(growthBytes)} MB: ${isFlat ? 'flat' : 'NOT flat'}`;
  return { transactions, seconds, samples, growthBytes, isFlat, summary };
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1024 / 1024);
}

/** A long steady load on the devnet, and what its memory does meanwhile. Linux only: it reads /proc. */
export async function runSoak(options: SoakOptions): Promise<SoakReport> {
  const dir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'devnet-soak-')));
  await mkdir(dir, { recursive: true });
  const chaincode = await serveChaincode(join(options.checkout, 'test', 'devnet', 'chaincode'));
  const network = await NetworkProcess.spawn({
    checkout: options.checkout,
    dataDir: join(dir, 'data'),
    chaincodeAddress: chaincode.address,
  });
  try {
    if (!(await network.ready())) throw new Error('The network did not start.');
    return await soak(options, network);
  } finally {
    await network.end('SIGTERM');
    await chaincode.close();
    if (options.dataDir === undefined) await rm(dir, { recursive: true });
  }
}
