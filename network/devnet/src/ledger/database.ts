import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ClassicLevel, type Iterator, type Snapshot as LevelSnapshot } from 'classic-level';
import { afterPrefix } from './keys.ts';
import { LedgerError } from './types.ts';
import { type UndoLayer, UndoLog } from './undo-log.ts';

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
  readonly dir: string;
  readonly #sync: boolean;
  #level: Level;
  #undo: UndoLog;

  private constructor(dir: string, sync: boolean, level: Level, undo: UndoLog) {
    this.dir = dir;
    this.#sync = sync;
    this.#level = level;
    this.#undo = undo;
  }

  /** @throws LedgerError when another process has the directory open, or it is no database. */
  static async open(dir: string, sync: boolean): Promise<Database> {
    await finishReplacement(dir);
    const level = await openLevel(dir);
    return new Database(dir, sync, level, await UndoLog.open(level));
  }

  /** Moments that can be reverted to, oldest first. */
  get snapshots(): readonly UndoLayer[] {
    return this.#undo.layers;
  }

  /** Nothing may be written meanwhile. */
  async addSnapshot(note: string, least: number): Promise<UndoLayer> {
    return this.#undo.add(note, this.#sync, least);
  }

  /** Nothing may be read or written meanwhile. @throws LedgerError when there is no such snapshot. */
  async revert(serial: number): Promise<void> {
    await this.#undo.revert(serial, this.#sync);
  }

  /** Nothing may be written meanwhile. @throws LedgerError when there is no such snapshot. */
  async releaseSnapshot(serial: number): Promise<void> {
    await this.#undo.release(serial, this.#sync);
  }

  /**
   * Puts another database, which must be closed, in the place of this one. Nothing may be read or written meanwhile. A kill
   * at any moment leaves the one or the other.
   */
  async replaceWith(dir: string): Promise<void> {
    await this.#level.close();
    await rename(this.dir, replacedFolder(this.dir));
    await rename(dir, this.dir);
    await finishReplacement(this.dir);
    this.#level = await openLevel(this.dir);
    this.#undo = await UndoLog.open(this.#level);
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

  /**
   * All or nothing; durable when resolved. `withTheNext` = safe against the end of the process at once, against the end
   * of the machine only with the next durable write.
   */
  async write(batch: WriteBatch, durable: 'atOnce' | 'withTheNext' = 'atOnce'): Promise<void> {
    const chained = this.#level.batch();
    for (const [key, value] of [...batch.changes, ...this.#undo.records(batch.changes)]) {
      if (value === undefined) chained.del(key);
      else chained.put(key, value);
    }
    await chained.write({ sync: this.#sync && durable === 'atOnce' });
  }

  async close(): Promise<void> {
    await this.#level.close();
  }
}

async function openLevel(dir: string): Promise<Level> {
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
  return level;
}

/** Where the database is while another one takes its place. */
function replacedFolder(dir: string): string {
  return `${dir}.replaced`;
}

/** A replacement that was cut off between its two steps is taken back; one that was complete is cleared up. */
async function finishReplacement(dir: string): Promise<void> {
  const replaced = replacedFolder(dir);
  if (!existsSync(replaced)) return;
  if (existsSync(join(dir, 'CURRENT'))) await rm(replaced, { recursive: true });
  else await rename(replaced, dir);
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
