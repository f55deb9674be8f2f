import {
  canonicalJson,
  PROVIDERS_COLLECTION,
  type RecordKey,
  type Schema,
} from '@pulseledger/domain';
import type { LedgerStub } from '../transaction/ledger-context.ts';

/** A record key as the ledger has it. */
export function ledgerKey(stub: LedgerStub, { objectType, attributes }: RecordKey): string {
  return stub.createCompositeKey(objectType, [...attributes]);
}

/**
 * Read a document, of the providers' collection unless said otherwise; undefined when there is
 * none. It never sees what this transaction wrote.
 */
export async function readDocument<T>(
  stub: LedgerStub,
  key: RecordKey,
  schema: Schema<T>,
  collection: string = PROVIDERS_COLLECTION,
): Promise<T | undefined> {
  const bytes = await stub.getPrivateData(collection, ledgerKey(stub, key));
  return bytes.length === 0 ? undefined : parseDocument(bytes, schema);
}

/** Parse the bytes of a stored document. */
export function parseDocument<T>(bytes: Uint8Array, schema: Schema<T>): T {
  return schema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
}

/** Write a document; its salt keeps the hash that is public from being guessed. */
export async function writeDocument(
  stub: LedgerStub,
  key: RecordKey,
  document: { readonly saltHex: string },
  collection: string = PROVIDERS_COLLECTION,
): Promise<void> {
  const bytes = Buffer.from(canonicalJson(document));
  await stub.putPrivateData(collection, ledgerKey(stub, key), bytes);
}

/** Is there anything at this key? Asks for the hash, which is cheaper than the value. */
export async function exists(
  stub: LedgerStub,
  key: RecordKey,
  collection: string = PROVIDERS_COLLECTION,
): Promise<boolean> {
  const hash = await stub.getPrivateDataHash(collection, ledgerKey(stub, key));
  return hash.length > 0;
}
