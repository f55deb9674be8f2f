import { peer } from '@hyperledger/fabric-protos';
import type { KeyMetadata } from '../ledger/types.ts';
import { ChaincodeError } from './errors.ts';
import { type ChaincodeMessage, MessageType } from './message.ts';
import { nextBatch, page } from './query-response.ts';
import type { TransactionContext } from './transaction-context.ts';

const NOTHING = new Uint8Array();

/** Answers one request of a chaincode: the payload of the response. Throws with Fabric's text. */
export type StateRequest = (
  context: TransactionContext,
  payload: Uint8Array,
) => Uint8Array | Promise<Uint8Array>;

function getState(context: TransactionContext, payload: Uint8Array): Uint8Array {
  const request = peer.GetState.deserializeBinary(payload);
  const collection = request.getCollection();
  const { simulator, namespace } = context;
  if (collection === '') return simulator.getState(namespace, request.getKey()) ?? NOTHING;
  context.checkRead(collection);
  return simulator.getPrivateData(namespace, collection, request.getKey()) ?? NOTHING;
}

/** Everybody may ask for a hash: it is public. */
function getPrivateDataHash(context: TransactionContext, payload: Uint8Array): Uint8Array {
  const request = peer.GetState.deserializeBinary(payload);
  const { simulator, namespace } = context;
  return (
    simulator.getPrivateDataHash(namespace, request.getCollection(), request.getKey()) ?? NOTHING
  );
}

function put(context: TransactionContext, request: peer.PutState): void {
  const collection = request.getCollection();
  const { simulator, namespace } = context;
  if (collection === '') {
    simulator.putState(namespace, request.getKey(), request.getValue_asU8());
    return;
  }
  context.checkWrite(collection);
  simulator.putPrivateData(namespace, collection, request.getKey(), request.getValue_asU8());
}

function remove(context: TransactionContext, collection: string, key: string): void {
  const { simulator, namespace } = context;
  if (collection === '') {
    simulator.deleteState(namespace, key);
    return;
  }
  context.checkWrite(collection);
  simulator.deletePrivateData(namespace, collection, key);
}

function purge(context: TransactionContext, collection: string, key: string): void {
  if (collection === '') throw new ChaincodeError('only applicable for private data');
  context.checkWrite(collection);
  context.simulator.purgePrivateData(context.namespace, collection, key);
}

function putMetadata(
  context: TransactionContext,
  collection: string,
  key: string,
  metadata: KeyMetadata,
): void {
  const { simulator, namespace } = context;
  if (collection === '') {
    simulator.putStateMetadata(namespace, key, metadata);
    return;
  }
  context.checkWrite(collection);
  simulator.putPrivateDataMetadata(namespace, collection, key, metadata);
}

function metadataOf(entry: peer.StateMetadata | undefined): KeyMetadata {
  if (entry === undefined) throw new ChaincodeError('unmarshal failed: no metadata');
  return new Map([[entry.getMetakey(), entry.getValue_asU8()]]);
}

function getStateMetadata(context: TransactionContext, payload: Uint8Array): Uint8Array {
  const request = peer.GetStateMetadata.deserializeBinary(payload);
  const collection = request.getCollection();
  const { simulator, namespace } = context;
  if (collection !== '') context.checkRead(collection);
  const metadata =
    collection === ''
      ? simulator.getStateMetadata(namespace, request.getKey())
      : simulator.getPrivateDataMetadata(namespace, collection, request.getKey());
  const result = new peer.StateMetadataResult();
  for (const [key, value] of metadata) {
    const entry = new peer.StateMetadata();
    entry.setMetakey(key);
    entry.setValue(value);
    result.addEntries(entry);
  }
  return result.serializeBinary();
}

function pagination(metadata: Uint8Array): { pageSize: number; bookmark: string } | undefined {
  if (metadata.length === 0) return undefined;
  const message = peer.QueryMetadata.deserializeBinary(metadata);
  const [pageSize, bookmark] = [message.getPagesize(), message.getBookmark()];
  return pageSize === 0 && bookmark === '' ? undefined : { pageSize, bookmark };
}

async function getStateByRange(
  context: TransactionContext,
  payload: Uint8Array,
): Promise<Uint8Array> {
  const request = peer.GetStateByRange.deserializeBinary(payload);
  const { simulator, namespace } = context;
  const [start, end] = [request.getStartkey(), request.getEndkey()];
  const collection = request.getCollection();
  if (collection !== '') {
    context.checkRead(collection);
    const iterator = simulator.getPrivateDataRange(namespace, collection, start, end);
    return (await nextBatch(context, context.openQuery(iterator))).serializeBinary();
  }
  const wanted = pagination(request.getMetadata_asU8());
  if (wanted === undefined) {
    const iterator = simulator.getStateRange(namespace, start, end);
    return (await nextBatch(context, context.openQuery(iterator))).serializeBinary();
  }
  const from = wanted.bookmark === '' ? start : wanted.bookmark;
  const iterator = simulator.getStateRangePage(namespace, from, end, wanted.pageSize);
  return (await page(context, iterator, wanted.pageSize)).serializeBinary();
}

function getQueryResult(context: TransactionContext, payload: Uint8Array): Uint8Array {
  const request = peer.GetQueryResult.deserializeBinary(payload);
  const collection = request.getCollection();
  const { simulator, namespace } = context;
  if (collection === '') {
    const isPage = pagination(request.getMetadata_asU8()) !== undefined;
    return isPage
      ? simulator.executeQueryPage(namespace, request.getQuery())
      : simulator.executeQuery(namespace, request.getQuery());
  }
  context.checkRead(collection);
  return context.simulator.executeQueryOnPrivateData(
    context.namespace,
    collection,
    request.getQuery(),
  );
}

async function getHistoryForKey(
  context: TransactionContext,
  payload: Uint8Array,
): Promise<Uint8Array> {
  const request = peer.GetHistoryForKey.deserializeBinary(payload);
  const iterator = context.simulator.getHistoryForKey(context.namespace, request.getKey());
  return (await nextBatch(context, context.openQuery(iterator))).serializeBinary();
}

async function queryStateNext(
  context: TransactionContext,
  payload: Uint8Array,
): Promise<Uint8Array> {
  const id = peer.QueryStateNext.deserializeBinary(payload).getId();
  return (await nextBatch(context, id)).serializeBinary();
}

async function queryStateClose(
  context: TransactionContext,
  payload: Uint8Array,
): Promise<Uint8Array> {
  const id = peer.QueryStateClose.deserializeBinary(payload).getId();
  await context.closeQuery(id);
  const response = new peer.QueryResponse();
  response.setId(id);
  return response.serializeBinary();
}

function putState(context: TransactionContext, payload: Uint8Array): Uint8Array {
  put(context, peer.PutState.deserializeBinary(payload));
  return NOTHING;
}

function delState(context: TransactionContext, payload: Uint8Array): Uint8Array {
  const request = peer.DelState.deserializeBinary(payload);
  remove(context, request.getCollection(), request.getKey());
  return NOTHING;
}

function purgePrivateData(context: TransactionContext, payload: Uint8Array): Uint8Array {
  const request = peer.DelState.deserializeBinary(payload);
  purge(context, request.getCollection(), request.getKey());
  return NOTHING;
}

function putStateMetadata(context: TransactionContext, payload: Uint8Array): Uint8Array {
  const request = peer.PutStateMetadata.deserializeBinary(payload);
  const metadata = metadataOf(request.getMetadata());
  putMetadata(context, request.getCollection(), request.getKey(), metadata);
  return NOTHING;
}

/** What a chaincode may ask of its peer during a transaction (core/chaincode/handler.go handleMessageReadyState). */
export const STATE_REQUESTS: ReadonlyMap<ChaincodeMessage['type'], StateRequest> = new Map<
  ChaincodeMessage['type'],
  StateRequest
>([
  [MessageType.GET_STATE, getState],
  [MessageType.GET_PRIVATE_DATA_HASH, getPrivateDataHash],
  [MessageType.GET_STATE_METADATA, getStateMetadata],
  [MessageType.GET_STATE_BY_RANGE, getStateByRange],
  [MessageType.GET_QUERY_RESULT, getQueryResult],
  [MessageType.GET_HISTORY_FOR_KEY, getHistoryForKey],
  [MessageType.QUERY_STATE_NEXT, queryStateNext],
  [MessageType.QUERY_STATE_CLOSE, queryStateClose],
  [MessageType.PUT_STATE, putState],
  [MessageType.DEL_STATE, delState],
  [MessageType.PURGE_PRIVATE_DATA, purgePrivateData],
  [MessageType.PUT_STATE_METADATA, putStateMetadata],
]);
