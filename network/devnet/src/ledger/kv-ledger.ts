import { common, type ledger, peer } from '@hyperledger/fabric-protos';
import type { Tip } from './block-checks.ts';
import { blockHeaderHash } from './block-hash.ts';
import { Committer, type CommitterOptions } from './committer.ts';
import { type Database, prefixRange } from './database.ts';
import { KeyHistory } from './history.ts';
import {
  blockKey,
  decodeMissingKey,
  hashedSpace,
  MISSING_PREFIX,
  publicSpace,
  TIP_KEY,
} from './keys.ts';
import { Simulator } from './simulator.ts';
import { State } from './state.ts';
import { decodeTip, EMPTY_CHAIN } from './tip.ts';
import { TransactionIndex } from './transaction-index.ts';
import {
  type CommitListener,
  type CommitResult,
  type KeyMetadata,
  type Ledger,
  LedgerError,
  type MissingPrivateData,
  type TransactionStatus,
  type TxSimulator,
} from './types.ts';
import { decodeMetadata, NO_METADATA } from './versioned-value.ts';

/** See {@link Ledger}. */
export class KvLedger implements Ledger {
  readonly channel: string;
  readonly #options: CommitterOptions;
  readonly #database: Database;
  readonly #state: State;
  readonly #committer: Committer;
  readonly #listeners = new Set<CommitListener>();
  #tip: Tip;
  /** The commit under way and those behind it. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(options: Omit<CommitterOptions, 'index'>) {
    this.channel = options.channel;
    this.#options = { ...options, index: new TransactionIndex(options.database) };
    this.#database = options.database;
    this.#state = new State(options.database);
    this.#committer = new Committer(this.#options);
    this.#tip = this.#recover();
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

  async persistTransient(
    mspId: string,
    txId: string,
    privateRwset: ledger.rwset.TxPvtReadWriteSet,
  ): Promise<void> {
    await this.#options.transient.persist(mspId, txId, this.height, privateRwset);
  }

  commitBlock(block: common.Block): Promise<CommitResult> {
    const commit = this.#queue.then(async () => {
      const { result, tip } = await this.#committer.commit(block, this.#tip);
      this.#tip = tip;
      this.#notify(result);
      return result;
    });
    this.#queue = commit.catch(() => undefined);
    return commit;
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

  async close(): Promise<void> {
    await this.#queue;
    await this.#database.close();
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

  #recover(): Tip {
    const bytes = this.#database.get(TIP_KEY);
    if (bytes === undefined) return EMPTY_CHAIN;
    const tip = decodeTip(bytes, this.channel);
    const last = this.#database.get(blockKey(tip.height - 1));
    const header = last && common.Block.deserializeBinary(last).getHeader();
    if (header === undefined || !blockHeaderHash(header).equals(tip.lastHash)) {
      throw new LedgerError(
        'the ledger is damaged: its last block does not have the hash that was written with it. Restore it from a copy',
      );
    }
    return tip;
  }
}
