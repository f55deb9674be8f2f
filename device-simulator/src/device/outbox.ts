import { closeSync, openSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { PulseError } from '@pulseledger/domain';

/** Chunks a device may keep while it cannot deliver: two weeks of 60 s windows. */
export const MAX_PENDING_CHUNKS_PER_DEVICE = 20_160;

/** What names a chunk of one device. */
export interface ChunkKey {
  readonly deviceId: string;
  readonly boot: number;
  readonly firstSequence: number;
}

/** A signed chunk that waits for its acknowledgement by the ledger. */
export interface PendingChunk extends ChunkKey {
  readonly count: number;
  /** When the window was closed, Unix milliseconds of the machine's clock. */
  readonly closedAtMs: number;
  readonly bytes: Uint8Array;
}

/** Where a device's numbering stands. */
export interface Numbering {
  readonly boot: number;
  readonly nextSequence: number;
}

const SCHEMA = `
CREATE TABLE IF NOT EXISTS device (
  device_id TEXT PRIMARY KEY, boot INTEGER NOT NULL, next_sequence INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS chunk (
  device_id TEXT NOT NULL, boot INTEGER NOT NULL, first_sequence INTEGER NOT NULL,
  count INTEGER NOT NULL, closed_at INTEGER NOT NULL, bytes BLOB NOT NULL,
  PRIMARY KEY (device_id, boot, first_sequence)
) STRICT;
`;

function wholeNumber(row: Record<string, unknown> | undefined, column: string): number {
  const value = row?.[column];
  if (typeof value !== 'number') throw new PulseError('internal', `outbox: no ${column}`);
  return value;
}

function text(row: Record<string, unknown>, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw new PulseError('internal', `outbox: no ${column}`);
  return value;
}

function blob(row: Record<string, unknown>, column: string): Uint8Array {
  const value = row[column];
  if (!(value instanceof Uint8Array)) throw new PulseError('internal', `outbox: no ${column}`);
  return value;
}

function pendingFromRow(row: Record<string, unknown>): PendingChunk {
  return {
    deviceId: text(row, 'device_id'),
    boot: wholeNumber(row, 'boot'),
    firstSequence: wholeNumber(row, 'first_sequence'),
    count: wholeNumber(row, 'count'),
    closedAtMs: wholeNumber(row, 'closed_at'),
    bytes: blob(row, 'bytes'),
  };
}

const SQLITE_BUSY = 5;

function isBusy(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return false;
  // The low byte is the kind of error, the rest says more.
  return (Number(error.errcode) & 0xff) === SQLITE_BUSY;
}

function openFile(path: string): DatabaseSync {
  // Readings of people: for the owner's eyes only, from the first byte.
  if (path !== ':memory:') closeSync(openSync(path, 'a', 0o600));
  return new DatabaseSync(path);
}

function prepared(database: DatabaseSync): DatabaseSync {
  try {
    // Two processes that number the same device would tear its sequences apart: one at a time. FULL,
    // because in WAL mode anything less does not sync at commit.
    database.exec(
      'PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;',
    );
    database.exec(SCHEMA);
    return database;
  } catch (error) {
    database.close();
    if (isBusy(error)) {
      throw new PulseError('conflict', 'another simulator is using this folder: wait for its end');
    }
    throw error;
  }
}

/**
 * The durable outbox of all devices of one process: a signed chunk stays here, byte for byte, until
 * the ledger has answered for it. Every write is on disk (fsync) before the call returns, and the
 * numbering moves in the same transaction as the chunk, so that no crash can lose a chunk or number
 * two chunks alike.
 */
export class Outbox {
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #advance: StatementSync;
  readonly #remove: StatementSync;
  readonly #pending: StatementSync;
  readonly #counts: StatementSync;
  readonly #numbering: StatementSync;
  readonly #saveNumbering: StatementSync;

  /** @param storage Database file (its folder must exist; `:memory:` for tests), or an open database. */
  constructor(storage: string | DatabaseSync) {
    const database = prepared(typeof storage === 'string' ? openFile(storage) : storage);
    this.#database = database;
    this.#insert = database.prepare(
      'INSERT INTO chunk (device_id, boot, first_sequence, count, closed_at, bytes) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#advance = database.prepare(
      'UPDATE device SET next_sequence = ? WHERE device_id = ? AND boot = ? AND next_sequence = ?',
    );
    this.#remove = database.prepare(
      'DELETE FROM chunk WHERE device_id = ? AND boot = ? AND first_sequence = ?',
    );
    this.#pending = database.prepare(
      `SELECT * FROM chunk WHERE device_id = ? AND (boot, first_sequence) > (?, ?)
       ORDER BY boot, first_sequence LIMIT ?`,
    );
    this.#counts = database.prepare(
      'SELECT count(*) AS chunks, coalesce(sum(count), 0) AS readings FROM chunk WHERE device_id = ?',
    );
    this.#numbering = database.prepare(
      'SELECT boot, next_sequence FROM device WHERE device_id = ?',
    );
    this.#saveNumbering = database.prepare(
      `INSERT INTO device (device_id, boot, next_sequence) VALUES (?, ?, ?)
       ON CONFLICT (device_id) DO UPDATE SET boot = excluded.boot, next_sequence = excluded.next_sequence`,
    );
  }

  /** Run in one transaction: all of it is on disk afterwards, or nothing. */
  transaction<T>(work: () => T): T {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  /** The numbering of a device; a device that is new here starts with boot 1, sequence 0. */
  numbering(deviceId: string): Numbering {
    const row = this.#numbering.get(deviceId);
    if (row === undefined) {
      this.#saveNumbering.run(deviceId, 1, 0);
      return { boot: 1, nextSequence: 0 };
    }
    return { boot: wholeNumber(row, 'boot'), nextSequence: wholeNumber(row, 'next_sequence') };
  }

  /**
   * The device starts: its boot number goes up by one and its sequence begins again at 0. What is
   * still pending keeps its old numbers.
   */
  beginBoot(deviceId: string): Numbering {
    const row = this.#numbering.get(deviceId);
    const boot = row === undefined ? 1 : wholeNumber(row, 'boot') + 1;
    this.#saveNumbering.run(deviceId, boot, 0);
    return { boot, nextSequence: 0 };
  }

  /**
   * Take over signed chunks; returns when they are on disk. Call within {@link transaction} to take
   * over the chunks of several devices with one sync.
   *
   * @throws PulseError conflict when a chunk does not continue its device's numbering.
   */
  put(chunk: PendingChunk): void {
    const { deviceId, boot, firstSequence, count } = chunk;
    const moved = this.#advance.run(firstSequence + count, deviceId, boot, firstSequence);
    if (moved.changes !== 1) {
      throw new PulseError('conflict', 'outbox: the chunk does not continue the numbering');
    }
    this.#insert.run(deviceId, boot, firstSequence, count, chunk.closedAtMs, chunk.bytes);
  }

  /** Is there room for another chunk of this device? */
  hasRoom(deviceId: string): boolean {
    return this.pendingCounts(deviceId).chunks < MAX_PENDING_CHUNKS_PER_DEVICE;
  }

  /** Forget a chunk that the ledger has answered for; false when it was not here. */
  remove(key: ChunkKey): boolean {
    return this.#remove.run(key.deviceId, key.boot, key.firstSequence).changes === 1;
  }

  /** Pending chunks of a device after the given numbers, oldest first. */
  pendingAfter(deviceId: string, after: Omit<ChunkKey, 'deviceId'>, limit: number): PendingChunk[] {
    return this.#pending
      .all(deviceId, after.boot, after.firstSequence, limit)
      .map((row) => pendingFromRow(row));
  }

  /** How much of a device waits for the ledger. */
  pendingCounts(deviceId: string): { chunks: number; readings: number } {
    const row = this.#counts.get(deviceId);
    return { chunks: wholeNumber(row, 'chunks'), readings: wholeNumber(row, 'readings') };
  }

  /** For tables that must change in the same transaction (replay keeps its ledger of taken rows here). */
  get database(): DatabaseSync {
    return this.#database;
  }

  close(): void {
    this.#database.close();
  }
}
