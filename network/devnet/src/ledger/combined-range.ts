import { type BinaryString, binaryToText, fromBinary, toBinary } from './bytes.ts';
import type { Entry } from './database.ts';
import { publicSpace } from './keys.ts';
import type { State } from './state.ts';
import type { Version } from './types.ts';
import { sortedKeys, type UpdateBatch } from './update-batch.ts';
import { decodeVersionedValue } from './versioned-value.ts';

export interface RangeToRepeat {
  readonly namespace: string;
  readonly start: string;
  readonly end: string;
  /** Whether the end belongs to the range. */
  readonly includeEnd: boolean;
}

export interface KeyVersion {
  readonly key: string;
  readonly version: Version;
}

/** A public range as it would be read after the earlier transactions of the block. */
export async function* combinedRange(
  state: State,
  updates: UpdateBatch,
  range: RangeToRepeat,
): AsyncGenerator<KeyVersion> {
  const { namespace, start, end } = range;
  const { keys } = updates.space(namespace, '');
  const pending = sortedKeys(keys.keys(), toBinary(start), toBinary(end));
  const space = publicSpace(namespace);
  const cursor = state.range(space, start, end);
  try {
    let committed = await cursor.next();
    let at = 0;
    while (committed !== undefined || at < pending.length) {
      const order = compare(committed, space, pending[at]);
      const key = pending[at];
      if (order < 0 && committed !== undefined) yield committedKey(committed, space);
      else if (key !== undefined) yield* updatedKey(updates, namespace, key);
      if (order >= 0) at += 1;
      if (order <= 0) committed = await cursor.next();
    }
  } finally {
    await cursor.close();
  }
  if (range.includeEnd) yield* endKey(state, updates, namespace, end);
}

/** Negative: the committed key comes first; 0: the same key, of which the update counts. */
function compare(
  committed: Entry | undefined,
  space: Buffer,
  key: BinaryString | undefined,
): number {
  if (committed === undefined) return 1;
  if (key === undefined) return -1;
  return Buffer.compare(committed.key.subarray(space.length), fromBinary(key));
}

function committedKey(entry: Entry, space: Buffer): KeyVersion {
  const { version } = decodeVersionedValue(entry.value);
  return { key: entry.key.toString('utf8', space.length), version };
}

function* updatedKey(
  updates: UpdateBatch,
  namespace: string,
  key: BinaryString,
): Generator<KeyVersion> {
  const update = updates.get(namespace, '', key);
  if (update?.value !== undefined) yield { key: binaryToText(key), version: update.version };
}

function* endKey(
  state: State,
  updates: UpdateBatch,
  namespace: string,
  end: string,
): Generator<KeyVersion> {
  const key = toBinary(end);
  if (updates.get(namespace, '', key) !== undefined) {
    yield* updatedKey(updates, namespace, key);
    return;
  }
  const committed = state.public(namespace, end);
  if (committed !== undefined) yield { key: end, version: committed.version };
}
