import { LINKS } from '../system-parts.ts';
import type { FaultRecord } from './chaos.ts';
import { type InFlight, isAnythingInFlight, mostInFlight } from './in-flight.ts';

/** What the functions themselves counted during the run. */
export interface Counted {
  /** Messages that the queue delivered once more. */
  readonly redeliveries: number;
  /** Chunks of which the contract said that they are on the ledger already. */
  readonly redeliveriesResolved: number;
  /** Commits without an answer whose fate was found out afterwards. */
  readonly unknownCommitsResolved: number;
  readonly retries: number;
  /** Messages that a function gave back because their outcome was not known. */
  readonly messagesReturned: number;
}

/** What went wrong in a run, and what shows that it mattered. */
export interface ChaosReport extends Counted {
  /** How often each process was killed with -9. */
  readonly kills: Readonly<Record<string, number>>;
  /** Most of each that was under way when something was done. */
  readonly mostInFlight: Readonly<Record<keyof InFlight, number>>;
  /** From the end of measuring until outboxes and queue were empty. */
  readonly drainSeconds: number;
  /** Why this run proves nothing; empty for a proof. */
  readonly missing: readonly string[];
  readonly faults: readonly FaultRecord[];
}

export interface ChaosFacts {
  /** Everything that was to be killed. */
  readonly targets: readonly string[];
  readonly records: readonly FaultRecord[];
  readonly counted: Counted;
  readonly drainSeconds: number;
}

export function chaosReport({ targets, records, counted, drainSeconds }: ChaosFacts): ChaosReport {
  const kills = new Map(targets.map((name) => [name, 0]));
  const carriedOut = records.filter(({ missed }) => missed !== true);
  for (const { kind, what } of carriedOut) {
    if (kind === 'kill') kills.set(what, (kills.get(what) ?? 0) + 1);
  }
  return {
    kills: Object.fromEntries(kills),
    ...counted,
    mostInFlight: mostInFlight(carriedOut.map(({ inFlight }) => inFlight)),
    drainSeconds,
    missing: missing(kills, carriedOut, counted),
    faults: records.toSorted((a, b) => a.atMs - b.atMs),
  };
}

/** A run in which nothing was under way when something broke shows nothing, however right its account is. */
function missing(
  kills: ReadonlyMap<string, number>,
  records: readonly FaultRecord[],
  counted: Counted,
): string[] {
  const most = mostInFlight(records.map(({ inFlight }) => inFlight));
  const killed = records.filter(({ kind }) => kind === 'kill');
  const cut = new Set(records.filter(({ connections = 0 }) => connections > 0).map((r) => r.what));
  const checks: readonly (readonly [boolean, string])[] = [
    ...[...kills].map(([name, times]) => [times > 0, `${name} was never killed`] as const),
    ...LINKS.map((link) => [cut.has(link), `${link} was never cut while connected`] as const),
    [killed.some(({ inFlight }) => isAnythingInFlight(inFlight)), 'no kill met anything under way'],
    [most.outboxReadings > 0, 'no reading waited in an outbox'],
    [most.queueInFlight > 0, 'no message was being worked on'],
    [most.invocations > 0, 'no invocation was running'],
    [most.transactions > 0, 'no transaction was between submit and commit'],
    [counted.redeliveries > 0, 'no message was delivered again'],
    [counted.redeliveriesResolved > 0, 'no redelivery was resolved by the contract'],
    [counted.unknownCommitsResolved > 0, 'no commit of unknown fate was resolved'],
  ];
  return checks.flatMap(([isThere, text]) => (isThere ? [] : [text]));
}
