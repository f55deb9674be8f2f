import { ledger } from '@hyperledger/fabric-protos';
import { type BinaryString, sha256, toBinary } from './bytes.ts';
import type { Version } from './types.ts';
import { encodeMetadata } from './versioned-value.ts';

const { rwset } = ledger;
const { kvrwset } = rwset;

export type RangeQueryInfo = ledger.rwset.kvrwset.RangeQueryInfo;

export interface Read {
  readonly key: BinaryString;
  readonly version: Version | undefined;
}

/** A write to public state, or of a hash to hashed state. */
export interface Write {
  readonly key: BinaryString;
  /** Undefined = delete. */
  readonly value: Uint8Array | undefined;
  readonly purge: boolean;
}

export interface MetadataWrite {
  readonly key: BinaryString;
  /** As stored; empty = remove. */
  readonly metadata: Buffer;
}

/** What a transaction read and wrote in one collection's hashes, or in public state (collection ''). */
export interface SpaceRwset {
  readonly namespace: string;
  readonly collection: string;
  readonly reads: readonly Read[];
  readonly writes: readonly Write[];
  readonly metadataWrites: readonly MetadataWrite[];
  /** Of the private write set; undefined when nothing private was written. */
  readonly privateHash: Uint8Array | undefined;
}

export interface NamespaceRwset {
  readonly namespace: string;
  readonly publicSpace: SpaceRwset;
  readonly rangeQueries: readonly RangeQueryInfo[];
  readonly collections: readonly SpaceRwset[];
}

const HASH_OF_NOTHING = toBinary(sha256(''));

export function toVersion(message: ledger.rwset.kvrwset.Version | undefined): Version | undefined {
  return message && { block: message.getBlockNum(), transaction: message.getTxNum() };
}

/** @throws when the bytes are no read-write set. */
export function decodeRwset(bytes: Uint8Array): NamespaceRwset[] {
  return rwset.TxReadWriteSet.deserializeBinary(bytes)
    .getNsRwsetList()
    .map((message) => decodeNamespace(message));
}

function decodeNamespace(message: ledger.rwset.NsReadWriteSet): NamespaceRwset {
  const namespace = message.getNamespace();
  const set = kvrwset.KVRWSet.deserializeBinary(message.getRwset_asU8());
  return {
    namespace,
    publicSpace: {
      namespace,
      collection: '',
      reads: set.getReadsList().map((read) => ({
        key: toBinary(read.getKey()),
        version: toVersion(read.getVersion()),
      })),
      writes: set.getWritesList().map((write) => ({
        key: toBinary(write.getKey()),
        value: writtenValue(write),
        purge: false,
      })),
      metadataWrites: set.getMetadataWritesList().map((write) => ({
        key: toBinary(write.getKey()),
        metadata: encodeMetadata(write.getEntriesList()),
      })),
      privateHash: undefined,
    },
    rangeQueries: set.getRangeQueriesInfoList(),
    collections: message
      .getCollectionHashedRwsetList()
      .map((collection) => decodeCollection(namespace, collection)),
  };
}

function decodeCollection(
  namespace: string,
  message: ledger.rwset.CollectionHashedReadWriteSet,
): SpaceRwset {
  const set = kvrwset.HashedRWSet.deserializeBinary(message.getHashedRwset_asU8());
  const privateHash = message.getPvtRwsetHash_asU8();
  return {
    namespace,
    collection: message.getCollectionName(),
    reads: set.getHashedReadsList().map((read) => ({
      key: toBinary(read.getKeyHash_asU8()),
      version: toVersion(read.getVersion()),
    })),
    writes: set.getHashedWritesList().map((write) => ({
      key: toBinary(write.getKeyHash_asU8()),
      value: writtenHash(write),
      purge: write.getIsPurge(),
    })),
    metadataWrites: set.getMetadataWritesList().map((write) => ({
      key: toBinary(write.getKeyHash_asU8()),
      metadata: encodeMetadata(write.getEntriesList()),
    })),
    privateHash: privateHash.length === 0 ? undefined : privateHash,
  };
}

/** An empty value deletes too, whatever the flag says (Fabric FAB-18386). */
function writtenValue(write: ledger.rwset.kvrwset.KVWrite): Uint8Array | undefined {
  const value = write.getValue_asU8();
  return write.getIsDelete() || value.length === 0 ? undefined : value;
}

function writtenHash(write: ledger.rwset.kvrwset.KVWriteHash): Uint8Array | undefined {
  const value = write.getValueHash_asU8();
  const deleted = write.getIsDelete() || value.length === 0 || toBinary(value) === HASH_OF_NOTHING;
  return deleted ? undefined : value;
}

export interface PrivateWrites {
  /** Value undefined = delete. */
  readonly writes: readonly { readonly key: string; readonly value: Uint8Array | undefined }[];
  /** Keys whose (public) metadata alone may have changed. */
  readonly metadataKeys: readonly string[];
}

/** Reads a collection's private `KVRWSet`. */
export function decodePrivateWrites(bytes: Uint8Array): PrivateWrites {
  const set = kvrwset.KVRWSet.deserializeBinary(bytes);
  return {
    writes: set
      .getWritesList()
      .map((write) => ({ key: write.getKey(), value: writtenValue(write) })),
    metadataKeys: set.getMetadataWritesList().map((write) => write.getKey()),
  };
}
