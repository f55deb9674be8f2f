import { availableParallelism } from 'node:os';
import type { FhirBenchOptions } from './arguments.ts';
import type { PairedRow } from './paired.ts';

/** Everything that one run measured. */
export interface FhirReport {
  readonly network: FhirBenchOptions['network'];
  readonly size: FhirBenchOptions['size'];
  readonly cores: number;
  readonly node: string;
  /** Of the machine over a minute, before and after; above the cores others worked as well. */
  readonly load: { readonly before: number; readonly after: number };
  readonly rows: readonly PairedRow[];
}

export function newReport(
  { network, size }: FhirBenchOptions,
  facts: Pick<FhirReport, 'load' | 'rows'>,
): FhirReport {
  return { network, size, cores: availableParallelism(), node: process.version, ...facts };
}

const COLUMNS: readonly (readonly [string, (row: PairedRow) => string])[] = [
  ['', ({ name }) => name],
  ['samples', ({ samples }) => String(samples)],
  ['p50 ms', ({ ours }) => String(ours.p50Ms)],
  ['p99 ms', ({ ours }) => String(ours.p99Ms)],
  ['Medplum p50', ({ reference }) => String(reference.p50Ms)],
  ['p99', ({ reference }) => String(reference.p99Ms)],
  ['ratio p50', ({ ratio }) => `${ratio.p50}x`],
  ['p99', ({ ratio }) => `${ratio.p99}x`],
];

/** The rows for people. */
export function toTable(rows: readonly PairedRow[]): string {
  const cells = [
    COLUMNS.map(([title]) => title),
    ...rows.map((row) => COLUMNS.map(([, of]) => of(row))),
  ];
  const widths = COLUMNS.map((_, at) => Math.max(...cells.map((line) => line[at]?.length ?? 0)));
  return cells
    .map((line) =>
      line
        .map((cell, at) =>
          at === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[at] ?? 0),
        )
        .join('  '),
    )
    .join('\n');
}
