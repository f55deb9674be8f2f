import type { BinaryString } from './bytes.ts';
import type { Version } from './types.ts';

/** A key's new state; value undefined = deleted. */
export interface Update {
  readonly value: Buffer | undefined;
  readonly metadata: Buffer;
  readonly version: Version;
}

/** Updates of one public namespace (collection '') or of one collection. */
export interface SpaceUpdates<U> {
  readonly namespace: string;
  readonly collection: string;
  readonly keys: Map<BinaryString, U>;
}

/** What the valid transactions of one block change, later ones over earlier ones. */
export class UpdateBatch<U = Update> {
  readonly #spaces = new Map<string, Map<string, SpaceUpdates<U>>>();

  space(namespace: string, collection: string): SpaceUpdates<U> {
    let collections = this.#spaces.get(namespace);
    if (collections === undefined) {
      collections = new Map();
      this.#spaces.set(namespace, collections);
    }
    let space = collections.get(collection);
    if (space === undefined) {
      space = { namespace, collection, keys: new Map() };
      collections.set(collection, space);
    }
    return space;
  }

  get(namespace: string, collection: string, key: BinaryString): U | undefined {
    return this.#spaces.get(namespace)?.get(collection)?.keys.get(key);
  }

  set(namespace: string, collection: string, key: BinaryString, update: U): void {
    this.space(namespace, collection).keys.set(key, update);
  }

  *spaces(): Generator<SpaceUpdates<U>> {
    for (const collections of this.#spaces.values()) yield* collections.values();
  }
}

/** The keys of a map in byte order, from start (inclusive) to end (exclusive; '' = the last). */
export function sortedKeys(
  keys: Iterable<BinaryString>,
  start: BinaryString,
  end: BinaryString,
): BinaryString[] {
  return [...keys]
    .filter((key) => key >= start && (end === '' || key < end))
    .sort((a, b) => (a < b ? -1 : 1));
}
