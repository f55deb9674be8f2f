import { type ChangeOutput, CopyInput, PulseError } from '@pulseledger/domain';
import { CHANGED } from '../transaction/change.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import { inputOf } from '../transaction/transient.ts';
import { requireConsentClaims } from './claims.ts';
import { purgeCopies, writeCopies } from './copies.ts';
import { isShareLive, readShare } from './facts.ts';

/** Copy what a live consent covers and `extract` does not have; purge what it does not cover any more. */
async function copy(call: Call<CopyInput>): Promise<ChangeOutput> {
  const { stub, input, nowMs } = call;
  const { patientId, consentId, copies, places } = input;
  const claims = await requireConsentClaims(call, { use: 'copy', patientId, consentId });
  const shareId = claims.terms?.share?.shareId;
  // Read, so that a revoke that is ordered first makes this transaction fail.
  const share = shareId === undefined ? undefined : await readShare(stub, shareId);
  if (share === undefined || !isShareLive(share, nowMs)) {
    throw new PulseError('conflict', 'The consent has ended.');
  }
  await writeCopies(stub, share.shareId, copies, claims.copies);
  await purgeCopies(stub, share.shareId, places);
  return CHANGED;
}

export const COPY: TransactionFunction<CopyInput> = {
  name: 'consent:Copy',
  input: inputOf(CopyInput),
  run: copy,
};
