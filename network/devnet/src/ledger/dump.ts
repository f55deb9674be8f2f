import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { Readable, type Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGunzip, createGzip } from 'node:zlib';
import { z } from 'zod';
import { type Cursor, Database, type Entry, WriteBatch } from './database.ts';
import { LedgerError } from './types.ts';
import { isUndoKey } from './undo-log.ts';

/**
 * A dump is one gzip stream: a line of JSON, then every entry of the database as two lengths (4 bytes, big-endian), key and
 * value, then {@link END} in place of a length, then SHA-256 of everything before it.
 */
const FORMAT = 'fabric-devnet-ledger';
const VERSION = 1;
const LENGTH_BYTES = 4;
const END = 0xffffffff;
const HASH_BYTES = 32;
const MAX_ENTRY_BYTES = 256 * 1024 * 1024;
const MAX_HEADER_BYTES = 64 * 1024;
const BATCH_BYTES = 4 * 1024 * 1024;

const headerSchema = z.strictObject({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  channel: z.string(),
  height: z.int().min(0),
});

interface DumpHeader {
  readonly channel: string;
  readonly height: number;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(LENGTH_BYTES);
  bytes.writeUInt32BE(value);
  return bytes;
}

async function* plainDump(cursor: Cursor, header: DumpHeader): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  const line = JSON.stringify({ format: FORMAT, version: VERSION, ...header });
  const first = Buffer.from(`${line}\n`);
  hash.update(first);
  yield first;
  try {
    for (let entry = await cursor.next(); entry; entry = await cursor.next()) {
      const { key, value } = entry;
      if (isUndoKey(key)) continue;
      const bytes = Buffer.concat([uint32(key.length), uint32(value.length), key, value]);
      hash.update(bytes);
      yield bytes;
    }
  } finally {
    await cursor.close();
  }
  hash.update(uint32(END));
  yield Buffer.concat([uint32(END), hash.digest()]);
}

/** The whole database, as it is now, as one stream of bytes. */
export function dump(database: Database, header: DumpHeader): Transform {
  const gzip = createGzip({ level: constants.Z_BEST_SPEED });
  // A cursor does not see what is written after it was made.
  const cursor = database.cursor({ from: Buffer.alloc(0), to: Buffer.from([0xff]) });
  // A failure on the way ends the reader's stream with the error.
  pipeline(Readable.from(plainDump(cursor, header)), gzip).catch(() => undefined);
  return gzip;
}

function damaged(what: string, cause?: unknown): LedgerError {
  return new LedgerError(
    `the dump cannot be loaded: ${what}. The ledger is as it was; make the dump anew, or take another copy of it`,
    { cause },
  );
}

/** Takes the plain dump apart as it comes, and hands on the entries. */
class DumpReader {
  readonly #hash = createHash('sha256');
  readonly #take: (entry: Entry, header: DumpHeader) => Promise<void>;
  #rest: Buffer = Buffer.alloc(0);
  #header: DumpHeader | undefined;
  #digest: Buffer | undefined;

  constructor(take: (entry: Entry, header: DumpHeader) => Promise<void>) {
    this.#take = take;
  }

  async add(bytes: Buffer): Promise<void> {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    this.#header ??= this.#readHeader();
    if (this.#header === undefined) return;
    for (let entry = this.#readEntry(); entry; entry = this.#readEntry()) {
      await this.#take(entry, this.#header);
    }
  }

  /** @throws LedgerError when there was no complete dump. */
  end(): DumpHeader {
    const stored = this.#rest.subarray(LENGTH_BYTES);
    if (this.#header === undefined || this.#digest === undefined) {
      throw damaged('the file is cut off');
    }
    if (stored.length !== HASH_BYTES || !this.#digest.equals(stored)) {
      throw damaged('its bytes do not have the hash that was written with them');
    }
    return this.#header;
  }

  #readHeader(): DumpHeader | undefined {
    const end = this.#rest.indexOf('\n');
    if (end < 0 && this.#rest.length <= MAX_HEADER_BYTES) return undefined;
    const header = headerSchema.safeParse(parseJson(this.#rest.toString('utf8', 0, end)));
    if (!header.success)
      throw damaged('the file is no dump of a ledger that this version can read');
    this.#consume(end + 1);
    return header.data;
  }

  #readEntry(): Entry | undefined {
    const rest = this.#rest;
    if (this.#digest !== undefined || rest.length < 2 * LENGTH_BYTES) return undefined;
    const keyLength = rest.readUInt32BE(0);
    if (keyLength === END) {
      this.#hash.update(rest.subarray(0, LENGTH_BYTES));
      this.#digest = this.#hash.digest();
      return undefined;
    }
    const valueLength = rest.readUInt32BE(LENGTH_BYTES);
    const end = 2 * LENGTH_BYTES + keyLength + valueLength;
    if (end > MAX_ENTRY_BYTES) throw damaged('an entry has an impossible length');
    if (rest.length < end) return undefined;
    const key = Buffer.from(rest.subarray(2 * LENGTH_BYTES, 2 * LENGTH_BYTES + keyLength));
    const value = Buffer.from(rest.subarray(2 * LENGTH_BYTES + keyLength, end));
    this.#consume(end);
    return { key, value };
  }

  #consume(length: number): void {
    this.#hash.update(this.#rest.subarray(0, length));
    this.#rest = this.#rest.subarray(length);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isUnzipError(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('code' in error)) return false;
  return typeof error.code === 'string' && error.code.startsWith('Z_');
}

async function readInto(database: Database, from: Readable): Promise<DumpHeader> {
  let batch = new WriteBatch();
  let size = 0;
  const flush = async (): Promise<void> => {
    await database.write(batch);
    batch = new WriteBatch();
    size = 0;
  };
  const reader = new DumpReader(async ({ key, value }) => {
    batch.put(key, value);
    size += key.length + value.length;
    if (size >= BATCH_BYTES) await flush();
  });
  const sink = new Writable({
    write: (bytes: Buffer, _encoding, done) => {
      reader.add(bytes).then(() => {
        done();
      }, done);
    },
  });
  try {
    await pipeline(from, createGunzip(), sink);
  } catch (error) {
    throw isUnzipError(error) ? damaged('its bytes are damaged', error) : error;
  }
  await flush();
  return reader.end();
}

/**
 * Makes a database of a dump in a folder of its own, which must not exist.
 *
 * @throws LedgerError when the dump is damaged or incomplete; then the folder is gone again.
 */
export async function undump(
  dir: string,
  from: Readable,
): Promise<{ database: Database; header: DumpHeader }> {
  await rm(dir, { recursive: true, force: true });
  const database = await Database.open(dir, true);
  try {
    return { database, header: await readInto(database, from) };
  } catch (error) {
    await database.close();
    await rm(dir, { recursive: true });
    throw error;
  }
}
