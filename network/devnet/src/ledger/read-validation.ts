import { ledger, peer } from '@hyperledger/fabric-protos';
import { fromBinary } from './bytes.ts';
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
import type { UpdateBatch } from './update-batch.ts';
import { sameVersion } from './versioned-value.ts';

const { TxValidationCode } = peer;

/**
 * Whether everything that the transaction read is still so, given the valid transactions before it in its block:
 * public reads, then range queries, then hashed reads, namespace by namespace (Fabric's
 * core/ledger/kvledger/txmgmt/validation/validator.go).
 */
export async function validateReads(
  namespaces: readonly NamespaceRwset[],
  state: State,
  updates: UpdateBatch,
): Promise<number> {
  for (const { namespace, publicSpace, rangeQueries, collections } of namespaces) {
    if (!readsStand(publicSpace, state, updates)) return TxValidationCode.MVCC_READ_CONFLICT;
    for (const query of rangeQueries) {
      if (!(await rangeStands(namespace, query, state, updates))) {
        return TxValidationCode.PHANTOM_READ_CONFLICT;
      }
    }
    if (!collections.every((collection) => readsStand(collection, state, updates))) {
      return TxValidationCode.MVCC_READ_CONFLICT;
    }
  }
  return TxValidationCode.VALID;
}

/** A key that an earlier transaction of the block wrote conflicts, whatever the version. */
function readsStand(
  { namespace, collection, reads }: SpaceRwset,
  state: State,
  updates: UpdateBatch,
): boolean {
  const space = stateSpace(namespace, collection);
  return reads.every(
    ({ key, version }) =>
      updates.get(namespace, collection, key) === undefined &&
      sameVersion(state.get(space, fromBinary(key))?.version, version),
  );
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
