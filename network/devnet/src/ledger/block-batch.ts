import type { common } from '@hyperledger/fabric-protos';
import type { Tip } from './block-checks.ts';
import { asBuffer, binaryToText, fromBinary } from './bytes.ts';
import type { Collections } from './collections.ts';
import { type Database, WriteBatch } from './database.ts';
import { applyExpiry, type ExpiryContext, PUBLIC_SCHEDULE } from './expiry.ts';
import {
  blockKey,
  historyKey,
  historyPrefix,
  inSpace,
  metadataUsedKey,
  missingKey,
  privateSpace,
  stateSpace,
  TIP_KEY,
} from './keys.ts';
import type { PrivateUpdate, ValidTransaction } from './private-data.ts';
import { State } from './state.ts';
import { encodeTip } from './tip.ts';
import type { TransactionIndex } from './transaction-index.ts';
import type { MissingPrivateData } from './types.ts';
import type { UpdateBatch } from './update-batch.ts';
import { encodeVersionedValue, NO_METADATA } from './versioned-value.ts';

const NOTHING = Buffer.alloc(0);

interface BlockBatchOptions {
  readonly channel: string;
  readonly database: Database;
  readonly collections: Collections;
  readonly index: TransactionIndex;
}

/** Everything that one block writes, to be written at once. */
export class BlockBatch {
  readonly writes: WriteBatch = new WriteBatch();
  readonly #options: BlockBatchOptions;
  readonly #number: number;
  readonly #expiry: ExpiryContext;

  constructor(options: BlockBatchOptions, number: number) {
    this.#options = options;
    this.#number = number;
    this.#expiry = {
      database: options.database,
      state: new State(options.database),
      collections: options.collections,
      block: number,
      batch: this.writes,
    };
  }

  putState(updates: UpdateBatch, metadataUsed: ReadonlySet<string>): void {
    for (const { namespace, collection, keys } of updates.spaces()) {
      const space = stateSpace(namespace, collection);
      for (const [key, { value, metadata, version }] of keys) {
        const at = inSpace(space, fromBinary(key));
        if (value === undefined) this.writes.delete(at);
        else this.writes.put(at, encodeVersionedValue({ value, metadata, version }));
      }
    }
    for (const namespace of metadataUsed) this.writes.put(metadataUsedKey(namespace), NOTHING);
  }

  async expireHashes(updates: UpdateBatch): Promise<void> {
    await applyExpiry(this.#expiry, PUBLIC_SCHEDULE, updates);
  }

  async putPrivate(mspId: string, updates: UpdateBatch<PrivateUpdate>): Promise<void> {
    for (const { namespace, collection, keys } of updates.spaces()) {
      const space = privateSpace(mspId, namespace, collection);
      for (const [key, { value, version }] of keys) {
        const at = inSpace(space, fromBinary(key));
        if (value === undefined) this.writes.delete(at);
        else this.writes.put(at, encodeVersionedValue({ value, metadata: NO_METADATA, version }));
      }
    }
    await applyExpiry(this.#expiry, mspId, updates);
  }

  putMissing(missing: readonly MissingPrivateData[]): void {
    for (const each of missing) this.writes.put(missingKey(each), NOTHING);
  }

  /** Where each public key was written. */
  putHistory(valid: readonly ValidTransaction[]): void {
    for (const { version, namespaces } of valid) {
      for (const { namespace, publicSpace } of namespaces) {
        for (const { key } of publicSpace.writes) {
          const prefix = historyPrefix(namespace, binaryToText(key));
          this.writes.put(historyKey(prefix, version), NOTHING);
        }
      }
    }
  }

  putTransactions(txIds: readonly string[], codes: Buffer): void {
    this.#options.index.put(this.#number, txIds, codes, this.writes);
  }

  putBlock(block: common.Block, tip: Tip): void {
    this.writes.put(blockKey(this.#number), asBuffer(block.serializeBinary()));
    this.writes.put(TIP_KEY, encodeTip(this.#options.channel, tip));
  }
}
