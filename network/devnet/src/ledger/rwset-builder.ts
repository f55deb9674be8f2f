import { ledger } from '@hyperledger/fabric-protos';
import { KeyHashes, sha256, sortedByKey } from './bytes.ts';
import { toProtoVersion, toRead } from './range-query-results.ts';
import type { KeyMetadata, Version } from './types.ts';
import { metadataEntries } from './versioned-value.ts';

const { rwset } = ledger;
const { kvrwset } = rwset;

type RangeQueryInfo = ledger.rwset.kvrwset.RangeQueryInfo;
type CollectionPvtReadWriteSet = ledger.rwset.CollectionPvtReadWriteSet;
type TxPvtReadWriteSet = ledger.rwset.TxPvtReadWriteSet;

/** A private write; `value` undefined = delete. */
interface PrivateWrite {
  readonly value: Uint8Array | undefined;
  readonly purge: boolean;
}

class CollectionBuilder {
  readonly reads = new Map<string, Version | undefined>();
  readonly writes = new Map<string, PrivateWrite>();
  readonly metadataWrites = new Map<string, KeyMetadata>();

  /** The write set with values, for members only; undefined when nothing was written. */
  privateSet(name: string): CollectionPvtReadWriteSet | undefined {
    if (this.writes.size + this.metadataWrites.size === 0) return undefined;
    const set = new kvrwset.KVRWSet();
    set.setWritesList(sortedByKey(this.writes).map(([key, { value }]) => toWrite(key, value)));
    // Only the key: the metadata itself is public, by the key's hash.
    set.setMetadataWritesList(
      sortedByKey(this.metadataWrites).map(([key]) => toMetadataWrite(key, new Map())),
    );
    const collection = new rwset.CollectionPvtReadWriteSet();
    collection.setCollectionName(name);
    collection.setRwset(set.serializeBinary());
    return collection;
  }

  hashedSet(name: string, hashes: KeyHashes): ledger.rwset.CollectionHashedReadWriteSet {
    const set = new kvrwset.HashedRWSet();
    set.setHashedReadsList(
      sortedByKey(this.reads).map(([key, read]) => toReadHash(hashes.of(key), read)),
    );
    set.setHashedWritesList(
      sortedByKey(this.writes).map(([key, write]) => toWriteHash(hashes.of(key), write)),
    );
    set.setMetadataWritesList(
      sortedByKey(this.metadataWrites).map(([key, metadata]) =>
        toMetadataHash(hashes.of(key), metadata),
      ),
    );
    const collection = new rwset.CollectionHashedReadWriteSet();
    collection.setCollectionName(name);
    collection.setHashedRwset(set.serializeBinary());
    return collection;
  }
}

class NamespaceBuilder {
  readonly reads = new Map<string, Version | undefined>();
  readonly writes = new Map<string, Uint8Array | undefined>();
  readonly metadataWrites = new Map<string, KeyMetadata>();
  readonly rangeQueries = new Map<string, RangeQueryInfo>();
  readonly #collections = new Map<string, CollectionBuilder>();

  collection(name: string): CollectionBuilder {
    let collection = this.#collections.get(name);
    if (collection === undefined) {
      collection = new CollectionBuilder();
      this.#collections.set(name, collection);
    }
    return collection;
  }

  publicSet(): Uint8Array {
    const set = new kvrwset.KVRWSet();
    set.setReadsList(sortedByKey(this.reads).map(([key, version]) => toRead(key, version)));
    set.setRangeQueriesInfoList([...this.rangeQueries.values()]);
    set.setWritesList(sortedByKey(this.writes).map(([key, value]) => toWrite(key, value)));
    set.setMetadataWritesList(
      sortedByKey(this.metadataWrites).map(([key, metadata]) => toMetadataWrite(key, metadata)),
    );
    return set.serializeBinary();
  }

  build(
    namespace: string,
    hashes: KeyHashes,
  ): {
    publicSet: ledger.rwset.NsReadWriteSet;
    privateSets: CollectionPvtReadWriteSet[];
  } {
    const publicSet = new rwset.NsReadWriteSet();
    publicSet.setNamespace(namespace);
    publicSet.setRwset(this.publicSet());
    const privateSets: CollectionPvtReadWriteSet[] = [];
    for (const [name, builder] of sortedByKey(this.#collections)) {
      const hashed = builder.hashedSet(name, hashes);
      const privateSet = builder.privateSet(name);
      if (privateSet !== undefined) {
        privateSets.push(privateSet);
        hashed.setPvtRwsetHash(sha256(privateSet.getRwset_asU8()));
      }
      publicSet.addCollectionHashedRwset(hashed);
    }
    return { publicSet, privateSets };
  }
}

/**
 * Collects reads and writes and marshals them as Fabric does (core/ledger/kvledger/txmgmt/rwsetutil): namespaces,
 * collections and keys sorted by bytes, the last write of a key wins, so that honest endorsers produce equal bytes.
 */
export class RwsetBuilder {
  readonly #namespaces = new Map<string, NamespaceBuilder>();
  readonly #hashes: KeyHashes;

  constructor(hashes: KeyHashes) {
    this.#hashes = hashes;
  }

  addRead(namespace: string, key: string, version: Version | undefined): void {
    this.#namespace(namespace).reads.set(key, version);
  }

  /** `value` undefined or empty deletes the key. */
  addWrite(namespace: string, key: string, value: Uint8Array | undefined): void {
    this.#namespace(namespace).writes.set(key, value);
  }

  addMetadataWrite(namespace: string, key: string, metadata: KeyMetadata): void {
    this.#namespace(namespace).metadataWrites.set(key, metadata);
  }

  /** Of two queries over the same keys only the first is kept. */
  addRangeQuery(namespace: string, query: RangeQueryInfo): void {
    const queries = this.#namespace(namespace).rangeQueries;
    const id = JSON.stringify([query.getStartKey(), query.getEndKey(), query.getItrExhausted()]);
    if (!queries.has(id)) queries.set(id, query);
  }

  addHashedRead(
    namespace: string,
    collection: string,
    key: string,
    version: Version | undefined,
  ): void {
    this.#namespace(namespace).collection(collection).reads.set(key, version);
  }

  addPrivateWrite(namespace: string, collection: string, key: string, write: PrivateWrite): void {
    this.#namespace(namespace).collection(collection).writes.set(key, write);
  }

  addPrivateMetadataWrite(
    namespace: string,
    collection: string,
    key: string,
    metadata: KeyMetadata,
  ): void {
    this.#namespace(namespace).collection(collection).metadataWrites.set(key, metadata);
  }

  build(): { publicRwset: Uint8Array; privateRwset: TxPvtReadWriteSet | undefined } {
    const publicRwset = new rwset.TxReadWriteSet();
    const privateRwset = new rwset.TxPvtReadWriteSet();
    for (const [namespace, builder] of sortedByKey(this.#namespaces)) {
      const { publicSet, privateSets } = builder.build(namespace, this.#hashes);
      publicRwset.addNsRwset(publicSet);
      if (privateSets.length === 0) continue;
      const namespaceSet = new rwset.NsPvtReadWriteSet();
      namespaceSet.setNamespace(namespace);
      namespaceSet.setCollectionPvtRwsetList(privateSets);
      privateRwset.addNsPvtRwset(namespaceSet);
    }
    return {
      publicRwset: publicRwset.serializeBinary(),
      privateRwset: privateRwset.getNsPvtRwsetList().length === 0 ? undefined : privateRwset,
    };
  }

  #namespace(name: string): NamespaceBuilder {
    let namespace = this.#namespaces.get(name);
    if (namespace === undefined) {
      namespace = new NamespaceBuilder();
      this.#namespaces.set(name, namespace);
    }
    return namespace;
  }
}

function toWrite(key: string, value: Uint8Array | undefined): ledger.rwset.kvrwset.KVWrite {
  const write = new kvrwset.KVWrite();
  write.setKey(key);
  if (value === undefined || value.length === 0) write.setIsDelete(true);
  else write.setValue(value);
  return write;
}

function toMetadataWrite(key: string, metadata: KeyMetadata): ledger.rwset.kvrwset.KVMetadataWrite {
  const write = new kvrwset.KVMetadataWrite();
  write.setKey(key);
  write.setEntriesList(metadataEntries(metadata));
  return write;
}

function toReadHash(
  keyHash: Buffer,
  version: Version | undefined,
): ledger.rwset.kvrwset.KVReadHash {
  const read = new kvrwset.KVReadHash();
  read.setKeyHash(keyHash);
  if (version !== undefined) read.setVersion(toProtoVersion(version));
  return read;
}

function toWriteHash(
  keyHash: Buffer,
  { value, purge }: PrivateWrite,
): ledger.rwset.kvrwset.KVWriteHash {
  const write = new kvrwset.KVWriteHash();
  write.setKeyHash(keyHash);
  if (value === undefined || value.length === 0) write.setIsDelete(true);
  else write.setValueHash(sha256(value));
  if (purge) write.setIsPurge(true);
  return write;
}

function toMetadataHash(
  keyHash: Buffer,
  metadata: KeyMetadata,
): ledger.rwset.kvrwset.KVMetadataWriteHash {
  const write = new kvrwset.KVMetadataWriteHash();
  write.setKeyHash(keyHash);
  write.setEntriesList(metadataEntries(metadata));
  return write;
}
