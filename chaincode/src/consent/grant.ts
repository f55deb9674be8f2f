import {
  type ChangeOutput,
  CONSENT_KEYS,
  type ConsentClaims,
  type ConsentDocument,
  EXTRACT_COLLECTION,
  GrantInput,
  PulseError,
  requireSoundTerms,
  shareDocument,
} from '@pulseledger/domain';
import { exists, writeDocument } from '../store/documents.ts';
import { CHANGED } from '../transaction/change.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import { inputOf } from '../transaction/transient.ts';
import { requireAgreement } from './agreement.ts';
import { requireConsentClaims } from './claims.ts';
import { purgeCopies, writeCopies } from './copies.ts';

/** Begins a share: its document, and the first copies. */
async function share(call: Call<GrantInput>, claims: ConsentClaims): Promise<void> {
  const { stub, input } = call;
  const { terms, shareSaltHex, copies } = input;
  const document = shareDocument(terms, shareSaltHex);
  if (document === undefined) return;
  const key = CONSENT_KEYS.share(document.shareId);
  if (await exists(stub, key, EXTRACT_COLLECTION)) {
    throw new PulseError('conflict', 'There is a share with this id already.');
  }
  await writeDocument(stub, key, document, EXTRACT_COLLECTION);
  await writeCopies(stub, document.shareId, copies, claims.copies);
}

/** Takes from the patient's shares what a deny takes from them. */
async function takeBack({ stub, input }: Call<GrantInput>, claims: ConsentClaims): Promise<void> {
  for (const { shareId, places } of input.purges) {
    if (!claims.shareIds.includes(shareId)) {
      throw new PulseError('access_denied', 'The share is not this patient’s.');
    }
    await purgeCopies(stub, shareId, places);
  }
}

/**
 * Give a consent. What it shares with an insurer is copied along, as far as it fits; the rest follows
 * by `consent:Copy`. A deny takes back what it denies.
 */
async function grant(call: Call<GrantInput>): Promise<ChangeOutput> {
  const { stub, input, nowMs } = call;
  const { terms, assertion } = input;
  const { patientId, consentId, saltHex } = terms;
  const claims = await requireConsentClaims(call, { use: 'grant', patientId, terms });
  requireSoundTerms(terms, nowMs);
  const key = CONSENT_KEYS.consent(patientId, consentId);
  if (await exists(stub, key)) throw new PulseError('conflict', 'This consent was given already.');
  const granted = await requireAgreement(call, claims, {
    ...{ ceremony: 'grant', content: terms, assertion, saltHex },
    useId: consentId,
  });
  const consent: ConsentDocument = { terms, granted, revoked: null, saltHex };
  await writeDocument(stub, key, consent);
  await share(call, claims);
  await takeBack(call, claims);
  return CHANGED;
}

export const GRANT: TransactionFunction<GrantInput> = {
  name: 'consent:Grant',
  input: inputOf(GrantInput),
  run: grant,
};
