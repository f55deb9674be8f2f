import type { ChaosReport } from './chaos/chaos-report.ts';
import type { Comparison } from './comparison.ts';
import type { FateAccount, WrongFate } from './fates.ts';
import type { RunOptions } from './options.ts';
import type { RecordedTransactions } from './transactions.ts';
import type { Truth } from './truth-summary.ts';

/** What a run with `--for` reports; counts are readings. `--help` explains each. */
export interface RunReport {
  readonly network: string;
  readonly devices: number;
  readonly windowSeconds: number;
  readonly seconds: number;
  readonly handedOver: number;
  readonly published: number;
  readonly acknowledged: number;
  readonly committed: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly altered: number;
  readonly quarantined: number;
  /** How many chunks and attempts had the fate that they had to have, by fate. */
  readonly fates: FateAccount['met'];
  /** What had another fate. */
  readonly wrongFates: readonly WrongFate[];
  /** Readings measured but never handed over, by cause: real devices lose them too. */
  readonly neverHandedOver: Truth['neverHandedOver'];
  readonly chunks: number;
  readonly transactions: number;
  readonly readingsPerTransaction: number;
  readonly chunkBytesPerReading: number;
  readonly ledgerBytesPerReading: number;
  readonly commitLatencyMs: { readonly p50: number; readonly p99: number } | null;
  readonly readySeconds: number;
  readonly seed: number;
  /** Only of a run with `--chaos`. */
  readonly chaos?: ChaosReport;
}

export interface RunFacts {
  readonly options: RunOptions;
  readonly comparison: Comparison;
  readonly fates: FateAccount;
  readonly truth: Truth;
  readonly recorded: RecordedTransactions;
  readonly ledgerBytes: number;
  readonly readySeconds: number;
  readonly chaos: ChaosReport | undefined;
}

export function runReport(facts: RunFacts): RunReport {
  const { options, comparison, truth, recorded, ledgerBytes } = facts;
  const { handedOver, committed, lost, duplicated, altered, quarantined, chunks } = comparison;
  return {
    network: options.network,
    devices: options.devices,
    windowSeconds: options.windowSeconds,
    seconds: options.forSeconds ?? 0,
    handedOver,
    published: truth.published,
    acknowledged: truth.acknowledged,
    committed,
    lost,
    duplicated,
    altered,
    quarantined,
    fates: facts.fates.met,
    wrongFates: facts.fates.wrong,
    neverHandedOver: truth.neverHandedOver,
    chunks,
    transactions: recorded.transactions,
    readingsPerTransaction: ratio(committed, recorded.transactions),
    chunkBytesPerReading: ratio(truth.chunkBytes, comparison.handedOver),
    ledgerBytesPerReading: ratio(ledgerBytes, committed),
    commitLatencyMs: truth.commitLatencyMs,
    readySeconds: rounded(facts.readySeconds),
    seed: options.seed,
    ...(facts.chaos === undefined ? {} : { chaos: facts.chaos }),
  };
}

function ratio(all: number, parts: number): number {
  return parts === 0 ? 0 : rounded(all / parts);
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
