import { availableParallelism } from 'node:os';
import type { Figures } from './keep-in-flight.ts';

export type NetworkName = 'devnet' | 'fabric';

/** One line: the same on both networks. */
export interface PairedRow {
  readonly operation: string;
  readonly inFlight: number;
  readonly devnet: Figures;
  readonly fabric: Figures;
}

export interface NetworkFacts {
  /** With nothing there: keys and channel are made. */
  readonly firstReadyMs: number;
  /** With its ledger there. */
  readonly warmReadyMs: number;
  /** After the load, of all its processes but the contract's. */
  readonly memoryBytes: number;
}

export interface PairedReport {
  readonly cores: number;
  readonly node: string;
  readonly secondsPerRow: number;
  readonly devnet: NetworkFacts;
  readonly fabric: NetworkFacts;
  readonly rows: readonly PairedRow[];
  /** Figures in which the devnet is worse, in words. */
  readonly worse: readonly string[];
}

function worseFigures({ operation, inFlight, devnet, fabric }: PairedRow): string[] {
  const at = `${operation} at ${inFlight}`;
  return [
    // Of what ends inside another operation there is no throughput of its own.
    ...(devnet.perSecond < fabric.perSecond ? [`${at}: throughput`] : []),
    ...(devnet.p50Ms > fabric.p50Ms ? [`${at}: p50`] : []),
    ...(devnet.p99Ms > fabric.p99Ms ? [`${at}: p99`] : []),
  ];
}

export function newPairedReport(
  facts: Pick<PairedReport, 'secondsPerRow' | 'devnet' | 'fabric' | 'rows'>,
): PairedReport {
  const { devnet, fabric, rows } = facts;
  return {
    cores: availableParallelism(),
    node: process.version,
    ...facts,
    worse: [
      ...(devnet.firstReadyMs > fabric.firstReadyMs ? ['first time to ready'] : []),
      ...(devnet.warmReadyMs > fabric.warmReadyMs ? ['warm time to ready'] : []),
      ...(devnet.memoryBytes > fabric.memoryBytes ? ['memory'] : []),
      ...rows.flatMap(worseFigures),
    ],
  };
}

function figures({ perSecond, p50Ms, p99Ms }: Figures): string[] {
  return [perSecond, p50Ms, p99Ms].map(shown);
}

/** Of a network that was left out there is nothing to show. */
function shown(figure: number): string {
  return Number.isNaN(figure) ? '' : String(figure);
}

/** The table for people: devnet beside Fabric. */
export function toPairedTable(report: PairedReport): string {
  const { devnet, fabric, rows } = report;
  const megabytes = (bytes: number): string => shown(Math.round(bytes / 1024 / 1024));
  const lines = [
    ['', 'devnet', '', '', 'Fabric', '', ''],
    ['', '/s', 'p50 ms', 'p99 ms', '/s', 'p50 ms', 'p99 ms'],
    ...rows.map((row) => [
      `${row.operation}, ${row.inFlight} in flight`,
      ...figures(row.devnet),
      ...figures(row.fabric),
    ]),
    ['first ready, ms', shown(devnet.firstReadyMs), '', '', shown(fabric.firstReadyMs), '', ''],
    ['warm ready, ms', shown(devnet.warmReadyMs), '', '', shown(fabric.warmReadyMs), '', ''],
    ['memory, MB', megabytes(devnet.memoryBytes), '', '', megabytes(fabric.memoryBytes), '', ''],
  ];
  const widths = lines[0]?.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, at) =>
          at === 0 ? cell.padEnd(widths?.[at] ?? 0) : cell.padStart(widths?.[at] ?? 0),
        )
        .join('  '),
    )
    .join('\n');
}
