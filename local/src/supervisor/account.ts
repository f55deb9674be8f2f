import { type Comparison, compare, type LedgerChunk } from './comparison.ts';
import { type FateAccount, judgeFates, type QuarantinedBytes } from './fates.ts';
import type { Truth } from './truth-summary.ts';

/** What became of everything: the readings, and whatever attackers tried. */
export interface WholeAccount {
  readonly comparison: Comparison;
  readonly fates: FateAccount;
}

/** Compares what the devices and attackers say with what ledger and quarantine hold. */
export function accountOf(
  truth: Pick<Truth, 'chunks' | 'expectations'>,
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
  return {
    comparison: compare(chunks, ledger, new Set(inQuarantine)),
    fates: judgeFates(truth.expectations, { recorded, quarantined }),
  };
}
