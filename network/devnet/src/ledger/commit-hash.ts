import protobuf from 'google-protobuf';
import { type BinaryString, fromBinary, sha256, toBinary } from './bytes.ts';
import type { Version } from './types.ts';
import { type SpaceUpdates, sortedKeys, type Update, type UpdateBatch } from './update-batch.ts';

const EVERY = '' as BinaryString;
const VARINT_BITS = 7;
const VARINT_MORE = 0x80;

/** Field numbers of Fabric's internal messages `txmgr.Updates` and `txmgr.KVWrite` (txmgr/updates.proto). */
const KV_WRITES = 1;
const KV_WRITE = {
  namespace: 1,
  collection: 2,
  key: 3,
  isDelete: 4,
  value: 5,
  version: 6,
} as const;

/**
 * The hash that peers put into COMMIT_HASH metadata: over the validation codes, the block's changes to public and
 * hashed state (before expiry), and the commit hash before it. Peers that agree on it agree on all state.
 * `updates` is the marshalled form of {@link updateBytes}.
 */
export function commitHash(filter: Uint8Array, updates: Uint8Array, previous: Uint8Array): Buffer {
  return sha256(Buffer.concat([varint(filter.length), filter, updates, previous]));
}

/** Namespaces in order; in each the public keys, then the collections in order; a repeated name is left out. */
export function updateBytes(batch: UpdateBatch): Uint8Array {
  const spaces = [...batch.spaces()]
    .filter(({ namespace, keys }) => namespace !== '' && keys.size > 0)
    .map((space) => ({ order: spaceOrder(space), space }))
    .sort((a, b) => (a.order < b.order ? -1 : 1));
  const writer = new protobuf.BinaryWriter();
  let last = '';
  for (const { space } of spaces) {
    writeSpace(writer, space, space.namespace !== last);
    last = space.namespace;
  }
  return writer.getResultBuffer();
}

/** The zero byte sorts before every byte of a name, so a namespace's spaces stay together. */
function spaceOrder({ namespace, collection }: SpaceUpdates<Update>): BinaryString {
  return toBinary(`${namespace}\0${collection}`);
}

function writeSpace(
  writer: protobuf.BinaryWriter,
  space: SpaceUpdates<Update>,
  nameIt: boolean,
): void {
  sortedKeys(space.keys.keys(), EVERY, EVERY).forEach((key, index) => {
    const update = space.keys.get(key);
    if (update === undefined) return;
    writer.writeMessage(KV_WRITES, update, () => {
      if (index === 0 && nameIt) writer.writeString(KV_WRITE.namespace, space.namespace);
      if (index === 0 && space.collection !== '') {
        writer.writeString(KV_WRITE.collection, space.collection);
      }
      writeUpdate(writer, key, update);
    });
  });
}

function writeUpdate(writer: protobuf.BinaryWriter, key: BinaryString, update: Update): void {
  if (key !== '') writer.writeBytes(KV_WRITE.key, fromBinary(key));
  if (update.value === undefined) writer.writeBool(KV_WRITE.isDelete, true);
  else writer.writeBytes(KV_WRITE.value, update.value);
  writer.writeBytes(KV_WRITE.version, versionBytes(update.version));
}

function versionBytes({ block, transaction }: Version): Buffer {
  return Buffer.concat([orderPreserving(block), orderPreserving(transaction)]);
}

/** How many bytes follow, then the number in big-endian without leading zeros. */
function orderPreserving(value: number): Buffer {
  const digits: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256);
  return Buffer.from([digits.length, ...digits]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= VARINT_MORE; rest >>>= VARINT_BITS) bytes.push((rest % VARINT_MORE) + VARINT_MORE);
  return Buffer.from([...bytes, rest]);
}
