import {
  type ChangeOutput,
  CONSENT_KEYS,
  ConsentDocument,
  EXTRACT_COLLECTION,
  PulseError,
  RevokeInput,
  type RevokeTerms,
} from '@pulseledger/domain';
import { ledgerKey, readDocument, writeDocument } from '../store/documents.ts';
import { CHANGED, UNCHANGED } from '../transaction/change.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import type { LedgerStub } from '../transaction/ledger-context.ts';
import { inputOf } from '../transaction/transient.ts';
import { requireAgreement } from './agreement.ts';
import { requireConsentClaims } from './claims.ts';
import { purgeCopies } from './copies.ts';

/** Ends a share: without its document nothing of it is read any more, whatever is still there. */
export async function closeShare(stub: LedgerStub, shareId: string): Promise<void> {
  const key = ledgerKey(stub, CONSENT_KEYS.share(shareId));
  await stub.purgePrivateData(EXTRACT_COLLECTION, key);
}

/** End a consent now, and purge what it shared. */
async function revoke(call: Call<RevokeInput>): Promise<ChangeOutput> {
  const { stub, input } = call;
  const { patientId, consentId, assertion, places } = input;
  const claims = await requireConsentClaims(call, { use: 'revoke', patientId, consentId });
  const key = CONSENT_KEYS.consent(patientId, consentId);
  const consent = await readDocument(stub, key, ConsentDocument);
  if (consent === undefined) throw new PulseError('not_found', 'There is no such consent.');
  if (consent.revoked !== null) return UNCHANGED;
  const content: RevokeTerms = { patientId, consentId };
  const revoked = await requireAgreement(call, claims, {
    ...{ ceremony: 'revoke', content, assertion, saltHex: consent.saltHex },
    // The grant of the same consent was a use of its own.
    useId: `${consentId}.revoke`,
  });
  const ended: ConsentDocument = { ...consent, revoked };
  await writeDocument(stub, key, ended);
  const shareId = consent.terms.share?.shareId;
  if (shareId !== undefined) {
    await closeShare(stub, shareId);
    await purgeCopies(stub, shareId, places);
  }
  return CHANGED;
}

export const REVOKE: TransactionFunction<RevokeInput> = {
  name: 'consent:Revoke',
  input: inputOf(RevokeInput),
  run: revoke,
};
