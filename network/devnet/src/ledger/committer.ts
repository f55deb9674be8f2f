import { setImmediate as eventLoop } from 'node:timers/promises';
import { common, peer } from '@hyperledger/fabric-protos';
import { BoundedCache } from '../msp/bounded-cache.ts';
import { applyWrites } from './apply-writes.ts';
import { BlockBatch } from './block-batch.ts';
import {
  markDuplicates,
  preliminaryCodes,
  requireNextBlock,
  setMetadata,
  type Tip,
} from './block-checks.ts';
import { blockHeaderHash } from './block-hash.ts';
import type { Collections } from './collections.ts';
import { commitHash, updateBytes } from './commit-hash.ts';
import type { Database } from './database.ts';
import { PrivateData, type ValidTransaction } from './private-data.ts';
import { PrivateWriteSets } from './private-write-sets.ts';
import { findConflict } from './read-validation.ts';
import { decodeRwset, type NamespaceRwset } from './rwset-codec.ts';
import { State } from './state.ts';
import { type ParsedTransaction, parseTransaction } from './transaction.ts';
import { type TransactionIndex, toValidationCode } from './transaction-index.ts';
import { TRANSIENT_RETENTION_BLOCKS, type TransientStore } from './transient-store.ts';
import type { CommitInterventions, CommitResult, ReadConflict } from './types.ts';
import { UpdateBatch } from './update-batch.ts';

const { TxValidationCode } = peer;
/** A big block must not keep the process from its other work for longer. */
const TURN_MS = 8;
/** Explanations kept for whoever asks why. */
const MAX_CONFLICTS = 10_000;

export interface CommitterOptions {
  readonly channel: string;
  readonly database: Database;
  readonly organizations: readonly string[];
  readonly collections: Collections;
  readonly transient: TransientStore;
  readonly index: TransactionIndex;
  /** Namespaces of which some key has had metadata; added to here. */
  readonly metadataUsed: Set<string>;
  readonly interventions: CommitInterventions | undefined;
}

interface Validated {
  readonly valid: readonly ValidTransaction[];
  readonly updates: UpdateBatch;
}

/** Turns a block into one atomic write. Not for concurrent use: one block after the other. */
export class Committer {
  readonly #options: CommitterOptions;
  readonly #state: State;
  readonly #writeSets: PrivateWriteSets;
  readonly #conflicts = new BoundedCache<ReadConflict>(MAX_CONFLICTS);

  constructor(options: CommitterOptions) {
    this.#options = options;
    this.#state = new State(options.database);
    this.#writeSets = new PrivateWriteSets(options.database);
  }

  conflictOf(txId: string): ReadConflict | undefined {
    return this.#conflicts.get(txId);
  }

  /** See `Ledger.commitBlock`. */
  async commit(block: common.Block, tip: Tip): Promise<{ result: CommitResult; tip: Tip }> {
    const { header, data } = requireNextBlock(block, tip);
    const envelopes = data.getDataList_asU8();
    const codes = preliminaryCodes(block, envelopes.length);
    const transactions = envelopes.map((envelope) => parseTransaction(envelope));
    markDuplicates(transactions, codes, (txId) => this.#options.index.get(txId) !== undefined);

    const number = header.getNumber();
    const metadataUsed = new Set(this.#options.metadataUsed);
    const validated = await this.#validate(number, transactions, codes, metadataUsed);
    const next = this.#seal(block, codes, validated.updates, tip);
    const txIds = transactions.map((transaction) => transaction?.txId ?? '');

    const batch = new BlockBatch(this.#options, number);
    batch.putState(validated.updates, metadataUsed);
    const missing = await this.#putPrivate(batch, validated);
    await batch.expireHashes(validated.updates);
    batch.putHistory(validated.valid);
    batch.putTransactions(txIds, codes);
    batch.putBlock(block, next);
    const settled = this.#settledTransient(number, txIds);
    for (const txId of settled) this.#options.transient.remove(txId, batch.writes);
    await this.#options.database.write(batch.writes);

    for (const txId of settled) this.#options.transient.forget(txId);
    for (const namespace of metadataUsed) this.#options.metadataUsed.add(namespace);
    const final = txIds.map((txId, at) => ({ txId, code: toValidationCode(codes[at]) }));
    return { result: { number, block, transactions: final, missing }, tip: next };
  }

  async #validate(
    number: number,
    transactions: readonly (ParsedTransaction | undefined)[],
    codes: Buffer,
    metadataUsed: Set<string>,
  ): Promise<Validated> {
    const state = this.#state;
    const updates = new UpdateBatch();
    const valid: ValidTransaction[] = [];
    let turn = performance.now();
    for (const [index, transaction] of transactions.entries()) {
      if (codes[index] !== TxValidationCode.VALID) continue;
      const namespaces = decode(transaction);
      const txId = transaction?.txId ?? '';
      const refused =
        typeof namespaces === 'number' ? namespaces : await this.#refuse(txId, namespaces, updates);
      if (typeof namespaces === 'number' || refused !== undefined) {
        codes[index] = refused ?? TxValidationCode.INVALID_OTHER_REASON;
        continue;
      }
      const version = { block: number, transaction: index };
      applyWrites(namespaces, version, { state, updates, metadataUsed });
      valid.push({ txId, version, namespaces });
      if (performance.now() - turn > TURN_MS) {
        await eventLoop();
        turn = performance.now();
      }
    }
    return { valid, updates };
  }

  async #refuse(
    txId: string,
    namespaces: readonly NamespaceRwset[],
    updates: UpdateBatch,
  ): Promise<number | undefined> {
    const conflict = await findConflict(namespaces, this.#state, updates);
    if (conflict === undefined) return this.#options.interventions?.codeOf(txId);
    this.#conflicts.set(txId, conflict);
    return conflict.code;
  }

  /** Writes the final codes and the commit hash into the block. */
  #seal(block: common.Block, codes: Buffer, updates: UpdateBatch, tip: Tip): Tip {
    setMetadata(block, common.BlockMetadataIndex.TRANSACTIONS_FILTER, codes);
    const lastHash = blockHeaderHash(block.getHeader() ?? new common.BlockHeader());
    const next = { height: tip.height + 1, lastHash };
    // The genesis block has none, so the chain of commit hashes begins with block 1.
    if (tip.height === 0) return { ...next, commitHash: tip.commitHash };
    const hash = commitHash(codes, updateBytes(updates), tip.commitHash);
    const metadata = new common.Metadata();
    metadata.setValue(hash);
    setMetadata(block, common.BlockMetadataIndex.COMMIT_HASH, metadata.serializeBinary());
    return { ...next, commitHash: hash };
  }

  async #putPrivate(
    batch: BlockBatch,
    { valid, updates }: Validated,
  ): Promise<CommitResult['missing']> {
    const { organizations, collections, transient, database, interventions } = this.#options;
    const data = new PrivateData(collections, transient, interventions);
    for (const transaction of valid) data.add(transaction);
    for (const mspId of organizations) {
      await batch.putPrivate(mspId, data.forMember(mspId, this.#state, updates));
      for (const key of await data.unnamedPurges(mspId, database)) batch.writes.delete(key);
    }
    await this.#putWriteSets(batch, data);
    batch.putMissing(data.missing);
    return data.missing;
  }

  async #putWriteSets(batch: BlockBatch, data: PrivateData): Promise<void> {
    const { organizations } = this.#options;
    for (const found of data.found) this.#writeSets.put(found, batch.writes);
    for (const mspId of organizations) {
      for (const purge of data.purgesOf(mspId)) {
        await this.#writeSets.purge(mspId, purge, data.found, batch.writes);
      }
    }
  }

  /** Transactions of which nobody will ask for transient data any more. */
  #settledTransient(number: number, txIds: readonly string[]): string[] {
    const due = number > TRANSIENT_RETENTION_BLOCKS && number % TRANSIENT_RETENTION_BLOCKS === 0;
    const old = due ? this.#options.transient.olderThan(number - TRANSIENT_RETENTION_BLOCKS) : [];
    return [...txIds, ...old];
  }
}

/** The read-write set (none for a configuration), or why there is none. */
function decode(transaction: ParsedTransaction | undefined): NamespaceRwset[] | number {
  if (transaction === undefined) return TxValidationCode.INVALID_OTHER_REASON;
  if (transaction.type !== common.HeaderType.ENDORSER_TRANSACTION) return [];
  if (transaction.action === undefined) return TxValidationCode.NIL_TXACTION;
  try {
    return decodeRwset(transaction.action.getResults_asU8());
  } catch {
    return TxValidationCode.INVALID_OTHER_REASON;
  }
}
