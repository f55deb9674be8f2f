import { type Comparison, compare, type LedgerChunk } from './comparison.ts';
import { type FateAccount, judgeFates, type QuarantinedBytes } from './fates.ts';
import type { Truth } from './truth-summary.ts';

/** An attack that did not happen proves nothing. */
/** Nothing went wrong then, but that attack has shown nothing either. */
export const UNDONE = {
  expected: 'carried out',
  found: 'not carried out to its end',
  times: 1,
} as const;

/** What became of everything: the readings, and whatever attackers tried. */
export interface WholeAccount {
  readonly comparison: Comparison;
  readonly fates: FateAccount;
}

/** Compares what the devices and attackers say with what ledger and quarantine hold. */
export function accountOf(
  truth: Pick<Truth, 'chunks' | 'expectations' | 'unfinishedAttacks'>,
  ledger: readonly LedgerChunk[],
  quarantined: readonly QuarantinedBytes[],
): WholeAccount {
  const recorded = ledger.map(({ chunk, sha256 }) => ({ device: chunk.deviceId, sha256 }));
  const onLedger = new Set(recorded.map(({ sha256 }) => sha256));
  const refused = new Set(quarantined.map(({ clientId, sha256 }) => `${clientId}/${sha256}`));
  // An attacker's honest chunk may have been enqueued without the PUBACK ever reaching it.
  const chunks = truth.chunks.filter(({ binds, sha256 }) => binds || onLedger.has(sha256));
  const inQuarantine = chunks
    .filter(({ device, sha256 }) => refused.has(`${device}/${sha256}`))
    .map(({ device, boot, first }) => `${device}/${boot}/${first}`);
  const { met, wrong } = judgeFates(truth.expectations, { recorded, quarantined });
  const undone = truth.unfinishedAttacks.map((what) => ({ ...UNDONE, what }));
  return {
    comparison: compare(chunks, ledger, new Set(inQuarantine)),
    fates: { met, wrong: [...wrong, ...undone] },
  };
}
