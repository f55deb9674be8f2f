import { isProof, type SeedResult } from './results.ts';

const COLUMNS: readonly (readonly [string, (result: SeedResult) => string | number])[] = [
  ['seed', ({ seed }) => seed],
  ['network', ({ network }) => network],
  ['result', (result) => (isProof(result) ? 'ok' : `FAILED (${String(result.exitCode)})`)],
  ['committed', ({ committed }) => committed],
  ['lost', ({ lost }) => lost],
  ['doubled', ({ duplicated }) => duplicated],
  ['altered', ({ altered }) => altered],
  ['wrong fates', ({ wrongFates }) => wrongFates],
  ['kills', ({ kills }) => kills],
  ['faults', ({ faults }) => faults],
  ['redelivered', ({ redeliveries }) => redeliveries],
  ['already', ({ redeliveriesResolved }) => redeliveriesResolved],
  ['unknown resolved', ({ unknownCommitsResolved }) => unknownCommitsResolved],
  ['drain s', ({ drainSeconds }) => Math.round(drainSeconds)],
  ['wall s', ({ wallSeconds }) => Math.round(wallSeconds)],
];

/** The heads of the columns. */
export function tableHead(): string {
  return COLUMNS.map(([name]) => name.padStart(widthOf(name))).join('  ');
}

/** One run in one line, with what it lacks for a proof. */
export function tableRow(result: SeedResult): string {
  const cells = COLUMNS.map(([name, value]) => String(value(result)).padStart(widthOf(name)));
  return [cells.join('  '), ...result.missing.map((text) => `      ${text}`)].join('\n');
}

function widthOf(name: string): number {
  return Math.max(name.length, 6);
}
