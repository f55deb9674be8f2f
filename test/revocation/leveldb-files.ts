/**
 * What physically stands in LevelDB's files, compressed or not, deleted or not
 * (https://github.com/google/leveldb/blob/main/doc/table_format.md, log_format.md).
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const LOG_BLOCK_BYTES = 32_768;
const LOG_HEADER_BYTES = 7;
const FOOTER_BYTES = 48;
const MAGIC = Buffer.from('57fb808b247547db', 'hex');
const SNAPPY = 1;

/** Reads numbers and bytes one after the other. */
class Cursor {
  readonly #bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.at = at;
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#bytes.readUInt8(this.at++);
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  take(length: number): Buffer {
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }
}

/** A place in a table file. */
interface Handle {
  readonly offset: number;
  readonly size: number;
}

function copyLength(tag: number): number {
  return (tag & 3) === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
}

/** https://github.com/google/snappy/blob/main/format_description.txt */
export function unsnappy(bytes: Buffer): Buffer {
  const cursor = new Cursor(bytes);
  const out = Buffer.alloc(cursor.varint());
  let length = 0;
  while (cursor.at < bytes.length) {
    const tag = cursor.take(1).readUInt8();
    if ((tag & 3) === 0) {
      const code = tag >> 2;
      const size = code < 60 ? code : cursor.take(code - 59).readUIntLE(0, code - 59);
      length += cursor.take(size + 1).copy(out, length);
      continue;
    }
    const width = [0, 1, 2, 4][tag & 3] ?? 0;
    const low = cursor.take(width).readUIntLE(0, width);
    const back = (tag & 3) === 1 ? ((tag >> 5) << 8) | low : low;
    // Byte by byte: a copy may reach into what it writes.
    for (let left = copyLength(tag); left > 0; left -= 1, length += 1) {
      out.writeUInt8(out.readUInt8(length - back), length);
    }
  }
  return out;
}

function blockAt(file: Buffer, { offset, size }: Handle): Buffer {
  const content = file.subarray(offset, offset + size);
  return file.readUInt8(offset + size) === SNAPPY ? unsnappy(content) : content;
}

function handlesIn(index: Buffer): Handle[] {
  const restarts = index.readUInt32LE(index.length - 4);
  const end = index.length - 4 - 4 * restarts;
  const cursor = new Cursor(index);
  const handles: Handle[] = [];
  while (cursor.at < end) {
    cursor.varint();
    const keyLength = cursor.varint();
    const valueLength = cursor.varint();
    cursor.take(keyLength);
    const value = new Cursor(cursor.take(valueLength));
    handles.push({ offset: value.varint(), size: value.varint() });
  }
  return handles;
}

/** All data blocks of a table file, uncompressed. */
export function tableBlocks(file: Buffer): Buffer[] {
  const footer = file.subarray(-FOOTER_BYTES);
  if (!footer.subarray(-MAGIC.length).equals(MAGIC)) throw new Error('no table file');
  const cursor = new Cursor(footer);
  cursor.varint();
  cursor.varint();
  const index = blockAt(file, { offset: cursor.varint(), size: cursor.varint() });
  return handlesIn(index).map((handle) => blockAt(file, handle));
}

/** A journal without the headers that cut long records into pieces. */
export function journal(file: Buffer): Buffer {
  const pieces: Buffer[] = [];
  for (let block = 0; block < file.length; block += LOG_BLOCK_BYTES) {
    const end = Math.min(block + LOG_BLOCK_BYTES, file.length);
    let at = block;
    while (at + LOG_HEADER_BYTES <= end) {
      const length = file.readUInt16LE(at + 4);
      pieces.push(file.subarray(at + LOG_HEADER_BYTES, at + LOG_HEADER_BYTES + length));
      at += LOG_HEADER_BYTES + length;
    }
  }
  return Buffer.concat(pieces);
}

/** A file with everything in it that can be read. */
export interface ReadFile {
  /** Below the folder. */
  readonly path: string;
  readonly contents: readonly Buffer[];
}

/** Every file below a folder: as it is, and LevelDB's ones besides without compression and headers. */
export async function filesBelow(folder: string): Promise<ReadFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return Promise.all(
    files.map(async ({ parentPath, name }) => {
      const file = await readFile(join(parentPath, name));
      const path = join(parentPath, name).slice(folder.length + 1);
      if (/\.(ldb|sst)$/.test(name)) return { path, contents: [file, ...tableBlocks(file)] };
      if (/\d+\.log$/.test(name)) return { path, contents: [file, journal(file)] };
      return { path, contents: [file] };
    }),
  );
}

/** Paths of the files in which a text stands. */
export function pathsWith(files: readonly ReadFile[], text: string): string[] {
  const bytes = Buffer.from(text);
  return files
    .filter(({ contents }) => contents.some((content) => content.includes(bytes)))
    .map(({ path }) => path);
}
