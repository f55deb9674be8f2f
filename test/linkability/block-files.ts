/** The envelopes of a native peer's block files (common/ledger/blkstorage/block_serialization.go). */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Reads numbers and bytes one after the other. */
class Cursor {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#bytes.readUInt8(this.#at++);
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  take(length: number): Buffer {
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}

/** A block as Fabric stores it: number, two hashes, then the envelopes. */
function envelopesIn(block: Buffer): Buffer[] {
  const cursor = new Cursor(block);
  cursor.varint();
  cursor.take(cursor.varint());
  cursor.take(cursor.varint());
  return Array.from({ length: cursor.varint() }, () => cursor.take(cursor.varint()));
}

function blocksIn(file: Buffer): Buffer[] {
  const cursor = new Cursor(file);
  const blocks: Buffer[] = [];
  while (!cursor.isAtEnd) blocks.push(cursor.take(cursor.varint()));
  return blocks;
}

/** The envelopes of each block of a stopped peer, in order. */
export async function fabricEnvelopes(peerFolder: string): Promise<Buffer[][]> {
  const entries = await readdir(peerFolder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter(({ name }) => name.startsWith('blockfile_'))
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort();
  const contents = await Promise.all(files.map((file) => readFile(file)));
  return contents.flatMap((file) => blocksIn(file).map(envelopesIn));
}
