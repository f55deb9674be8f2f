import { ledger } from '@hyperledger/fabric-protos';
import type { Cursor, Entry } from './database.ts';
import { RangeQueryResults } from './range-query-results.ts';
import type { KeyValue, PagedStateIterator, StateIterator, Version } from './types.ts';
import { decodeVersionedValue } from './versioned-value.ts';

const { QueryReads, RangeQueryInfo } = ledger.rwset.kvrwset;

interface VersionedKey extends KeyValue {
  readonly version: Version;
}

function toVersionedKey(namespace: string, space: Buffer, entry: Entry): VersionedKey {
  const { value, version } = decodeVersionedValue(entry.value);
  return { namespace, key: entry.key.toString('utf8', space.length), value, version };
}

export interface RangeOptions {
  readonly namespace: string;
  readonly space: Buffer;
  readonly start: string;
  readonly end: string;
  /** 0 = no limit. */
  readonly pageSize: number;
}

/** A range over public state; remembers what it has shown, for the phantom check at commit. */
export class RecordedRange implements PagedStateIterator {
  readonly #cursor: Cursor;
  readonly #options: RangeOptions;
  readonly #results = new RangeQueryResults();
  #shown = 0;
  #lastKey = '';
  #exhausted = false;

  constructor(cursor: Cursor, options: RangeOptions) {
    this.#cursor = cursor;
    this.#options = options;
  }

  get namespace(): string {
    return this.#options.namespace;
  }

  async next(): Promise<KeyValue | undefined> {
    const { namespace, space, pageSize } = this.#options;
    const pageFull = pageSize > 0 && this.#shown >= pageSize;
    const entry = pageFull ? undefined : await this.#cursor.next();
    if (entry === undefined) {
      this.#exhausted = true;
      return undefined;
    }
    const { key, value, version } = toVersionedKey(namespace, space, entry);
    this.#shown += 1;
    this.#results.add(key, version);
    this.#lastKey = key;
    return { namespace, key, value };
  }

  async bookmarkAndClose(): Promise<string> {
    const entry = await this.#cursor.next();
    await this.close();
    return entry?.key.toString('utf8', this.#options.space.length) ?? '';
  }

  async close(): Promise<void> {
    await this.#cursor.close();
  }

  /**
   * Read to its end, the query covers the range that was asked for; else only up to the last key shown, which then is
   * part of it. Once.
   */
  queryInfo(): ledger.rwset.kvrwset.RangeQueryInfo {
    const info = new RangeQueryInfo();
    info.setStartKey(this.#options.start);
    info.setEndKey(this.#exhausted ? this.#options.end : this.#lastKey);
    info.setItrExhausted(this.#exhausted);
    const results = this.#results.finish();
    if ('summary' in results) {
      info.setReadsMerkleHashes(results.summary);
    } else if (results.reads.length > 0) {
      const reads = new QueryReads();
      reads.setKvReadsList(results.reads);
      info.setRawReads(reads);
    }
    return info;
  }
}

/** A range over one organization's private values. Nothing of it goes into the read set, so no writes may follow. */
export class PrivateRange implements StateIterator {
  readonly #cursor: Cursor;
  readonly #namespace: string;
  readonly #space: Buffer;

  constructor(cursor: Cursor, namespace: string, space: Buffer) {
    this.#cursor = cursor;
    this.#namespace = namespace;
    this.#space = space;
  }

  async next(): Promise<KeyValue | undefined> {
    const entry = await this.#cursor.next();
    if (entry === undefined) return undefined;
    const { namespace, key, value } = toVersionedKey(this.#namespace, this.#space, entry);
    return { namespace, key, value };
  }

  async close(): Promise<void> {
    await this.#cursor.close();
  }
}
