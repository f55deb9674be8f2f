import { ledger } from '@hyperledger/fabric-protos';
import { asBuffer, sha256 } from './bytes.ts';
import { type Database, prefixRange, type WriteBatch } from './database.ts';
import {
  decodeKeyWriteSetKey,
  keyWriteSetKey,
  keyWriteSetsPrefix,
  writeSetKey,
  writeSetsOfBlock,
} from './keys.ts';
import type { Version } from './types.ts';

const { KVRWSet } = ledger.rwset.kvrwset;
const NOTHING = Buffer.alloc(0);

interface CollectionName {
  readonly namespace: string;
  readonly collection: string;
}

/** A collection's write set of one transaction. */
export interface FoundWriteSet extends CollectionName {
  readonly version: Version;
  /** The members that hold it. */
  readonly members: readonly string[];
  /** Bytes of the private `KVRWSet`. */
  readonly bytes: Uint8Array;
}

function isAfter(a: Version, b: Version): boolean {
  return a.block > b.block || (a.block === b.block && a.transaction > b.transaction);
}

function withoutKey(bytes: Uint8Array, keyHash: Buffer): Buffer {
  const set = KVRWSet.deserializeBinary(bytes);
  const isKept = (write: { getKey(): string }): boolean => !sha256(write.getKey()).equals(keyHash);
  set.setWritesList(set.getWritesList().filter(isKept));
  set.setMetadataWritesList(set.getMetadataWritesList().filter(isKept));
  return asBuffer(set.serializeBinary());
}

/**
 * The private write sets of committed transactions as each member's peer holds them (Fabric's pvtdata store): for clients that
 * read blocks with private data. What is purged, or has lived its time, goes from here too.
 */
export class PrivateWriteSets {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  get(mspId: string, at: CollectionName & Version): Buffer | undefined {
    return this.#database.get(writeSetKey(mspId, at));
  }

  put(found: FoundWriteSet, batch: WriteBatch): void {
    const { version, members } = found;
    const writes = KVRWSet.deserializeBinary(found.bytes).getWritesList();
    const hashes = writes.map((write) => sha256(write.getKey()));
    for (const mspId of members) {
      batch.put(writeSetKey(mspId, { ...found, ...version }), asBuffer(found.bytes));
      for (const hash of hashes) {
        batch.put(keyWriteSetKey(keyWriteSetsPrefix(mspId, found, hash), version), NOTHING);
      }
    }
  }

  /**
   * Takes a key out of the write sets of the transactions up to a version.
   *
   * @param pending write sets of the block that is being committed
   */
  async purge(
    mspId: string,
    key: CollectionName & { readonly keyHash: Buffer; readonly upTo: Version },
    pending: readonly FoundWriteSet[],
    batch: WriteBatch,
  ): Promise<void> {
    const prefix = keyWriteSetsPrefix(mspId, key, key.keyHash);
    const entries = await this.#database.all({ ...prefixRange(prefix), keysOnly: true });
    for (const entry of entries) {
      const version = decodeKeyWriteSetKey(entry.key, prefix);
      const at = writeSetKey(mspId, { ...key, ...version });
      const bytes = this.#database.get(at);
      if (bytes !== undefined) batch.put(at, withoutKey(bytes, key.keyHash));
      batch.delete(entry.key);
    }
    for (const found of pending) {
      const isSame = found.namespace === key.namespace && found.collection === key.collection;
      if (!isSame || !found.members.includes(mspId) || isAfter(found.version, key.upTo)) continue;
      const at = writeSetKey(mspId, { ...key, ...found.version });
      batch.put(at, withoutKey(found.bytes, key.keyHash));
      batch.delete(keyWriteSetKey(prefix, found.version));
    }
  }

  /** Drops the write sets of a block whose keys have lived their time. */
  async expire(
    mspId: string,
    written: CollectionName & { readonly block: number },
    keys: readonly Buffer[],
    batch: WriteBatch,
  ): Promise<void> {
    const { block } = written;
    const range = prefixRange(writeSetsOfBlock(mspId, written));
    const sets = await this.#database.all({ ...range, keysOnly: true });
    for (const { key } of sets) {
      batch.delete(key);
      const transaction = key.readUInt32BE(key.length - 4);
      for (const name of keys) {
        const prefix = keyWriteSetsPrefix(mspId, written, sha256(name));
        batch.delete(keyWriteSetKey(prefix, { block, transaction }));
      }
    }
  }
}
