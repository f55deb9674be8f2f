import { canonicalJson, compositeKey, type RecordKey, type Schema } from '@pulseledger/domain';
import type { LedgerStub } from '../transaction/ledger-context.ts';
import { parseDocument } from './documents.ts';

/** Read a document of the public state; undefined when there is none. */
export async function readPublic<T>(
  stub: LedgerStub,
  key: RecordKey,
  schema: Schema<T>,
): Promise<T | undefined> {
  const bytes = await stub.getState(compositeKey(key));
  return bytes.length === 0 ? undefined : parseDocument(bytes, schema);
}

/** Write a document that everybody on the channel may read: nothing personal, nothing secret. */
export async function writePublic(
  stub: LedgerStub,
  key: RecordKey,
  document: object,
): Promise<void> {
  await stub.putState(compositeKey(key), Buffer.from(canonicalJson(document)));
}
