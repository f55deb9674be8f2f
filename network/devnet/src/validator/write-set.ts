import { ledger } from '@hyperledger/fabric-protos';
import { readOr } from '../protos/read.ts';

/** A key that a transaction writes, or whose metadata it writes; private keys are named by their hash. */
export interface WrittenKey {
  /** '' = public state. */
  readonly collection: string;
  /** The key's text, or the base64 of its hash. */
  readonly key: string;
  readonly keyHash: Uint8Array | undefined;
}

/** Writes of a transaction to one namespace. */
export interface NamespaceWrites {
  readonly namespace: string;
  /** In the order in which Fabric asks for their policies. */
  readonly keys: readonly WrittenKey[];
  /** Keys whose own endorsement policy (metadata) is changed. */
  readonly metadataKeys: readonly WrittenKey[];
}

type HashedWrite = { getKeyHash_asU8(): Uint8Array; getKeyHash_asB64(): string };

function privateKeys(collection: string, writes: readonly HashedWrite[]): WrittenKey[] {
  return writes.map((write) => ({
    collection,
    key: write.getKeyHash_asB64(),
    keyHash: write.getKeyHash_asU8(),
  }));
}

function publicKeys(writes: readonly { getKey(): string }[]): WrittenKey[] {
  return writes.map((write) => ({ collection: '', key: write.getKey(), keyHash: undefined }));
}

function readNamespace(set: ledger.rwset.NsReadWriteSet): NamespaceWrites | undefined {
  const kv = readOr(set.getRwset_asU8(), ledger.rwset.kvrwset.KVRWSet);
  if (kv === undefined) return undefined;
  const writes: WrittenKey[] = [];
  const metadataWrites: WrittenKey[] = [];
  for (const part of set.getCollectionHashedRwsetList()) {
    const hashed = readOr(part.getHashedRwset_asU8(), ledger.rwset.kvrwset.HashedRWSet);
    if (hashed === undefined) return undefined;
    const collection = part.getCollectionName();
    writes.push(...privateKeys(collection, hashed.getHashedWritesList()));
    metadataWrites.push(...privateKeys(collection, hashed.getMetadataWritesList()));
  }
  const metadataKeys = [...publicKeys(kv.getMetadataWritesList()), ...metadataWrites];
  return {
    namespace: set.getNamespace(),
    keys: [
      ...publicKeys(kv.getWritesList()),
      ...publicKeys(kv.getMetadataWritesList()),
      ...writes,
      ...metadataWrites,
    ],
    metadataKeys,
  };
}

/** What a transaction writes by namespace; undefined when it is no read-write set. */
export function readWrites(results: Uint8Array): readonly NamespaceWrites[] | undefined {
  const rwset = readOr(results, ledger.rwset.TxReadWriteSet);
  if (rwset === undefined) return undefined;
  const sets = rwset.getNsRwsetList().map(readNamespace);
  return sets.some((set) => set === undefined)
    ? undefined
    : sets.filter((set) => set !== undefined);
}
