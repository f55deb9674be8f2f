import type { FaultRecord } from './chaos.ts';
import type { ChaosReport } from './chaos-report.ts';
import type { InFlight } from './in-flight.ts';

const NAME_WIDTH = 42;

/** What was done, what was under way just then, and what shows that it mattered: for a person. */
export function chaosSummary(chaos: ChaosReport): string {
  const killed = Object.entries(chaos.kills).map(([name, times]) => `${name} ${times}x`);
  return `
Killed with -9: ${killed.join(', ')}.
Under way just before (readings in outboxes; messages waiting, worked on; invocations; transactions between submit and commit):
${chaos.faults.map(faultLine).join('\n')}
Messages delivered again ${chaos.redeliveries}, chunks found on the ledger already ${chaos.redeliveriesResolved}, commits of unknown fate resolved ${chaos.unknownCommitsResolved}, steps retried ${chaos.retries}.
Outboxes and queue were empty ${chaos.drainSeconds} s after the end of measuring.
${chaos.missing.length === 0 ? '' : `This run proves nothing: ${chaos.missing.join('; ')}.\n`}`;
}

function faultLine(record: FaultRecord): string {
  const { atMs, kind, what, inFlight } = record;
  const name = `${(atMs / 1000).toFixed(1).padStart(6)} s  ${kind} ${what}`;
  return `${name.padEnd(NAME_WIDTH)} ${figures(inFlight)}${outcome(record)}`;
}

function figures(inFlight: InFlight): string {
  const { outboxReadings, queueVisible, queueInFlight, invocations, transactions } = inFlight;
  return [outboxReadings, queueVisible, queueInFlight, invocations, transactions]
    .map((count) => String(count ?? '-').padStart(6))
    .join('');
}

function outcome({ missed, upAgainMs, connections, droppedBytes, forMs }: FaultRecord): string {
  if (missed === true) return '   left out: it was down, or there was no time left';
  if (upAgainMs === null) return '   not up again by the end';
  if (upAgainMs !== undefined) return `   up again after ${upAgainMs} ms`;
  if (connections !== undefined) {
    return `   ${connections} connections, ${droppedBytes ?? 0} bytes of answers dropped`;
  }
  return forMs === undefined ? '' : `   for ${forMs} ms`;
}
