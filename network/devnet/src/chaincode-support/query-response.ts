import { ledger, peer } from '@hyperledger/fabric-protos';
import type { KeyValue, PagedStateIterator } from '../ledger/types.ts';
import type { OpenQuery, TransactionContext } from './transaction-context.ts';

/** Results in one message to the chaincode (core/chaincode/chaincode_support.go MaxResultLimit). */
const BATCH_SIZE = 100;
/** As core.yaml ledger.state.totalQueryLimit. */
const TOTAL_QUERY_LIMIT = 100_000;

function marshal(result: KeyValue | ledger.queryresult.KeyModification): Uint8Array {
  if (result instanceof ledger.queryresult.KeyModification) return result.serializeBinary();
  const kv = new ledger.queryresult.KV();
  kv.setNamespace(result.namespace);
  kv.setKey(result.key);
  kv.setValue(result.value);
  return kv.serializeBinary();
}

/** Reads until the batch overflows (true: there is more) or the results or the limit end. */
async function fill(query: OpenQuery, batchSize: number, limit: number): Promise<boolean> {
  while (query.count < limit) {
    const result = await query.iterator.next();
    if (result === undefined) return false;
    query.pending.push(marshal(result));
    query.count += 1;
    if (query.pending.length > batchSize) return true;
  }
  return false;
}

function response(
  id: string,
  results: readonly Uint8Array[],
  hasMore: boolean,
): peer.QueryResponse {
  const message = new peer.QueryResponse();
  message.setId(id);
  message.setHasMore(hasMore);
  message.setResultsList(
    results.map((result) => {
      const item = new peer.QueryResultBytes();
      item.setResultbytes(result);
      return item;
    }),
  );
  return message;
}

/** The next batch of an open query; a query without more results is closed. */
export async function nextBatch(
  context: TransactionContext,
  id: string,
): Promise<peer.QueryResponse> {
  const query = context.query(id);
  if (query === undefined) throw new Error('query iterator not found');
  const hasMore = await fill(query, BATCH_SIZE, TOTAL_QUERY_LIMIT);
  const batch = hasMore ? query.pending.slice(0, BATCH_SIZE) : query.pending;
  query.pending = hasMore ? query.pending.slice(BATCH_SIZE) : [];
  if (!hasMore) await context.closeQuery(id);
  return response(id, batch, hasMore);
}

/** The one batch of a query with a page size, with the bookmark of the next page. */
export async function page(
  context: TransactionContext,
  iterator: PagedStateIterator,
  pageSize: number,
): Promise<peer.QueryResponse> {
  const limit = pageSize > 0 ? Math.min(pageSize, TOTAL_QUERY_LIMIT) : TOTAL_QUERY_LIMIT;
  const id = context.openQuery(iterator);
  const query: OpenQuery = { iterator, pending: [], count: 0 };
  await fill(query, Number.POSITIVE_INFINITY, limit);
  const metadata = new peer.QueryResponseMetadata();
  metadata.setFetchedRecordsCount(query.count);
  metadata.setBookmark(await iterator.bookmarkAndClose());
  context.forgetQuery(id);
  const message = response(id, query.pending, false);
  message.setMetadata(metadata.serializeBinary());
  return message;
}
