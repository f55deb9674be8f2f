import {
  asBuffer,
  type BinaryString,
  binaryToText,
  fromBinary,
  sha256,
  toBinary,
} from './bytes.ts';
import type { Collections } from './collections.ts';
import { type Database, prefixRange } from './database.ts';
import { inSpace, privateSpace } from './keys.ts';
import type { FoundWriteSet } from './private-write-sets.ts';
import { decodePrivateWrites, type NamespaceRwset, type SpaceRwset } from './rwset-codec.ts';
import type { State } from './state.ts';
import type { TransientStore } from './transient-store.ts';
import type { CommitInterventions, MissingPrivateData, Version } from './types.ts';
import { UpdateBatch } from './update-batch.ts';

/** A private key's new value; undefined = deleted. */
export interface PrivateUpdate {
  readonly value: Buffer | undefined;
  readonly version: Version;
}

export interface ValidTransaction {
  readonly txId: string;
  readonly version: Version;
  readonly namespaces: readonly NamespaceRwset[];
}

/** A key that is purged, with everything that was written to it up to a version. */
interface Purge {
  readonly namespace: string;
  readonly collection: string;
  readonly keyHash: Buffer;
  readonly upTo: Version;
}

interface CollectionKey {
  readonly namespace: string;
  readonly collection: string;
  readonly key: BinaryString;
}

/** Gathers the private side of a block: values from the transient stores, and what cannot be found. */
export class PrivateData {
  readonly missing: MissingPrivateData[] = [];
  /** Write sets that were found, with the members that hold them from now on. */
  readonly found: FoundWriteSet[] = [];
  readonly #collections: Collections;
  readonly #transient: TransientStore;
  readonly #interventions: CommitInterventions | undefined;
  /** What single members lost on purpose: MSP id and index of the transaction. */
  readonly #lost = new Set<string>();
  /** The same at every member. */
  readonly #updates = new UpdateBatch<PrivateUpdate>();
  readonly #metadataKeys: CollectionKey[] = [];
  /** By key hash: the version of the latest purge of it. */
  readonly #purges = new UpdateBatch<Version>();

  constructor(
    collections: Collections,
    transient: TransientStore,
    interventions: CommitInterventions | undefined,
  ) {
    this.#collections = collections;
    this.#transient = transient;
    this.#interventions = interventions;
  }

  add(transaction: ValidTransaction): void {
    for (const { collections } of transaction.namespaces) {
      for (const rwset of collections) this.#addCollection(transaction, rwset);
    }
  }

  /** What the block changes in one member's private store. */
  forMember(mspId: string, state: State, hashes: UpdateBatch): UpdateBatch<PrivateUpdate> {
    const member = new UpdateBatch<PrivateUpdate>();
    for (const { namespace, collection, keys } of this.#updates.spaces()) {
      if (!this.#isMember(mspId, namespace, collection)) continue;
      const target = member.space(namespace, collection).keys;
      for (const [key, update] of keys) {
        if (!this.#lost.has(lostBy(mspId, update.version))) target.set(key, update);
      }
    }
    for (const at of this.#metadataKeys) renewVersion(at, mspId, { member, state, hashes });
    return member;
  }

  /**
   * Keys that a member still holds though they were purged, because the purging write set, which names them, is missing:
   * the public hash is compared with the hash of every key. Rare, hence no index.
   */
  async unnamedPurges(mspId: string, database: Database): Promise<Buffer[]> {
    const found: Buffer[] = [];
    for (const { namespace, collection, keys: purges } of this.#purges.spaces()) {
      const unnamed = this.#unnamed(namespace, collection, purges);
      if (unnamed.size === 0 || !this.#isMember(mspId, namespace, collection)) continue;
      const space = privateSpace(mspId, namespace, collection);
      const held = await database.all({ ...prefixRange(space), keysOnly: true });
      const written = this.#updates.space(namespace, collection).keys.keys();
      const keys = [
        ...held.map(({ key }) => key),
        ...[...written].map((key) => inSpace(space, fromBinary(key))),
      ];
      found.push(
        ...keys.filter((key) => unnamed.has(toBinary(sha256(key.subarray(space.length))))),
      );
    }
    return found;
  }

  /** Key hashes that the block purges in a member's collections, and by which transaction. */
  purgesOf(mspId: string): readonly Purge[] {
    return [...this.#purges.spaces()]
      .filter(({ namespace, collection }) => this.#isMember(mspId, namespace, collection))
      .flatMap(({ namespace, collection, keys }) =>
        [...keys].map(([hash, upTo]) => ({
          namespace,
          collection,
          keyHash: fromBinary(hash),
          upTo,
        })),
      );
  }

  #addCollection({ txId, version }: ValidTransaction, rwset: SpaceRwset): void {
    const { namespace, collection, privateHash, writes } = rwset;
    for (const { key, purge } of writes) {
      if (purge) this.#purges.set(namespace, collection, key, version);
    }
    if (privateHash === undefined) return;
    const members = this.#collections.members(namespace, collection);
    const bytes = this.#find(members, txId, { namespace, collection, hash: privateHash });
    if (bytes === undefined) {
      this.missing.push(...members.map((mspId) => ({ mspId, ...version, namespace, collection })));
      return;
    }
    const losers = members.filter((m) => this.#interventions?.losesPrivateData(txId, m));
    const holders = members.filter((m) => !losers.includes(m));
    this.found.push({ namespace, collection, version, members: holders, bytes });
    for (const mspId of losers) {
      this.#lost.add(lostBy(mspId, version));
      this.missing.push({ mspId, ...version, namespace, collection });
    }
    const decoded = decodePrivateWrites(bytes);
    const { keys } = this.#updates.space(namespace, collection);
    for (const { key, value } of decoded.writes) {
      keys.set(toBinary(key), { value: value && asBuffer(value), version });
    }
    for (const key of decoded.metadataKeys) {
      this.#metadataKeys.push({ namespace, collection, key: toBinary(key) });
    }
  }

  /** What one member lacks it would be given by another, so the first that has the write set serves them all. */
  #find(
    members: readonly string[],
    txId: string,
    at: { namespace: string; collection: string; hash: Uint8Array },
  ): Uint8Array | undefined {
    for (const mspId of members) {
      const bytes = this.#transient.find(mspId, txId, at);
      if (bytes !== undefined) return bytes;
    }
    return undefined;
  }

  /** Key hashes of which no transaction of the block, the purging one included, told the key. */
  #unnamed(
    namespace: string,
    collection: string,
    purges: ReadonlyMap<BinaryString, Version>,
  ): Set<BinaryString> {
    const unnamed = new Set(purges.keys());
    for (const [key, { version }] of this.#updates.space(namespace, collection).keys) {
      const hash = toBinary(sha256(binaryToText(key)));
      const purged = purges.get(hash);
      if (purged !== undefined && version.transaction >= purged.transaction) unnamed.delete(hash);
    }
    return unnamed;
  }

  #isMember(mspId: string, namespace: string, collection: string): boolean {
    return this.#collections.members(namespace, collection).includes(mspId);
  }
}

function lostBy(mspId: string, { transaction }: Version): string {
  return `${mspId} ${transaction}`;
}

/**
 * A key of which only the metadata changed carries a new version in the public hashes; a member that holds the matching
 * value gives it the same version, else it could not be read any more.
 */
function renewVersion(
  { namespace, collection, key }: CollectionKey,
  mspId: string,
  {
    member,
    state,
    hashes,
  }: { member: UpdateBatch<PrivateUpdate>; state: State; hashes: UpdateBatch },
): void {
  const name = binaryToText(key);
  const hash = hashes.get(namespace, collection, toBinary(sha256(name)));
  const held =
    member.get(namespace, collection, key) ?? state.private(mspId, namespace, collection, name);
  if (hash?.value === undefined || held?.value === undefined) return;
  if (!sha256(held.value).equals(hash.value)) return;
  member.set(namespace, collection, key, { value: held.value, version: hash.version });
}
