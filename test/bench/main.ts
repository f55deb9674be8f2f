import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROVIDER_MSP_IDS } from '@pulseledger/domain';
import {
  BatchSigner,
  type CertifiedKey,
  connectGateway,
  createSignatory,
  fixedSignatory,
  type LedgerConnection,
  parseRecordChunksResult,
  recordChunksTransaction,
} from '@pulseledger/ledger';
import { type BenchOptions, type Configuration, parseArguments, USAGE } from './arguments.ts';
import { bytesBelow } from './disk.ts';
import { measure, type Submit, type Workload } from './measure.ts';
import { openPlainGateway } from './plain-gateway.ts';
import { newReport, type Row, type RowSource, toRow, toTable } from './report.ts';
import { enrol, ingestIdentity } from './seed.ts';
import { type RunningNetwork, startNetwork } from './start-network.ts';
import { Wearable } from './wearables.ts';

/** The network writes some of a row only a little after its last commit is known. */
const SETTLE_MS = 500;

interface Bench {
  readonly options: BenchOptions;
  readonly dataDir: string;
  readonly network: RunningNetwork;
  readonly connection: LedgerConnection;
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
    const connection = connectGateway(network.profile, 'hospital');
    try {
      await report(await prepare({ options, dataDir, network, connection }));
    } finally {
      connection.close();
      await network.stop();
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function prepare(base: Omit<Bench, 'identity' | 'wearables'>): Promise<Bench> {
  const { options, dataDir, connection } = base;
  const keysDir = join(dataDir, 'keys');
  const most = Math.max(...options.rows.map((row) => row.chunksPerTransaction));
  const wearables = Array.from({ length: 2 * most * options.inFlight }, () => new Wearable());
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

/** What everybody does at first: one reading a transaction, `contract.submit` with the client's defaults. */
async function measurePlain(bench: Bench): Promise<RowSource> {
  say('Measuring one reading a transaction by the plain Gateway call …');
  const plain = openPlainGateway(bench.network.profile, bench.identity);
  try {
    return await measureRow(bench, undefined, {
      chunksPerTransaction: 1,
      next: (wearable) => wearable.nextReading(),
      submit: plain.submit,
    });
  } finally {
    plain.close();
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
  const { inFlight, seconds } = bench.options;
  const ledgerDir = join(bench.dataDir, 'ledger');
  const before = await bytesBelow(ledgerDir);
  const measurement = await measure({ ...row, inFlight, seconds, wearables: bench.wearables });
  await new Promise((settled) => setTimeout(settled, SETTLE_MS));
  const ledgerBytes = (await bytesBelow(ledgerDir)) - before;
  return { configuration, inFlight, measurement, ledgerBytes };
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
  process.exitCode = 1;
}
