import { type BinaryString, fromBinary, toBinary } from './bytes.ts';
import type { Collections } from './collections.ts';
import { type Database, prefixRange, type WriteBatch } from './database.ts';
import {
  decodeExpiryKey,
  expiryKey,
  expiryPrefix,
  hashedSpace,
  inSpace,
  privateSpace,
} from './keys.ts';
import { PrivateWriteSets } from './private-write-sets.ts';
import type { State } from './state.ts';
import type { UpdateBatch } from './update-batch.ts';

/** Owner of the schedule of key hashes; a member's own schedule, under its MSP id, lists the keys. */
export const PUBLIC_SCHEDULE = '';
const LENGTH_BYTES = 4;

export interface ExpiryContext {
  readonly database: Database;
  readonly state: State;
  readonly collections: Collections;
  /** The block being committed. */
  readonly block: number;
  readonly batch: WriteBatch;
}

type Updates = UpdateBatch<{ readonly value: Buffer | undefined }>;

/**
 * blockToLive: notes when what the block writes has to go, and deletes what has to go with this block, unless the
 * block writes it anew.
 */
export async function applyExpiry(
  context: ExpiryContext,
  owner: string,
  updates: Updates,
): Promise<void> {
  if (!context.collections.expiring) return;
  schedule(context, owner, updates);
  await expire(context, owner, updates);
}

function schedule({ collections, block, batch }: ExpiryContext, owner: string, all: Updates): void {
  for (const { namespace, collection, keys } of all.spaces()) {
    const expiring = collections.expiringBlock(namespace, collection, block);
    const written = [...keys].flatMap(([key, { value }]) => (value === undefined ? [] : [key]));
    if (expiring === undefined || written.length === 0) continue;
    const key = expiryKey(owner, expiring, { block, namespace, collection });
    batch.put(key, encodeKeys(written));
  }
}

async function expire(context: ExpiryContext, owner: string, updates: Updates): Promise<void> {
  const { database, state, batch } = context;
  const prefix = expiryPrefix(owner, context.block);
  for (const entry of await database.all(prefixRange(prefix))) {
    const { block, namespace, collection } = decodeExpiryKey(entry.key, prefix);
    const space =
      owner === PUBLIC_SCHEDULE
        ? hashedSpace(namespace, collection)
        : privateSpace(owner, namespace, collection);
    const keys = decodeKeys(entry.value);
    if (owner !== PUBLIC_SCHEDULE) {
      const written = { block, namespace, collection };
      await new PrivateWriteSets(database).expire(owner, written, keys, batch);
    }
    for (const key of keys) {
      const renewed = updates.get(namespace, collection, toBinary(key)) !== undefined;
      if (!renewed && state.get(space, key)?.version.block === block) {
        batch.delete(inSpace(space, key));
      }
    }
    batch.delete(entry.key);
  }
}

function encodeKeys(keys: readonly BinaryString[]): Buffer {
  return Buffer.concat(
    keys.flatMap((key) => {
      const length = Buffer.alloc(LENGTH_BYTES);
      length.writeUInt32BE(key.length);
      return [length, fromBinary(key)];
    }),
  );
}

function decodeKeys(bytes: Buffer): Buffer[] {
  const keys: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const start = at + LENGTH_BYTES;
    at = start + bytes.readUInt32BE(at);
    keys.push(bytes.subarray(start, at));
  }
  return keys;
}
