import { hash } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { ABSENT_REASONS, isVitalCode, PulseError, type Reading } from '@pulseledger/domain';
import { z } from 'zod';
import type { ImportedReading, Source } from './types.ts';

/** Different devices or apps in one patient's recordings. */
const MAX_SOURCES = 256;
const DIGEST_BYTES = 16;
/** Rows written between two commits: staging need not survive a crash. */
const ROWS_PER_COMMIT = 20_000;

const SCHEMA = `
CREATE TABLE IF NOT EXISTS source (
  id INTEGER PRIMARY KEY, label BLOB NOT NULL UNIQUE, manufacturer TEXT NOT NULL, model TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS taken (
  source INTEGER NOT NULL, digest BLOB NOT NULL, PRIMARY KEY (source, digest)
) STRICT, WITHOUT ROWID;
DROP TABLE IF EXISTS staged;
CREATE TABLE staged (
  id INTEGER PRIMARY KEY, source INTEGER NOT NULL, digest BLOB NOT NULL, file INTEGER NOT NULL, copy INTEGER NOT NULL,
  at_ms INTEGER NOT NULL, zone INTEGER NOT NULL, duration INTEGER NOT NULL,
  code TEXT NOT NULL, unit TEXT NOT NULL, value REAL, absent TEXT
) STRICT;
CREATE UNIQUE INDEX staged_digest ON staged (source, digest);
`;

const StagedRow = z.object({
  id: z.int(),
  digest: z.instanceof(Uint8Array),
  at_ms: z.int(),
  zone: z.int(),
  duration: z.int(),
  code: z.string().refine(isVitalCode),
  unit: z.string(),
  value: z.number().nullable(),
  absent: z.enum(ABSENT_REASONS).nullable(),
});

/** A reading that waits to be put into a chunk. */
export interface StagedReading {
  readonly id: number;
  readonly digest: Uint8Array;
  readonly zoneOffsetMinutes: number;
  readonly reading: Reading;
}

/** A device or app whose readings wait. */
export interface StagedSource {
  readonly id: number;
  readonly manufacturer: string;
  readonly model: string;
  /** Hash of the label: names the source without saying anything. */
  readonly labelDigest: string;
  readonly earliestMs: number;
  readonly readings: number;
}

const SourceRow = z.object({
  id: z.int(),
  label: z.instanceof(Uint8Array),
  manufacturer: z.string(),
  model: z.string(),
  earliest: z.int(),
  readings: z.int(),
});

function digestOf(text: string): Uint8Array {
  return hash('sha256', text, 'buffer').subarray(0, DIGEST_BYTES);
}

function readingOf(row: z.infer<typeof StagedRow>): Reading {
  const { code, unit, at_ms: atMs, duration, value, absent } = row;
  const base = { code, unit, atMs, ...(duration > 0 ? { durationMs: duration } : {}) };
  return value === null ? { ...base, absent: absent ?? 'unknown' } : { ...base, value };
}

/** What staging made of a reading. */
export type Staged = 'new' | 'already' | 'duplicate' | 'copy';

/**
 * Sorts recordings on disk: importers write readings in any order, chunks are made in order of time.
 * It also remembers, by digest, every source record that an earlier replay has handed over, so that
 * replaying a file again, or a later export of the same data, adds only what is new.
 */
export class Staging {
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #taken: StatementSync;
  readonly #addTaken: StatementSync;
  readonly #existing: StatementSync;
  readonly #copied: StatementSync;
  readonly #discard: StatementSync;
  readonly #discardFile: StatementSync;
  readonly #page: StatementSync;
  readonly #sourceIds: Map<string, number> = new Map<string, number>();
  #uncommitted = 0;

  constructor(database: DatabaseSync) {
    this.#database = database;
    database.exec(SCHEMA);
    this.#insert = database.prepare(
      `INSERT INTO staged (source, digest, file, copy, at_ms, zone, duration, code, unit, value, absent)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    );
    this.#taken = database.prepare('SELECT 1 FROM taken WHERE source = ? AND digest = ?');
    this.#addTaken = database.prepare('INSERT OR IGNORE INTO taken (source, digest) VALUES (?, ?)');
    this.#existing = database.prepare('SELECT copy FROM staged WHERE source = ? AND digest = ?');
    this.#copied = database.prepare('UPDATE staged SET copy = 0 WHERE source = ? AND digest = ?');
    this.#discard = database.prepare('DELETE FROM staged WHERE id = ?');
    this.#discardFile = database.prepare('DELETE FROM staged WHERE file = ?');
    this.#page = database.prepare(
      'SELECT * FROM staged WHERE source = ? ORDER BY at_ms, id LIMIT ?',
    );
  }

  #sourceId(source: Source): number {
    const known = this.#sourceIds.get(source.label);
    if (known !== undefined) return known;
    if (this.#sourceIds.size >= MAX_SOURCES) {
      throw new PulseError(
        'too_costly',
        `more than ${MAX_SOURCES} devices or apps in the recordings`,
      );
    }
    const label = digestOf(source.label);
    this.#database
      .prepare(
        'INSERT INTO source (label, manufacturer, model) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
      )
      .run(label, source.manufacturer, source.model);
    const row = this.#database.prepare('SELECT id FROM source WHERE label = ?').get(label);
    const id = z.object({ id: z.int() }).parse(row).id;
    this.#sourceIds.set(source.label, id);
    return id;
  }

  /** @param file Number of the file it comes from. */
  add(reading: ImportedReading, file: number): Staged {
    this.#begin();
    const source = this.#sourceId(reading.source);
    const digest = digestOf(`${reading.code}\u0000${reading.identity}`);
    const { what, copy = false } = reading;
    const inserted = this.#insert.run(
      source,
      digest,
      file,
      copy ? 1 : 0,
      reading.atMs,
      reading.zoneOffsetMinutes,
      reading.durationMs ?? 0,
      reading.code,
      reading.unit,
      typeof what === 'number' ? what : null,
      typeof what === 'number' ? null : what,
    );
    if (inserted.changes === 1) {
      return this.#taken.get(source, digest) === undefined ? 'new' : 'already';
    }
    return this.#again(source, digest, copy);
  }

  /** A record that is there already: written twice, or one of the two is the format's own copy. */
  #again(source: number, digest: Uint8Array, copy: boolean): Staged {
    if (copy) return 'copy';
    const existing = z.object({ copy: z.int() }).parse(this.#existing.get(source, digest));
    if (existing.copy === 0) return 'duplicate';
    this.#copied.run(source, digest);
    return 'copy';
  }

  #begin(): void {
    if (this.#uncommitted === 0) this.#database.exec('BEGIN');
    this.#uncommitted += 1;
    if (this.#uncommitted >= ROWS_PER_COMMIT) this.finish();
  }

  /** End a run of {@link add}. */
  finish(): void {
    if (this.#uncommitted > 0) this.#database.exec('COMMIT');
    this.#uncommitted = 0;
  }

  /** Forget what a file brought. */
  discardFile(file: number): void {
    this.finish();
    this.#discardFile.run(file);
  }

  /** Leave out what earlier replays have handed over. */
  dropTaken(): void {
    this.finish();
    this.#database.exec(
      `DELETE FROM staged WHERE EXISTS
         (SELECT 1 FROM taken WHERE taken.source = staged.source AND taken.digest = staged.digest);
       CREATE INDEX staged_time ON staged (source, at_ms, id);`,
    );
  }

  /** Sources with waiting readings. */
  sources(): StagedSource[] {
    return this.#database
      .prepare(
        `SELECT source.id, label, manufacturer, model, min(at_ms) AS earliest, count(*) AS readings
         FROM staged JOIN source ON source.id = staged.source GROUP BY source.id ORDER BY source.id`,
      )
      .all()
      .map((row) => {
        const { label, earliest, ...rest } = SourceRow.parse(row);
        return { ...rest, labelDigest: Buffer.from(label).toString('hex'), earliestMs: earliest };
      });
  }

  /** The earliest waiting readings of a source. */
  page(source: number, limit: number): StagedReading[] {
    return this.#page.all(source, limit).map((row) => {
      const parsed = StagedRow.parse(row);
      return {
        id: parsed.id,
        digest: parsed.digest,
        zoneOffsetMinutes: parsed.zone,
        reading: readingOf(parsed),
      };
    });
  }

  /** Readings are in a chunk now. Call within the transaction that stores the chunk. */
  take(source: number, readings: readonly StagedReading[]): void {
    for (const { id, digest } of readings) {
      this.#addTaken.run(source, digest);
      this.#discard.run(id);
    }
  }
}
