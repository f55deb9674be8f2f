import { join } from 'node:path';
import { folderBytes } from '../../local/src/supervisor/folder-size.ts';
import type { RecordedTransactions } from '../../local/src/supervisor/transactions.ts';
import { RunningSystem } from '../integration/running-system.ts';
import type { SoakOptions } from './arguments.ts';
import { type FleetProgress, type FleetResult, SoakFleet } from './fleet.ts';
import { memoryBelow } from './process-memory.ts';
import { recordedChunks } from './recorded.ts';
import { type Flatness, flatness, type Sample, TENTHS, type Tenth, tenthsOf } from './tenths.ts';

const SAMPLE_MS = 5_000;
const MILLION = 1_000_000;

/** What a run showed. */
export interface SoakReport extends Flatness {
  readonly network: string;
  readonly chunks: number;
  readonly readings: number;
  /** By the ledger's events since the first block. */
  readonly recordedChunks: number;
  readonly transactions: number;
  readonly quarantined: number;
  readonly pending: number;
  readonly discardedReadings: number;
  readonly reconnects: number;
  readonly seconds: number;
  readonly latencyMs: FleetResult['commitLatencyMs'];
  readonly ledgerBytesPerMillionReadings: number;
  readonly tenths: readonly Tenth[];
}

/** Takes samples while the fleet works. */
class Sampler {
  readonly samples: Sample[] = [];
  readonly #folder: string;
  readonly #onTenth: (tenth: Tenth, index: number) => void;
  readonly #chunks: number;
  #said = 0;
  #lastMs = 0;
  #running: Promise<void> = Promise.resolve();

  constructor(folder: string, chunks: number, onTenth: (tenth: Tenth, index: number) => void) {
    this.#folder = folder;
    this.#chunks = chunks;
    this.#onTenth = onTenth;
  }

  see(progress: FleetProgress): void {
    const nowMs = performance.now();
    if (nowMs - this.#lastMs < SAMPLE_MS) return;
    this.#lastMs = nowMs;
    this.#running = this.#running.then(async () => this.#take(progress, nowMs));
  }

  async done(): Promise<readonly Sample[]> {
    await this.#running;
    return this.samples;
  }

  async #take({ chunks, commitLatencyMs }: FleetProgress, atMs: number): Promise<void> {
    const memory = new Map<string, number>();
    for (const { name, bytes } of await memoryBelow(process.pid)) {
      memory.set(name, (memory.get(name) ?? 0) + bytes);
    }
    const ledgerBytes = await folderBytes(join(this.#folder, 'ledger'));
    this.samples.push({
      chunks: chunks.committed,
      atMs,
      latency: commitLatencyMs,
      memory,
      ledgerBytes,
    });
    this.#sayTenth(chunks.committed);
  }

  #sayTenth(committed: number): void {
    const complete = Math.min(TENTHS, Math.floor((committed * TENTHS) / this.#chunks));
    if (complete <= this.#said) return;
    this.#said = complete;
    const tenths = tenthsOf(this.samples, this.#chunks);
    const tenth = tenths[complete - 1] ?? tenths.at(-1);
    if (tenth !== undefined) this.#onTenth(tenth, complete);
  }
}

/** Runs the system under a steady load and looks at it; `interrupted` ends the load before its time. */
export async function soak(
  options: SoakOptions,
  folder: string,
  tell: {
    readonly tenth: (tenth: Tenth, index: number) => void;
    readonly say: (text: string) => void;
  },
  interrupted: AbortSignal,
): Promise<SoakReport> {
  const startedMs = performance.now();
  tell.say(`Starting the system on ${options.network} …`);
  const system = await RunningSystem.start(folder, [
    ...['--network', options.network, '--devices', '0', '--json'],
  ]);
  try {
    const sampler = new Sampler(folder, options.chunks, tell.tenth);
    const systemFile = join(folder, 'run', 'system.json');
    const fleet = new SoakFleet(options, systemFile, (progress) => {
      sampler.see(progress);
      const { committed, quarantined, pending } = progress.chunks;
      if (committed + quarantined + pending >= options.chunks) fleet.stop();
    });
    interrupted.addEventListener('abort', () => {
      fleet.stop();
    });
    const result = await fleet.result;
    const samples = await sampler.done();
    tell.say('Counting what the ledger recorded …');
    const recorded = await recordedChunks(folder, result.committed.chunks);
    return report(options, { result, samples, recorded, startedMs });
  } finally {
    await system.stop();
  }
}

interface Seen {
  readonly result: FleetResult;
  readonly samples: readonly Sample[];
  readonly recorded: RecordedTransactions;
  readonly startedMs: number;
}

/** What of the count is not as it should be, in words. */
function miscounts(options: SoakOptions, { result, recorded }: Seen): string[] {
  const { committed, pending, quarantined } = result;
  const found: string[] = [];
  if (committed.chunks < options.chunks) {
    found.push(`${committed.chunks} chunks were recorded, and not ${options.chunks}.`);
  }
  if (recorded.chunks !== committed.chunks) {
    found.push(`The ledger recorded ${recorded.chunks} chunks, not ${committed.chunks}.`);
  }
  if (pending.chunks > 0) found.push(`${pending.chunks} chunks were not answered.`);
  if (quarantined.chunks > 0) found.push(`${quarantined.chunks} chunks were quarantined.`);
  return found;
}

function bytesPerMillionReadings({ result, samples }: Seen): number {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || first.chunks === last.chunks) return 0;
  const readingsPerChunk = result.committed.readings / result.committed.chunks;
  const readings = (last.chunks - first.chunks) * readingsPerChunk;
  return ((last.ledgerBytes - first.ledgerBytes) / readings) * MILLION;
}

function report(options: SoakOptions, seen: Seen): SoakReport {
  const { result, samples, recorded } = seen;
  const tenths = tenthsOf(samples, result.committed.chunks);
  const flat = flatness(tenths);
  return {
    network: options.network,
    chunks: result.committed.chunks,
    readings: result.committed.readings,
    recordedChunks: recorded.chunks,
    transactions: recorded.transactions,
    quarantined: result.quarantined.chunks,
    pending: result.pending.chunks,
    discardedReadings: result.discardedReadings,
    reconnects: result.reconnects,
    seconds: (performance.now() - seen.startedMs) / 1_000,
    latencyMs: result.commitLatencyMs,
    ledgerBytesPerMillionReadings: bytesPerMillionReadings(seen),
    tenths,
    ...flat,
    findings: [...miscounts(options, seen), ...flat.findings],
  };
}
