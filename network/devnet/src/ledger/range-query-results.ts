import { ledger } from '@hyperledger/fabric-protos';
import { sha256 } from './bytes.ts';
import type { Version } from './types.ts';

const { KVRead, QueryReads, QueryReadsMerkleSummary, Version: ProtoVersion } = ledger.rwset.kvrwset;

type KVReadMessage = ledger.rwset.kvrwset.KVRead;
type MerkleSummary = ledger.rwset.kvrwset.QueryReadsMerkleSummary;

/** Up to this many results of a range query go into the read set as they are, more as a Merkle summary of this degree. */
export const MAX_DEGREE = 50;
const LEAF_LEVEL = 1;

export function toProtoVersion(version: Version): ledger.rwset.kvrwset.Version {
  const message = new ProtoVersion();
  message.setBlockNum(version.block);
  message.setTxNum(version.transaction);
  return message;
}

export function toRead(key: string, version: Version | undefined): KVReadMessage {
  const read = new KVRead();
  read.setKey(key);
  if (version !== undefined) read.setVersion(toProtoVersion(version));
  return read;
}

/** Hashes of groups of results, then of groups of hashes, until one level has at most `maxDegree` of them. */
class MerkleTree {
  readonly #levels = new Map<number, Buffer[]>();
  readonly #maxDegree: number;
  #maxLevel = LEAF_LEVEL;

  constructor(maxDegree: number) {
    this.#maxDegree = maxDegree;
  }

  get empty(): boolean {
    return this.#maxLevel === LEAF_LEVEL && this.#hashes(LEAF_LEVEL).length === 0;
  }

  add(leaf: Buffer): void {
    this.#append(LEAF_LEVEL, leaf);
    for (let level = LEAF_LEVEL; this.#hashes(level).length > this.#maxDegree; level += 1) {
      this.#raise(level);
    }
  }

  /** Carries the unfinished lower levels up to the top one. */
  finish(): void {
    for (let level = LEAF_LEVEL; level < this.#maxLevel; level += 1) {
      const [first, ...rest] = this.#hashes(level);
      if (first === undefined) continue;
      if (rest.length === 0) {
        this.#levels.delete(level);
        this.#append(level + 1, first);
      } else {
        this.#raise(level);
      }
    }
    if (this.#hashes(this.#maxLevel).length > this.#maxDegree) this.#raise(this.#maxLevel);
  }

  summary(): MerkleSummary {
    const summary = new QueryReadsMerkleSummary();
    summary.setMaxDegree(this.#maxDegree);
    summary.setMaxLevel(this.#maxLevel);
    summary.setMaxLevelHashesList([...this.#hashes(this.#maxLevel)]);
    return summary;
  }

  #raise(level: number): void {
    const combined = sha256(Buffer.concat(this.#hashes(level)));
    this.#levels.delete(level);
    this.#append(level + 1, combined);
    this.#maxLevel = Math.max(this.#maxLevel, level + 1);
  }

  #append(level: number, value: Buffer): void {
    this.#levels.set(level, [...this.#hashes(level), value]);
  }

  #hashes(level: number): Buffer[] {
    return this.#levels.get(level) ?? [];
  }
}

/** Collects what a range query returned, in the form in which the read set keeps it for the phantom check. */
export class RangeQueryResults {
  readonly #tree: MerkleTree;
  readonly #maxDegree: number;
  #pending: KVReadMessage[] = [];

  constructor(maxDegree: number = MAX_DEGREE) {
    this.#maxDegree = maxDegree;
    this.#tree = new MerkleTree(maxDegree);
  }

  add(key: string, version: Version): void {
    this.#pending.push(toRead(key, version));
    if (this.#pending.length > this.#maxDegree) this.#hashPending();
  }

  /** Reads as they are when they are few, else the summary. Once. */
  finish(): { reads: KVReadMessage[] } | { summary: MerkleSummary } {
    if (this.#tree.empty) return { reads: this.#pending };
    if (this.#pending.length > 0) this.#hashPending();
    this.#tree.finish();
    return { summary: this.#tree.summary() };
  }

  #hashPending(): void {
    const reads = new QueryReads();
    reads.setKvReadsList(this.#pending);
    this.#pending = [];
    this.#tree.add(sha256(reads.serializeBinary()));
  }
}
