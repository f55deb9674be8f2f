import { ClassicLevel, type Iterator, type Snapshot as LevelSnapshot } from 'classic-level';
import { afterPrefix } from './keys.ts';
import { LedgerError } from './types.ts';

const CACHE_BYTES = 64 * 1024 * 1024;
/** Larger than LevelDB's 4 MB: a block of chunks is a few MB, and fewer, larger flushes compact less. */
const WRITE_BUFFER_BYTES = 16 * 1024 * 1024;
const CURSOR_PAGE = 100;

export type Snapshot = LevelSnapshot;
type Level = ClassicLevel<Buffer, Buffer>;
type LevelIterator = Iterator<Level, Buffer, Buffer>;

export interface Entry {
  readonly key: Buffer;
  readonly value: Buffer;
}

export interface Range {
  /** Inclusive. */
  readonly from: Buffer;
  /** Exclusive. */
  readonly to: Buffer;
  readonly reverse?: boolean;
  readonly keysOnly?: boolean;
}

export function prefixRange(prefix: Buffer): Range {
  return { from: prefix, to: afterPrefix(prefix) };
}

/** Reads a range a page at a time. */
export class Cursor {
  readonly #iterator: LevelIterator;
  #page: [Buffer, Buffer][] = [];
  #at = 0;
  #exhausted = false;

  constructor(iterator: LevelIterator) {
    this.#iterator = iterator;
  }

  async next(): Promise<Entry | undefined> {
    if (this.#at >= this.#page.length) await this.#fill();
    const entry = this.#page[this.#at];
    if (entry === undefined) return undefined;
    this.#at += 1;
    return { key: entry[0], value: entry[1] };
  }

  async close(): Promise<void> {
    this.#exhausted = true;
    this.#page = [];
    await this.#iterator.close();
  }

  async #fill(): Promise<void> {
    this.#at = 0;
    this.#page = this.#exhausted ? [] : await this.#iterator.nextv(CURSOR_PAGE);
    this.#exhausted = this.#page.length === 0;
  }
}

/** Changes to be written together. A later change of a key wins. */
export class WriteBatch {
  readonly changes: [key: Buffer, value: Buffer | undefined][] = [];

  put(key: Buffer, value: Buffer): void {
    this.changes.push([key, value]);
  }

  delete(key: Buffer): void {
    this.changes.push([key, undefined]);
  }
}

/** One LevelDB: point reads are synchronous (microseconds), a batch is atomic. */
export class Database {
  readonly #level: Level;
  readonly #sync: boolean;

  constructor(level: Level, sync: boolean) {
    this.#level = level;
    this.#sync = sync;
  }

  /** @throws LedgerError when another process has the directory open, or it is no database. */
  static async open(dir: string, sync: boolean): Promise<Database> {
    const level = new ClassicLevel<Buffer, Buffer>(dir, {
      keyEncoding: 'buffer',
      valueEncoding: 'buffer',
      cacheSize: CACHE_BYTES,
      writeBufferSize: WRITE_BUFFER_BYTES,
    });
    try {
      await level.open();
    } catch (error) {
      throw openingError(error);
    }
    return new Database(level, sync);
  }

  get(key: Buffer, snapshot?: Snapshot): Buffer | undefined {
    return snapshot === undefined
      ? this.#level.getSync(key)
      : this.#level.getSync(key, { snapshot });
  }

  cursor({ from, to, reverse = false, keysOnly = false }: Range, snapshot?: Snapshot): Cursor {
    return new Cursor(
      this.#level.iterator({ gte: from, lt: to, reverse, values: !keysOnly, snapshot }),
    );
  }

  /** Every entry of a range that is known to be small. */
  async all(range: Range): Promise<Entry[]> {
    const cursor = this.cursor(range);
    const entries: Entry[] = [];
    try {
      for (let entry = await cursor.next(); entry; entry = await cursor.next()) entries.push(entry);
    } finally {
      await cursor.close();
    }
    return entries;
  }

  snapshot(): Snapshot {
    return this.#level.snapshot();
  }

  /** All or nothing; durable when resolved. */
  async write(batch: WriteBatch): Promise<void> {
    const chained = this.#level.batch();
    for (const [key, value] of batch.changes) {
      if (value === undefined) chained.del(key);
      else chained.put(key, value);
    }
    await chained.write({ sync: this.#sync });
  }

  async close(): Promise<void> {
    await this.#level.close();
  }
}

function openingError(error: unknown): LedgerError {
  const text = locked(error)
    ? 'the ledger directory is in use by another process: stop it, or choose another directory'
    : 'the ledger directory cannot be opened: it holds no ledger of ours, or cannot be written';
  return new LedgerError(text, { cause: error });
}

function locked(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  if ('code' in error && error.code === 'LEVEL_LOCKED') return true;
  return 'cause' in error && locked(error.cause);
}
