import type { Cursor, Database, Snapshot } from './database.ts';
import { afterPrefix, hashedSpace, inSpace, privateSpace, publicSpace } from './keys.ts';
import { decodeVersionedValue, type VersionedValue } from './versioned-value.ts';

/** Committed state, as it is or as it was when the snapshot was taken. */
export class State {
  readonly #database: Database;
  readonly #snapshot: Snapshot | undefined;

  constructor(database: Database, snapshot?: Snapshot) {
    this.#database = database;
    this.#snapshot = snapshot;
  }

  get(space: Buffer, key: string | Uint8Array): VersionedValue | undefined {
    const bytes = this.#database.get(inSpace(space, key), this.#snapshot);
    return bytes && decodeVersionedValue(bytes);
  }

  public(namespace: string, key: string): VersionedValue | undefined {
    return this.get(publicSpace(namespace), key);
  }

  /** The hash of a private value, by the key's own hash. */
  hash(namespace: string, collection: string, keyHash: Uint8Array): VersionedValue | undefined {
    return this.get(hashedSpace(namespace, collection), keyHash);
  }

  private(
    mspId: string,
    namespace: string,
    collection: string,
    key: string,
  ): VersionedValue | undefined {
    return this.get(privateSpace(mspId, namespace, collection), key);
  }

  /** From start (inclusive) to end (exclusive, '' = the end of the space). */
  range(space: Buffer, start: string, end: string): Cursor {
    return this.#database.cursor(
      { from: inSpace(space, start), to: end === '' ? afterPrefix(space) : inSpace(space, end) },
      this.#snapshot,
    );
  }
}
