import { rm } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { common, type ledger, peer } from '@hyperledger/fabric-protos';
import { z } from 'zod';
import type { Tip } from './block-checks.ts';
import { Committer, type CommitterOptions } from './committer.ts';
import { type Database, prefixRange } from './database.ts';
import { dump, undump } from './dump.ts';
import { KeyHistory } from './history.ts';
import {
  blockKey,
  decodeMissingKey,
  hashedSpace,
  METADATA_USED_PREFIX,
  MISSING_PREFIX,
  metadataUsedNamespace,
  publicSpace,
} from './keys.ts';
import { privateRwset, writtenCollections } from './private-rwset.ts';
import { PrivateWriteSets } from './private-write-sets.ts';
import { Simulator } from './simulator.ts';
import { State } from './state.ts';

import { TransactionIndex } from './transaction-index.ts';
import {
  type CommitListener,
  type CommitResult,
  type DevelopmentLedger,
  type KeyMetadata,
  LedgerError,
  type LedgerSnapshot,
  type MissingPrivateData,
  type NamespaceDefinition,
  type PrivateWriteSetsByTransaction,
  type ReadConflict,
  type TransactionStatus,
  type TxSimulator,
} from './types.ts';
import type { UndoLayer } from './undo-log.ts';
import { readTip, verifyChain } from './verify-chain.ts';
import { decodeMetadata, NO_METADATA } from './versioned-value.ts';

const NoteOfSnapshot = z.strictObject({ height: z.int(), atMs: z.number() });

function toSnapshot({ serial, note }: UndoLayer): LedgerSnapshot {
  return { id: serial, ...NoteOfSnapshot.parse(JSON.parse(note)) };
}

/** See {@link DevelopmentLedger}. */
export class KvLedger implements DevelopmentLedger {
  readonly channel: string;
  readonly #options: CommitterOptions;
  readonly #database: Database;
  readonly #state: State;
  readonly #committer: Committer;
  readonly #writeSets: PrivateWriteSets;
  readonly #listeners = new Set<CommitListener>();
  readonly #resetListeners = new Set<() => void>();
  #tip: Tip;
  /** The commit under way and those behind it. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(options: Omit<CommitterOptions, 'index'>) {
    this.channel = options.channel;
    this.#options = { ...options, index: new TransactionIndex(options.database) };
    this.#database = options.database;
    this.#state = new State(options.database);
    this.#committer = new Committer(this.#options);
    this.#writeSets = new PrivateWriteSets(options.database);
    this.#tip = readTip(this.#database, this.channel);
  }

  get height(): number {
    return this.#tip.height;
  }

  get lastHash(): Uint8Array {
    return this.#tip.lastHash;
  }

  newSimulator({ mspId, txId }: { readonly mspId: string; readonly txId: string }): TxSimulator {
    const snapshot = this.#database.snapshot();
    return new Simulator({
      mspId,
      txId,
      snapshot,
      collections: this.#options.collections,
      state: new State(this.#database, snapshot),
      metadataUsed: (namespace) => this.#options.metadataUsed.has(namespace),
      history: (namespace, key) =>
        new KeyHistory(this.#database, namespace, key, {
          snapshot,
          block: (number) => this.#readBlock(number),
        }),
    });
  }

  defineNamespaces(namespaces: readonly NamespaceDefinition[]): void {
    this.#options.collections.define(namespaces);
  }

  async persistTransient(
    mspId: string,
    txId: string,
    privateRwset: ledger.rwset.TxPvtReadWriteSet,
  ): Promise<void> {
    await this.#options.transient.persist(mspId, txId, this.height, privateRwset);
  }

  commitBlock(block: common.Block): Promise<CommitResult> {
    return this.#exclusive(async () => {
      const { result, tip } = await this.#committer.commit(block, this.#tip);
      this.#tip = tip;
      this.#notify(result);
      return result;
    });
  }

  onCommit(listener: CommitListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  block(number: number): Promise<common.Block | undefined> {
    return Promise.resolve(this.#readBlock(number));
  }

  transactionStatus(txId: string): TransactionStatus | undefined {
    return this.#options.index.get(txId);
  }

  hasTransaction(txId: string): boolean {
    return this.transactionStatus(txId) !== undefined;
  }

  transaction(txId: string): Promise<peer.ProcessedTransaction | undefined> {
    const status = this.transactionStatus(txId);
    const block = status && this.#readBlock(status.block);
    const envelope = block?.getData()?.getDataList_asU8()[status?.transaction ?? -1];
    if (status === undefined || envelope === undefined) return Promise.resolve(undefined);
    const processed = new peer.ProcessedTransaction();
    processed.setTransactionenvelope(common.Envelope.deserializeBinary(envelope));
    processed.setValidationcode(status.code);
    return Promise.resolve(processed);
  }

  keyMetadata(namespace: string, key: string): KeyMetadata {
    if (!this.#options.metadataUsed.has(namespace)) return new Map();
    const value = this.#state.get(publicSpace(namespace), key);
    return decodeMetadata(value?.metadata ?? NO_METADATA);
  }

  privateKeyMetadata(namespace: string, collection: string, keyHash: Uint8Array): KeyMetadata {
    if (!this.#options.metadataUsed.has(namespace)) return new Map();
    const value = this.#state.get(hashedSpace(namespace, collection), keyHash);
    return decodeMetadata(value?.metadata ?? NO_METADATA);
  }

  privateWriteSets(mspId: string, number: number): Promise<PrivateWriteSetsByTransaction> {
    const block = this.#readBlock(number);
    const sets = new Map<number, ledger.rwset.TxPvtReadWriteSet>();
    for (const [index, written] of block === undefined ? [] : writtenCollections(block)) {
      const found = written.flatMap(({ namespace, collection }) => {
        const at = { namespace, collection, block: number, transaction: index };
        const bytes = this.#writeSets.get(mspId, at);
        return bytes === undefined || bytes.length === 0 ? [] : [{ namespace, collection, bytes }];
      });
      if (found.length > 0) sets.set(index, privateRwset(found));
    }
    return Promise.resolve(sets);
  }

  async missingPrivateData(limit: number): Promise<readonly MissingPrivateData[]> {
    const cursor = this.#database.cursor({ ...prefixRange(MISSING_PREFIX), keysOnly: true });
    const missing: MissingPrivateData[] = [];
    try {
      while (missing.length < limit) {
        const entry = await cursor.next();
        if (entry === undefined) break;
        missing.push(decodeMissingKey(entry.key));
      }
    } finally {
      await cursor.close();
    }
    return missing;
  }

  onReset(listener: () => void): () => void {
    this.#resetListeners.add(listener);
    return () => {
      this.#resetListeners.delete(listener);
    };
  }

  snapshots(): readonly LedgerSnapshot[] {
    return this.#database.snapshots.map(toSnapshot);
  }

  snapshot(least = 1): Promise<LedgerSnapshot> {
    return this.#exclusive(async () => {
      const note = JSON.stringify({ height: this.height, atMs: Date.now() });
      return toSnapshot(await this.#database.addSnapshot(note, least));
    });
  }

  revert(id: number): Promise<void> {
    return this.#exclusive(async () => {
      await this.#database.revert(id);
      await this.#reset();
    });
  }

  releaseSnapshot(id: number): Promise<void> {
    return this.#exclusive(() => this.#database.releaseSnapshot(id));
  }

  dump(): Promise<Readable> {
    return this.#exclusive(() => {
      const { channel, height } = this;
      return Promise.resolve(dump(this.#database, { channel, height }));
    });
  }

  load(from: Readable, refuse: (genesis: common.Block) => string | undefined): Promise<void> {
    return this.#exclusive(async () => {
      const dir = `${this.#database.dir}.loading`;
      const { database } = await undump(dir, from);
      try {
        const { genesis } = await verifyChain(database, this.channel);
        const refusal = refuse(genesis);
        if (refusal !== undefined) throw new LedgerError(refusal);
        await database.close();
        await this.#database.replaceWith(dir);
      } finally {
        await database.close();
        await rm(dir, { recursive: true, force: true });
      }
      await this.#reset();
    });
  }

  async verifyChain(): Promise<number> {
    return this.#exclusive(async () => {
      if (this.height > 0) await verifyChain(this.#database, this.channel);
      return this.height;
    });
  }

  async close(): Promise<void> {
    await this.#queue;
    await this.#database.close();
  }

  conflictOf(txId: string): ReadConflict | undefined {
    return this.#committer.conflictOf(txId);
  }

  #readBlock(number: number): common.Block | undefined {
    if (number >= this.height) return undefined;
    const bytes = this.#database.get(blockKey(number));
    return bytes && common.Block.deserializeBinary(bytes);
  }

  /** Not inside the commit: a listener's mistake must not make a durable block look refused. */
  #notify(result: CommitResult): void {
    for (const listener of this.#listeners) {
      queueMicrotask(() => {
        listener(result);
      });
    }
  }

  /** Between two blocks: whatever runs here sees, and leaves, a ledger that nobody writes to. */
  #exclusive<T>(run: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(run);
    this.#queue = done.catch(() => undefined);
    return done;
  }

  /** Reads anew what is kept in memory, and tells whoever keeps more. */
  async #reset(): Promise<void> {
    const { metadataUsed, transient } = this.#options;
    const used = await this.#database.all({ ...prefixRange(METADATA_USED_PREFIX), keysOnly: true });
    metadataUsed.clear();
    for (const { key } of used) metadataUsed.add(metadataUsedNamespace(key));
    await transient.reload();
    this.#tip = readTip(this.#database, this.channel);
    for (const listener of this.#resetListeners) listener();
  }
}
