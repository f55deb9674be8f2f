import { ledger } from '@hyperledger/fabric-protos';
import { asBuffer, sha256 } from './bytes.ts';
import type { Collections } from './collections.ts';
import { type Database, prefixRange, WriteBatch } from './database.ts';
import { decodeTransientKey, TRANSIENT_PREFIX, transientKey } from './keys.ts';

const { rwset } = ledger;

/** Blocks after which private data of a transaction that was never committed is dropped (Fabric's default). */
export const TRANSIENT_RETENTION_BLOCKS = 20_000;

interface StoredEntry {
  readonly key: Buffer;
  readonly height: number;
}

/** Private write sets of transactions that are endorsed but not yet committed, for each organization. */
export class TransientStore {
  readonly #database: Database;
  readonly #collections: Collections;
  /** By transaction id, then by MSP id. Only where they are; values stay in the database. */
  readonly #entries = new Map<string, Map<string, StoredEntry[]>>();
  #serial = 0;

  constructor(database: Database, collections: Collections) {
    this.#database = database;
    this.#collections = collections;
  }

  static async open(database: Database, collections: Collections): Promise<TransientStore> {
    const store = new TransientStore(database, collections);
    await store.reload();
    return store;
  }

  /** Reads anew what the database holds. */
  async reload(): Promise<void> {
    this.#entries.clear();
    const cursor = this.#database.cursor({ ...prefixRange(TRANSIENT_PREFIX), keysOnly: true });
    try {
      for (let entry = await cursor.next(); entry; entry = await cursor.next()) {
        const { mspId, txId, height, serial } = decodeTransientKey(entry.key);
        this.#serial = Math.max(this.#serial, serial);
        this.#list(txId, mspId).push({ key: entry.key, height });
      }
    } finally {
      await cursor.close();
    }
  }

  /**
   * Survives the process when resolved; the machine with the next block: that block has the private data in its own write,
   * and what is in no block is lost with the orderer's memory anyway. Nothing is kept of collections of which the organization is no member. */
  async persist(
    mspId: string,
    txId: string,
    height: number,
    privateRwset: ledger.rwset.TxPvtReadWriteSet,
  ): Promise<void> {
    const bytes = this.#ofMember(mspId, privateRwset);
    if (bytes === undefined) return;
    this.#serial += 1;
    const key = transientKey(mspId, txId, height, this.#serial);
    const batch = new WriteBatch();
    batch.put(key, bytes);
    await this.#database.write(batch, 'withTheNext');
    this.#list(txId, mspId).push({ key, height });
  }

  /** A collection's private write set with the expected hash, from the given organization. */
  find(
    mspId: string,
    txId: string,
    at: { namespace: string; collection: string; hash: Uint8Array },
  ): Uint8Array | undefined {
    for (const { key } of this.#entries.get(txId)?.get(mspId) ?? []) {
      const bytes = this.#database.get(key);
      const found = bytes && findCollection(bytes, at);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Drops a transaction's entries at every organization with the given batch. */
  remove(txId: string, batch: WriteBatch): void {
    for (const list of this.#entries.get(txId)?.values() ?? []) {
      for (const { key } of list) batch.delete(key);
    }
  }

  /** Call when the batch of {@link remove} is written. */
  forget(txId: string): void {
    this.#entries.delete(txId);
  }

  /** Transactions of which everything was stored below the height. */
  olderThan(height: number): string[] {
    return [...this.#entries]
      .filter(([, lists]) => [...lists.values()].flat().every((entry) => entry.height < height))
      .map(([txId]) => txId);
  }

  #list(txId: string, mspId: string): StoredEntry[] {
    let lists = this.#entries.get(txId);
    if (lists === undefined) {
      lists = new Map();
      this.#entries.set(txId, lists);
    }
    let list = lists.get(mspId);
    if (list === undefined) {
      list = [];
      lists.set(mspId, list);
    }
    return list;
  }

  #ofMember(mspId: string, all: ledger.rwset.TxPvtReadWriteSet): Buffer | undefined {
    const kept = new rwset.TxPvtReadWriteSet();
    for (const namespaceSet of all.getNsPvtRwsetList()) {
      const namespace = namespaceSet.getNamespace();
      const collections = namespaceSet
        .getCollectionPvtRwsetList()
        .filter((set) =>
          this.#collections.members(namespace, set.getCollectionName()).includes(mspId),
        );
      if (collections.length === 0) continue;
      const keptNamespace = new rwset.NsPvtReadWriteSet();
      keptNamespace.setNamespace(namespace);
      keptNamespace.setCollectionPvtRwsetList(collections);
      kept.addNsPvtRwset(keptNamespace);
    }
    return kept.getNsPvtRwsetList().length === 0 ? undefined : asBuffer(kept.serializeBinary());
  }
}

function findCollection(
  bytes: Buffer,
  at: { namespace: string; collection: string; hash: Uint8Array },
): Uint8Array | undefined {
  return rwset.TxPvtReadWriteSet.deserializeBinary(bytes)
    .getNsPvtRwsetList()
    .filter((set) => set.getNamespace() === at.namespace)
    .flatMap((set) => set.getCollectionPvtRwsetList())
    .filter((set) => set.getCollectionName() === at.collection)
    .map((set) => set.getRwset_asU8())
    .find((set) => sha256(set).equals(at.hash));
}
