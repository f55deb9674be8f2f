import {
  CONSENT_KEYS,
  ConsentDocument,
  Identifier,
  ListConsentsInput,
  type ListConsentsOutput,
  ListCopiesInput,
  type ListCopiesOutput,
  ListPasskeysInput,
  type ListPasskeysOutput,
  MAX_PURGED,
  PulseError,
  parseInput,
  type SharedPlace,
} from '@pulseledger/domain';
import { parseDocument, readDocument } from '../store/documents.ts';
import { entries, rangeAfter, rangeEnd, rangeStart } from '../store/range.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import { inputOf } from '../transaction/transient.ts';
import { copiesIn } from './copies.ts';
import { passkeysOf } from './passkeys.ts';
import { agreedRelyingParty } from './relying-party.ts';
import { requireSharing } from './sharing.ts';

/** The consents of a patient, ended ones too, for the patient and who represents them. */
async function listConsents(call: Call<ListConsentsInput>): Promise<ListConsentsOutput> {
  const { stub, input } = call;
  const { patientId, pageSize, bookmark } = input;
  await requireSharing(call, patientId);
  const prefix = { objectType: 'consent', attributes: [patientId] };
  const start =
    bookmark === undefined
      ? rangeStart(prefix)
      : rangeAfter(CONSENT_KEYS.consent(patientId, parseInput(Identifier, bookmark)));
  const consents: ConsentDocument[] = [];
  for await (const { value } of entries(stub, start, rangeEnd(prefix))) {
    const last = consents.at(-1);
    if (last !== undefined && consents.length === pageSize) {
      return { consents, bookmark: last.terms.consentId };
    }
    consents.push(parseDocument(value, ConsentDocument));
  }
  return { consents };
}

/** What is there of a consent's share, for who gave it: after a revoke, what is still to be purged. */
async function listCopies(call: Call<ListCopiesInput>): Promise<ListCopiesOutput> {
  const { stub, input } = call;
  const { patientId, consentId } = input;
  await requireSharing(call, patientId);
  const key = CONSENT_KEYS.consent(patientId, consentId);
  const consent = await readDocument(stub, key, ConsentDocument);
  if (consent === undefined) throw new PulseError('not_found', 'There is no such consent.');
  const { share } = consent.terms;
  if (share === null) return { purge: null };
  const { shareId } = share;
  const places: SharedPlace[] = [];
  for await (const { recordClass, alias } of copiesIn(stub, shareId)) {
    if (places.length === MAX_PURGED) break;
    places.push({ recordClass, alias });
  }
  return { purge: { shareId, places } };
}

/** The caller's own passkeys, and where they are used. */
async function listPasskeys({
  stub,
  caller,
}: Call<ListPasskeysInput>): Promise<ListPasskeysOutput> {
  if (caller.subjectId === undefined) throw new PulseError('access_denied');
  const passkeys = await passkeysOf(stub, caller.subjectId);
  return {
    passkeys: passkeys.map(({ credentialId, approval, registeredAtMs, revokedAtMs }) => ({
      ...{ credentialId, approval, registeredAtMs, revokedAtMs },
    })),
    relyingParty: (await agreedRelyingParty(stub)) ?? null,
  };
}

export const LIST_CONSENTS: TransactionFunction<ListConsentsInput> = {
  name: 'consent:List',
  input: inputOf(ListConsentsInput),
  run: listConsents,
};

export const LIST_COPIES: TransactionFunction<ListCopiesInput> = {
  name: 'consent:ListCopies',
  input: inputOf(ListCopiesInput),
  run: listCopies,
};

export const LIST_PASSKEYS: TransactionFunction<ListPasskeysInput> = {
  name: 'consent:ListPasskeys',
  input: inputOf(ListPasskeysInput),
  run: listPasskeys,
};
