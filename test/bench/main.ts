import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROVIDER_MSP_IDS } from '@pulseledger/domain';
import {
  BatchSigner,
  type CertifiedKey,
  createSignatory,
  fixedSignatory,
  LedgerConnection,
  parseRecordChunksResult,
  recordChunksTransaction,
} from '@pulseledger/ledger';
import { type BenchOptions, type Configuration, parseArguments, USAGE } from './arguments.ts';
import { newCountedClient, type Submitted } from './counted-client.ts';
import { measure, type Submit, type Workload } from './measure.ts';
import { plainSubmit } from './plain-gateway.ts';
import { newReport, type Row, type RowSource, toRow, toTable } from './report.ts';
import { enrol, ingestIdentity } from './seed.ts';
import { type RunningNetwork, startNetwork } from './start-network.ts';
import { Wearable } from './wearables.ts';

/** Chunks under way at the same time: enough to keep two cores busy, and few enough wearables to register. */
const CHUNKS_UNDER_WAY = 500;

interface Bench {
  readonly options: BenchOptions;
  readonly dataDir: string;
  readonly network: RunningNetwork;
  readonly connection: LedgerConnection;
  readonly submitted: Submitted;
  readonly identity: CertifiedKey;
  readonly wearables: readonly Wearable[];
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function run(options: BenchOptions): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'pulseledger-bench-'));
  try {
    say(`Starting ${options.network} …`);
    const network = await startNetwork(options.network, dataDir);
    const submitted: Submitted = { bytes: 0 };
    const connection = new LedgerConnection({
      profile: network.profile,
      organization: 'hospital',
      newClient: () => newCountedClient(network.profile, submitted),
    });
    try {
      const work = prepare({ options, dataDir, network, connection, submitted }).then(report);
      await Promise.race([work, interruption()]);
    } finally {
      connection.close();
      await network.stop();
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** Ctrl-C ends a run, but not before its network is stopped and its folder removed. */
function interruption(): Promise<never> {
  return new Promise((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        reject(new Error('interrupted'));
      });
    }
  });
}

async function prepare(base: Omit<Bench, 'identity' | 'wearables'>): Promise<Bench> {
  const { options, dataDir, connection } = base;
  const keysDir = join(dataDir, 'keys');
  const most = Math.max(
    ...options.rows.map((row) => row.chunksPerTransaction * inFlight(options, row)),
    options.inFlight,
  );
  const wearables = Array.from({ length: 2 * most }, () => new Wearable());
  say(`Registering ${wearables.length} wearables …`);
  await enrol(connection, keysDir, wearables);
  return { ...base, wearables, identity: await ingestIdentity(keysDir) };
}

async function report(bench: Bench): Promise<void> {
  const { options, network } = bench;
  const plain = await measurePlain(bench);
  const plainRate = plain.measurement.readings / plain.measurement.seconds;
  const rows: Row[] = [toRow(plain, plainRate)];
  for (const configuration of options.rows) {
    const row = toRow(await measureBatches(bench, configuration), plainRate);
    rows.push(row);
    say(`  ${row.name}: ${Math.round(row.readingsPerSecond)} readings/s, ${row.ratio}x`);
  }
  process.stdout.write(`${toTable(rows)}\n`);
  if (options.json) {
    const { network: name, seconds } = options;
    const facts = { network: name, secondsPerRow: seconds, networkReadyMs: network.readyMs, rows };
    process.stdout.write(`${JSON.stringify(newReport(facts))}\n`);
  }
}

/**
 * What everybody does at first: one reading a transaction, `contract.submit` with the client's defaults, as many at a
 * time as any row has.
 */
async function measurePlain(bench: Bench): Promise<RowSource> {
  const { network, identity, submitted } = bench;
  say('Measuring one reading a transaction by the plain Gateway call …');
  const client = newCountedClient(network.profile, submitted);
  try {
    return await measureRow(bench, undefined, {
      chunksPerTransaction: 1,
      next: (wearable) => wearable.nextReading(),
      submit: plainSubmit(client, network.profile, identity),
    });
  } finally {
    client.close();
  }
}

async function measureBatches(bench: Bench, configuration: Configuration): Promise<RowSource> {
  const { windowSeconds, chunksPerTransaction } = configuration;
  return measureRow(bench, configuration, {
    chunksPerTransaction,
    next: (wearable) => wearable.nextWindow(windowSeconds),
    submit: batchSubmit(bench),
  });
}

function batchSubmit({ connection, identity }: Bench): Submit {
  const signatories = fixedSignatory(createSignatory(identity));
  const signer = new BatchSigner({ connection, signatories, endorsers: PROVIDER_MSP_IDS });
  return async (chunks) => {
    const transactions = [recordChunksTransaction(chunks)];
    const [outcome] = await signer.submitAll(transactions, { concurrency: 1 });
    if (outcome?.status !== 'committed') {
      throw outcome?.error ?? new Error('The transaction has no outcome.');
    }
    checkRecorded(outcome.result);
  };
}

/** A figure for something that was not recorded would be worth nothing. */
function checkRecorded(result: Uint8Array): void {
  const { results } = parseRecordChunksResult(result);
  const other = results.find(({ status }) => status !== 'recorded');
  if (other !== undefined) {
    throw new Error(`A chunk was not recorded: ${JSON.stringify(other)}`);
  }
}

async function measureRow(
  bench: Bench,
  configuration: Configuration | undefined,
  row: Pick<Workload, 'chunksPerTransaction' | 'next' | 'submit'>,
): Promise<RowSource> {
  const { options, wearables, submitted } = bench;
  const before = submitted.bytes;
  const workload = {
    ...row,
    inFlight: inFlight(options, row),
    seconds: options.seconds,
    wearables,
  };
  const measurement = await measure(workload);
  const { inFlight: transactions } = workload;
  return {
    configuration,
    inFlight: transactions,
    measurement,
    blockBytes: submitted.bytes - before,
  };
}

/** Transactions at a time, so that not more chunks are under way than there are wearables for. */
function inFlight(options: BenchOptions, row: Pick<Configuration, 'chunksPerTransaction'>): number {
  const room = Math.floor(CHUNKS_UNDER_WAY / row.chunksPerTransaction);
  return Math.min(options.inFlight, Math.max(1, room));
}

try {
  const options = parseArguments(process.argv.slice(2));
  if (options === 'help') {
    process.stdout.write(`${USAGE}\n`);
  } else {
    await run(options);
  }
} catch (error) {
  say(`bench: ${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  process.exit(1);
}
