import { compositeKey, PROVIDERS_COLLECTION, type RecordKey } from '@pulseledger/domain';
import type { LedgerStub } from '../transaction/ledger-context.ts';

/** Sorts after every character of our keys. */
const AFTER_ALL = '\u{10ffff}';

/** An entry of a private collection. */
export interface Entry {
  readonly key: string;
  readonly value: Uint8Array;
}

/** Start of the range of all keys that begin with these attributes. */
export function rangeStart(prefix: RecordKey): string {
  return compositeKey(prefix);
}

/** End of that range, exclusive. */
export function rangeEnd(prefix: RecordKey): string {
  return compositeKey(prefix) + AFTER_ALL;
}

/** The place right behind one key, where the next page starts. */
export function rangeAfter(key: RecordKey): string {
  return `${compositeKey(key)}\u0001`;
}

/**
 * The entries of a range in the order of their keys. Only for evaluated functions: Fabric refuses a
 * transaction that ranges over private data and writes. Leaving the loop closes the iterator.
 */
export function entries(
  stub: LedgerStub,
  startKey: string,
  endKey: string,
  collection: string = PROVIDERS_COLLECTION,
): AsyncIterable<Entry> {
  return stub.getPrivateDataByRange(collection, startKey, endKey);
}
