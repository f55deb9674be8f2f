import { ledger, peer } from '@hyperledger/fabric-protos';
import { binaryToText, fromBinary } from './bytes.ts';
import { combinedRange, type KeyVersion } from './combined-range.ts';
import { stateSpace } from './keys.ts';
import { RangeQueryResults } from './range-query-results.ts';
import {
  type NamespaceRwset,
  type RangeQueryInfo,
  type SpaceRwset,
  toVersion,
} from './rwset-codec.ts';
import type { State } from './state.ts';
import type { ReadConflict } from './types.ts';
import type { UpdateBatch } from './update-batch.ts';
import { sameVersion } from './versioned-value.ts';

const { TxValidationCode } = peer;

/**
 * The first read that is not so any more, given the valid transactions before it in its block; undefined when all stand:
 * public reads, then range queries, then hashed reads, namespace by namespace (Fabric's
 * core/ledger/kvledger/txmgmt/validation/validator.go).
 */
export async function findConflict(
  namespaces: readonly NamespaceRwset[],
  state: State,
  updates: UpdateBatch,
): Promise<ReadConflict | undefined> {
  for (const { namespace, publicSpace, rangeQueries, collections } of namespaces) {
    const read = conflictOfReads(publicSpace, state, updates);
    if (read !== undefined) return read;
    for (const query of rangeQueries) {
      if (await rangeStands(namespace, query, state, updates)) continue;
      return phantom(namespace, query);
    }
    for (const collection of collections) {
      const hashed = conflictOfReads(collection, state, updates);
      if (hashed !== undefined) return hashed;
    }
  }
  return undefined;
}

/** A key that an earlier transaction of the block wrote conflicts, whatever the version. */
function conflictOfReads(
  { namespace, collection, reads }: SpaceRwset,
  state: State,
  updates: UpdateBatch,
): ReadConflict | undefined {
  if (reads.length === 0) return undefined;
  const space = stateSpace(namespace, collection);
  for (const { key, version } of reads) {
    const written = updates.get(namespace, collection, key)?.version;
    const found = written ?? state.get(space, fromBinary(key))?.version;
    if (written === undefined && sameVersion(found, version)) continue;
    const name = collection === '' ? binaryToText(key) : fromBinary(key).toString('hex');
    const code = TxValidationCode.MVCC_READ_CONFLICT;
    return { code, namespace, collection, key: name, read: version, found };
  }
  return undefined;
}

function phantom(namespace: string, query: RangeQueryInfo): ReadConflict {
  const key = `${query.getStartKey()} .. ${query.getEndKey()}`;
  const code = TxValidationCode.PHANTOM_READ_CONFLICT;
  return { code, namespace, collection: '', key, read: undefined, found: undefined };
}

async function rangeStands(
  namespace: string,
  query: RangeQueryInfo,
  state: State,
  updates: UpdateBatch,
): Promise<boolean> {
  const now = combinedRange(state, updates, {
    namespace,
    start: query.getStartKey(),
    end: query.getEndKey(),
    includeEnd: !query.getItrExhausted(),
  });
  const summary = query.getReadsMerkleHashes();
  return summary === undefined
    ? sameResults(now, query.getRawReads()?.getKvReadsList() ?? [])
    : sameSummary(now, summary);
}

async function sameResults(
  now: AsyncGenerator<KeyVersion>,
  then: readonly ledger.rwset.kvrwset.KVRead[],
): Promise<boolean> {
  let seen = 0;
  for await (const { key, version } of now) {
    const read = then[seen];
    if (read?.getKey() !== key || !sameVersion(toVersion(read.getVersion()), version)) return false;
    seen += 1;
  }
  return seen === then.length;
}

async function sameSummary(
  now: AsyncGenerator<KeyVersion>,
  then: ledger.rwset.kvrwset.QueryReadsMerkleSummary,
): Promise<boolean> {
  const results = new RangeQueryResults(then.getMaxDegree());
  for await (const { key, version } of now) results.add(key, version);
  const repeated = results.finish();
  if (!('summary' in repeated)) return false;
  const bytes = Buffer.from(repeated.summary.serializeBinary());
  return bytes.equals(then.serializeBinary());
}
