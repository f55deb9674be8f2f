import { createHmac } from 'node:crypto';
import {
  CLINICAL_KEYS,
  type IndexKey,
  IndexSecretDocument,
  type LocatedDocument,
  PROVIDERS_COLLECTION,
  PulseError,
  REGISTRY_SCOPE,
  type RecordDocument,
  type RecordKey,
} from '@pulseledger/domain';
import { exists, ledgerKey, readDocument, writeDocument } from '../store/documents.ts';
import type { LedgerStub } from '../transaction/ledger-context.ts';

/** Take a document away. Its earlier values stay in the peers' history until they are purged. */
async function deleteDocument(stub: LedgerStub, key: RecordKey): Promise<void> {
  await stub.deletePrivateData(PROVIDERS_COLLECTION, ledgerKey(stub, key));
}

/**
 * Key of a conditional create. That of a patient has no random part, so a secret of the providers is
 * mixed in: otherwise anybody could try numbers against the hashes of keys, which are public. Every
 * registration reads the same secret, so that reading it links nothing.
 *
 * @throws PulseError `unavailable` when the secret was never set.
 */
export async function uniqueRecordKey(
  stub: LedgerStub,
  patientId: string | null,
  uniqueKey: string,
): Promise<RecordKey> {
  if (patientId !== null) return CLINICAL_KEYS.unique(patientId, uniqueKey);
  const secret = await readDocument(stub, CLINICAL_KEYS.indexSecret(), IndexSecretDocument);
  if (secret === undefined) {
    throw new PulseError('unavailable', 'The secret of the patient index is not set.');
  }
  const mixed = createHmac('sha256', Buffer.from(secret.secretHex, 'hex')).update(uniqueKey);
  return CLINICAL_KEYS.unique(REGISTRY_SCOPE, mixed.digest('hex'));
}

/** Patients are unique among all, other records within their patient's. */
export function scopeOf({ patientId, recordClass }: RecordDocument): string | null {
  return recordClass === 'basics' ? null : patientId;
}

function placeOf({ patientId, recordClass, recordId, saltHex }: RecordDocument): LocatedDocument {
  return { patientId, recordClass, recordId, saltHex };
}

function indexRecordKey(record: RecordDocument, { name, valueHash }: IndexKey): RecordKey {
  return CLINICAL_KEYS.index(name, valueHash, record.patientId, record.recordId);
}

function isAmong(keys: readonly IndexKey[], { name, valueHash }: IndexKey): boolean {
  return keys.some((key) => key.name === name && key.valueHash === valueHash);
}

/**
 * Make the places of a record those of its new version.
 *
 * @throws PulseError `already_exists` when another record has the unique key.
 */
export async function movePlaces(
  stub: LedgerStub,
  before: RecordDocument | undefined,
  after: RecordDocument,
): Promise<void> {
  if (before === undefined)
    await writeDocument(stub, CLINICAL_KEYS.located(after.recordId), placeOf(after));
  await moveUniqueKey(stub, before, after);
  const [old, current] = [before?.indexKeys ?? [], after.indexKeys];
  for (const key of current) {
    if (!isAmong(old, key)) await writeDocument(stub, indexRecordKey(after, key), placeOf(after));
  }
  for (const key of old) {
    if (!isAmong(current, key)) await deleteDocument(stub, indexRecordKey(after, key));
  }
}

async function moveUniqueKey(
  stub: LedgerStub,
  before: RecordDocument | undefined,
  after: RecordDocument,
): Promise<void> {
  const [old, current] = [before?.uniqueKey ?? null, after.uniqueKey];
  if (old === current) return;
  if (old !== null) await deleteDocument(stub, await uniqueRecordKey(stub, scopeOf(after), old));
  if (current === null) return;
  const key = await uniqueRecordKey(stub, scopeOf(after), current);
  if (await exists(stub, key)) throw new PulseError('already_exists');
  await writeDocument(stub, key, placeOf(after));
}
