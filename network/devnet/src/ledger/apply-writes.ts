import { asBuffer, type BinaryString, fromBinary } from './bytes.ts';
import { stateSpace } from './keys.ts';
import type { NamespaceRwset, SpaceRwset } from './rwset-codec.ts';
import type { State } from './state.ts';
import type { Version } from './types.ts';
import type { UpdateBatch } from './update-batch.ts';
import { NO_METADATA } from './versioned-value.ts';

export interface ApplyContext {
  readonly state: State;
  readonly updates: UpdateBatch;
  /** Namespaces some key of which has had metadata; added to here. */
  readonly metadataUsed: Set<string>;
}

/**
 * Puts a valid transaction's writes over those of the transactions before it. A write keeps the key's metadata, a
 * metadata write keeps its value, a delete drops both, and metadata for a key that does not exist is dropped.
 */
export function applyWrites(
  namespaces: readonly NamespaceRwset[],
  version: Version,
  context: ApplyContext,
): void {
  for (const { publicSpace, collections } of namespaces) {
    applySpace(publicSpace, version, context);
    for (const collection of collections) applySpace(collection, version, context);
  }
}

function applySpace(rwset: SpaceRwset, version: Version, context: ApplyContext): void {
  const { namespace, collection, writes, metadataWrites } = rwset;
  if (writes.length + metadataWrites.length === 0) return;
  const metadata = new Map(metadataWrites.map((write) => [write.key, write.metadata]));
  const { keys } = context.updates.space(namespace, collection);
  for (const { key, value } of writes) {
    const written = metadata.get(key);
    metadata.delete(key);
    keys.set(key, {
      value: value && asBuffer(value),
      metadata:
        value === undefined ? NO_METADATA : (written ?? currentMetadata(rwset, key, context)),
      version,
    });
  }
  for (const [key, written] of metadata) {
    const value = current(rwset, key, context)?.value;
    if (value !== undefined) keys.set(key, { value, metadata: written, version });
  }
  if (metadataWrites.length > 0) context.metadataUsed.add(namespace);
}

function currentMetadata(rwset: SpaceRwset, key: BinaryString, context: ApplyContext): Buffer {
  if (!context.metadataUsed.has(rwset.namespace)) return NO_METADATA;
  return current(rwset, key, context)?.metadata ?? NO_METADATA;
}

function current(
  { namespace, collection }: SpaceRwset,
  key: BinaryString,
  { state, updates }: ApplyContext,
): { readonly value: Buffer | undefined; readonly metadata: Buffer } | undefined {
  return (
    updates.get(namespace, collection, key) ??
    state.get(stateSpace(namespace, collection), fromBinary(key))
  );
}
