import { availableParallelism } from 'node:os';
import type { Configuration } from './arguments.ts';
import type { Measurement } from './measure.ts';

/** One line of the table. */
export interface Row {
  readonly name: string;
  /** Missing for the row that all others are compared with. */
  readonly windowSeconds?: number;
  readonly chunksPerTransaction?: number;
  readonly inFlight: number;
  readonly transactionsPerSecond: number;
  readonly chunksPerSecond: number;
  readonly readingsPerSecond: number;
  /** Times as many readings as one reading a transaction in the same run. */
  readonly ratio: number;
  readonly readingsPerTransaction: number;
  /** Transactions in blocks and chunks in the private collection, as each provider's peer keeps them, without indexes. */
  readonly ledgerBytesPerReading: number;
  readonly deviceToCommitMs: { readonly p50: number; readonly p99: number };
}

/** Everything that one run measured. */
export interface Report {
  readonly network: 'devnet' | 'fabric';
  readonly cores: number;
  readonly node: string;
  readonly secondsPerRow: number;
  readonly networkReadyMs: number;
  readonly rows: readonly Row[];
}

/** What a row is made from. */
export interface RowSource {
  readonly configuration: Configuration | undefined;
  readonly inFlight: number;
  readonly measurement: Measurement;
  /** Bytes of the row's transactions in blocks. */
  readonly blockBytes: number;
}

export function toRow(source: RowSource, plainReadingsPerSecond: number): Row {
  const { configuration, measurement, inFlight, blockBytes } = source;
  const { seconds, transactions, chunks, readings, p50Ms, p99Ms } = measurement;
  const ledgerBytes = blockBytes + measurement.allChunkBytes;
  const name =
    configuration === undefined
      ? 'plain Gateway call, one reading a transaction'
      : `${configuration.windowSeconds} s windows, ${configuration.chunksPerTransaction} a transaction`;
  return {
    name,
    ...configuration,
    inFlight,
    transactionsPerSecond: rounded(transactions / seconds, 1),
    chunksPerSecond: rounded(chunks / seconds, 1),
    readingsPerSecond: rounded(readings / seconds, 1),
    ratio: rounded(readings / seconds / plainReadingsPerSecond, 1),
    readingsPerTransaction: rounded(readings / transactions, 1),
    ledgerBytesPerReading: rounded(ledgerBytes / measurement.allReadings, 2),
    deviceToCommitMs: { p50: Math.round(p50Ms), p99: Math.round(p99Ms) },
  };
}

export function newReport(
  facts: Pick<Report, 'network' | 'secondsPerRow' | 'networkReadyMs' | 'rows'>,
): Report {
  const { rows, ...rest } = facts;
  return { ...rest, cores: availableParallelism(), node: process.version, rows };
}

const COLUMNS: readonly (readonly [string, (row: Row) => string])[] = [
  ['', (row) => row.name],
  ['in flight', (row) => String(row.inFlight)],
  ['tx/s', (row) => grouped(row.transactionsPerSecond)],
  ['chunks/s', (row) => grouped(row.chunksPerSecond)],
  ['readings/s', (row) => grouped(row.readingsPerSecond)],
  ['ratio', (row) => `${grouped(row.ratio)}x`],
  ['ledger B/reading', (row) => grouped(row.ledgerBytesPerReading)],
  ['device to commit p50', (row) => `${grouped(row.deviceToCommitMs.p50)} ms`],
  ['p99', (row) => `${grouped(row.deviceToCommitMs.p99)} ms`],
];

/** The rows for people. */
export function toTable(rows: readonly Row[]): string {
  const cells = [
    COLUMNS.map(([title]) => title),
    ...rows.map((row) => COLUMNS.map(([, of]) => of(row))),
  ];
  const widths = COLUMNS.map((_, column) =>
    Math.max(...cells.map((line) => line[column]?.length ?? 0)),
  );
  return cells
    .map((line) =>
      line
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  '),
    )
    .join('\n');
}

function rounded(value: number, decimals: number): number {
  return Number(value.toFixed(decimals));
}

function grouped(value: number): string {
  return value.toLocaleString('en-US');
}
