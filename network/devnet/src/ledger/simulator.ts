import { KeyHashes } from './bytes.ts';
import type { Collections } from './collections.ts';
import type { Snapshot } from './database.ts';
import { privateSpace, publicSpace } from './keys.ts';
import { RwsetBuilder } from './rwset-builder.ts';
import { PrivateRange, RecordedRange } from './simulator-iterators.ts';
import type { State } from './state.ts';
import {
  type HistoryIterator,
  type KeyMetadata,
  LedgerError,
  type PagedStateIterator,
  type SimulationResult,
  type StateIterator,
  type TxSimulator,
  type WrittenKeyMetadata,
} from './types.ts';
import { decodeMetadata, sameVersion, versionText } from './versioned-value.ts';

export interface SimulatorContext {
  readonly mspId: string;
  readonly txId: string;
  readonly collections: Collections;
  readonly snapshot: Snapshot;
  /** Reads at the snapshot. */
  readonly state: State;
  /** Whether any key of the namespace ever had metadata; false saves a look for each write. */
  metadataUsed(namespace: string): boolean;
  history(namespace: string, key: string): HistoryIterator;
}

/** Fabric's rules on what may be mixed in one transaction, with Fabric's texts (and their spelling). */
class QueryRules {
  readonly #txId: string;
  #wrote = false;
  #queriedPrivate = false;
  #queriedPage = false;

  constructor(txId: string) {
    this.#txId = txId;
  }

  beforeWrite(): void {
    if (this.#queriedPrivate) {
      this.#refuse('Transaction has already performed queries on pvt data. Writes are not allowed');
    }
    if (this.#queriedPage) {
      this.#refuse('Transaction has already performed a paginated query. Writes are not allowed');
    }
    this.#wrote = true;
  }

  beforePrivateQuery(): void {
    if (this.#wrote) {
      this.#refuse('Queries on pvt data is supported only in a read-only transaction');
    }
    this.#queriedPrivate = true;
  }

  beforePage(): void {
    if (this.#wrote) {
      this.#refuse('Paginated queries are supported only in a read-only transaction');
    }
    this.#queriedPage = true;
  }

  #refuse(reason: string): never {
    throw new LedgerError(`txid [${this.#txId}]: unsuppored transaction. ${reason}`);
  }
}

/** See {@link TxSimulator}. Follows core/ledger/kvledger/txmgmt/txmgr of Fabric 3.1. */
export class Simulator implements TxSimulator {
  readonly txId: string;
  readonly mspId: string;
  readonly #context: SimulatorContext;
  readonly #state: State;
  readonly #rules: QueryRules;
  readonly #hashes = new KeyHashes();
  readonly #rwset = new RwsetBuilder(this.#hashes);
  readonly #ranges: RecordedRange[] = [];
  readonly #iterators: { close(): Promise<void> }[] = [];
  readonly #privateReads = new Map<string, { namespace: string; collection: string }>();
  readonly #written = new Map<string, WrittenKeyMetadata>();
  #computed = false;
  #done = false;

  constructor(context: SimulatorContext) {
    this.txId = context.txId;
    this.mspId = context.mspId;
    this.#context = context;
    this.#state = context.state;
    this.#rules = new QueryRules(context.txId);
  }

  getState(namespace: string, key: string): Uint8Array | undefined {
    return this.#readPublic(namespace, key)?.value;
  }

  getStateMetadata(namespace: string, key: string): KeyMetadata {
    const current = this.#readPublic(namespace, key);
    return current === undefined ? new Map() : decodeMetadata(current.metadata);
  }

  putState(namespace: string, key: string, value: Uint8Array): void {
    this.#writePublic(namespace, key, value);
  }

  deleteState(namespace: string, key: string): void {
    this.#writePublic(namespace, key, undefined);
  }

  putStateMetadata(namespace: string, key: string, metadata: KeyMetadata): void {
    this.#beforeWrite();
    this.#rwset.addMetadataWrite(namespace, key, metadata);
    this.#notePublicMetadata(namespace, key);
  }

  getStateRange(namespace: string, start: string, end: string): StateIterator {
    this.#checkOpen();
    return this.#openRange(namespace, start, end, 0);
  }

  getStateRangePage(
    namespace: string,
    start: string,
    end: string,
    pageSize: number,
  ): PagedStateIterator {
    this.#rules.beforePage();
    this.#checkOpen();
    return this.#openRange(namespace, start, end, pageSize);
  }

  executeQuery(): never {
    this.#checkOpen();
    throw new LedgerError('ExecuteQuery not supported for leveldb');
  }

  executeQueryPage(): never {
    this.#rules.beforePage();
    this.#checkOpen();
    throw new LedgerError('ExecuteQueryWithMetadata not supported for leveldb');
  }

  getHistoryForKey(namespace: string, key: string): HistoryIterator {
    this.#checkOpen();
    const iterator = this.#context.history(namespace, key);
    this.#iterators.push(iterator);
    return iterator;
  }

  getPrivateData(namespace: string, collection: string, key: string): Uint8Array | undefined {
    this.#checkCollection(namespace, collection);
    const held = this.#state.private(this.mspId, namespace, collection, key);
    const publicHash = this.#state.hash(namespace, collection, this.#hashes.of(key));
    if (!sameVersion(publicHash?.version, held?.version)) {
      throw new LedgerError(
        `private data matching public hash version is not available. Public hash version = ${versionText(publicHash?.version)}, Private data version = ${versionText(held?.version)}`,
      );
    }
    this.#rwset.addHashedRead(namespace, collection, key, held?.version);
    this.#privateReads.set(`${namespace}\0${collection}`, { namespace, collection });
    return held?.value;
  }

  getPrivateDataHash(namespace: string, collection: string, key: string): Uint8Array | undefined {
    return this.#readHash(namespace, collection, key)?.value;
  }

  getPrivateDataMetadata(namespace: string, collection: string, key: string): KeyMetadata {
    const current = this.#readHash(namespace, collection, key);
    return current === undefined ? new Map() : decodeMetadata(current.metadata);
  }

  putPrivateData(namespace: string, collection: string, key: string, value: Uint8Array): void {
    this.#writePrivate(namespace, collection, key, { value, purge: false });
  }

  deletePrivateData(namespace: string, collection: string, key: string): void {
    this.#writePrivate(namespace, collection, key, { value: undefined, purge: false });
  }

  purgePrivateData(namespace: string, collection: string, key: string): void {
    this.#writePrivate(namespace, collection, key, { value: undefined, purge: true });
  }

  putPrivateDataMetadata(
    namespace: string,
    collection: string,
    key: string,
    metadata: KeyMetadata,
  ): void {
    this.#context.collections.requireDefined(namespace, collection);
    this.#beforeWrite();
    this.#rwset.addPrivateMetadataWrite(namespace, collection, key, metadata);
    this.#notePrivateMetadata(namespace, collection, key);
  }

  getPrivateDataRange(
    namespace: string,
    collection: string,
    start: string,
    end: string,
  ): StateIterator {
    this.#rules.beforePrivateQuery();
    this.#checkCollection(namespace, collection);
    const space = privateSpace(this.mspId, namespace, collection);
    const iterator = new PrivateRange(this.#state.range(space, start, end), namespace, space);
    this.#iterators.push(iterator);
    return iterator;
  }

  executeQueryOnPrivateData(namespace: string, collection: string): never {
    this.#rules.beforePrivateQuery();
    this.#checkCollection(namespace, collection);
    throw new LedgerError('ExecuteQuery not supported for leveldb');
  }

  result(): SimulationResult {
    if (this.#computed) {
      throw new LedgerError(
        'this function should only be called once on a transaction simulator instance',
      );
    }
    this.#computed = true;
    for (const range of this.#ranges) {
      this.#rwset.addRangeQuery(range.namespace, range.queryInfo());
    }
    return {
      ...this.#rwset.build(),
      privateReads: [...this.#privateReads.values()],
      writtenKeyMetadata: [...this.#written.values()],
    };
  }

  async done(): Promise<void> {
    if (this.#done) return;
    this.#done = true;
    await Promise.all(this.#iterators.map((iterator) => iterator.close()));
    await this.#context.snapshot.close();
  }

  #readPublic(namespace: string, key: string): ReturnType<State['public']> {
    this.#checkOpen();
    const current = this.#state.public(namespace, key);
    this.#rwset.addRead(namespace, key, current?.version);
    return current;
  }

  #readHash(namespace: string, collection: string, key: string): ReturnType<State['hash']> {
    this.#checkCollection(namespace, collection);
    const current = this.#state.hash(namespace, collection, this.#hashes.of(key));
    this.#rwset.addHashedRead(namespace, collection, key, current?.version);
    return current;
  }

  #writePublic(namespace: string, key: string, value: Uint8Array | undefined): void {
    this.#beforeWrite();
    this.#rwset.addWrite(namespace, key, value);
    this.#notePublicMetadata(namespace, key);
  }

  #writePrivate(
    namespace: string,
    collection: string,
    key: string,
    write: { value: Uint8Array | undefined; purge: boolean },
  ): void {
    this.#context.collections.requireDefined(namespace, collection);
    this.#beforeWrite();
    this.#rwset.addPrivateWrite(namespace, collection, key, write);
    this.#notePrivateMetadata(namespace, collection, key);
  }

  #notePublicMetadata(namespace: string, key: string): void {
    this.#noteMetadata(namespace, '', key, () => this.#state.public(namespace, key));
  }

  #notePrivateMetadata(namespace: string, collection: string, key: string): void {
    this.#noteMetadata(namespace, collection, key, () =>
      this.#state.hash(namespace, collection, this.#hashes.of(key)),
    );
  }

  #noteMetadata(
    namespace: string,
    collection: string,
    key: string,
    current: () => { readonly metadata: Buffer } | undefined,
  ): void {
    const metadata = this.#context.metadataUsed(namespace) ? current()?.metadata : undefined;
    this.#written.set(`${namespace}\0${collection}\0${key}`, {
      namespace,
      collection,
      key,
      metadata: metadata === undefined ? new Map() : decodeMetadata(metadata),
    });
  }

  #openRange(namespace: string, start: string, end: string, pageSize: number): RecordedRange {
    const space = publicSpace(namespace);
    const cursor = this.#state.range(space, start, end);
    const range = new RecordedRange(cursor, { namespace, space, start, end, pageSize });
    this.#ranges.push(range);
    this.#iterators.push(range);
    return range;
  }

  #beforeWrite(): void {
    this.#checkOpen();
    this.#rules.beforeWrite();
  }

  #checkCollection(namespace: string, collection: string): void {
    this.#context.collections.requireDefined(namespace, collection);
    this.#checkOpen();
  }

  #checkOpen(): void {
    if (this.#done) {
      throw new LedgerError('this instance should not be used after calling Done()');
    }
  }
}
