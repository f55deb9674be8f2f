import { FitEncoder } from 'fit-file-parser';

const SHORT_HEADER = 12;
const LONG_HEADER = 14;
const CRC_BYTES = 2;
const COMPRESSED = 0x80;
const DEFINITION = 0x40;
const DEVELOPER_FIELDS = 0x20;
const UNFINISHED = 'the file ends within a message';

/** One FIT file within a file: several can be chained. */
export interface FitPart {
  /** A FIT file that ends after its last whole message; its checksum is not kept up. */
  readonly bytes: Uint8Array;
  /** Does the stated checksum fit the data? Undefined when the file ends before it. */
  readonly checksum: 'right' | 'wrong' | undefined;
  /** What cut the part short, if anything did. */
  readonly problem?: string;
}

/** Size of each local message type's data. */
type MessageSizes = Map<number, number>;

class Frames {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  readonly #sizes: MessageSizes = new Map<number, number>();
  /** End of the last whole message. */
  position: number;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.position = start;
    this.#end = end;
  }

  /** Walk to the end; what stopped it earlier, if anything. */
  walk(): string | undefined {
    while (this.position < this.#end) {
      const next = this.#next();
      if (typeof next === 'string') return next;
      this.position = next;
    }
    return undefined;
  }

  #byte(at: number): number {
    return this.#bytes[at] ?? 0;
  }

  #next(): number | string {
    const header = this.#byte(this.position);
    const compressed = (header & COMPRESSED) !== 0;
    if (!compressed && (header & DEFINITION) !== 0) return this.#definition(header);
    const size = this.#sizes.get(compressed ? (header >> 5) & 3 : header & 15);
    if (size === undefined) return 'a message without a definition';
    const end = this.position + 1 + size;
    return end > this.#end ? UNFINISHED : end;
  }

  #definition(header: number): number | string {
    const fields = this.#fieldsSize(this.position + 6, this.#byte(this.position + 5));
    let { end, size } = fields;
    if ((header & DEVELOPER_FIELDS) !== 0) {
      const developer = this.#fieldsSize(end + 1, this.#byte(end));
      end = developer.end;
      size += developer.size;
    }
    if (end > this.#end) return UNFINISHED;
    this.#sizes.set(header & 15, size);
    return end;
  }

  /** Field definitions take three bytes; the second is the field's size. */
  #fieldsSize(start: number, count: number): { end: number; size: number } {
    let size = 0;
    for (let i = 0; i < count; i += 1) size += this.#byte(start + 3 * i + 1);
    return { end: start + 3 * count, size };
  }
}

/** Is this the start of a FIT file? */
export function isFit(bytes: Uint8Array): boolean {
  const headerSize = bytes[0];
  const known = headerSize === SHORT_HEADER || headerSize === LONG_HEADER;
  return known && String.fromCharCode(...bytes.subarray(8, 12)) === '.FIT';
}

function part(file: Uint8Array): { readonly part: FitPart; readonly length: number } {
  const headerSize = file[0] ?? 0;
  const stated = new DataView(file.buffer, file.byteOffset).getUint32(4, true);
  // A device that lost power has written no size, or one that it did not reach.
  const complete = stated > 0 && headerSize + stated <= file.length;
  const end = complete ? headerSize + stated : file.length;
  const frames = new Frames(file, headerSize, end);
  const problem = frames.walk() ?? (complete ? undefined : 'the file was not finished');
  const bytes = Uint8Array.from(file.subarray(0, frames.position));
  new DataView(bytes.buffer).setUint32(4, frames.position - headerSize, true);
  const unfinished = !complete || problem === UNFINISHED;
  return {
    part: {
      bytes,
      checksum: unfinished ? undefined : checksum(file, end),
      ...(problem === undefined ? {} : { problem }),
    },
    length: end + CRC_BYTES,
  };
}

function checksum(file: Uint8Array, end: number): FitPart['checksum'] {
  if (end + CRC_BYTES > file.length) return undefined;
  const stated = (file[end] ?? 0) | ((file[end + 1] ?? 0) << 8);
  return FitEncoder.calculateCRC(file.subarray(0, end)) === stated ? 'right' : 'wrong';
}

/**
 * Cut a file into its chained FIT files, each up to its last whole message, so that the parser,
 * which gives all or nothing, can read what a damaged or unfinished file still holds. The layout is
 * that of the FIT protocol (https://developer.garmin.com/fit/protocol/).
 *
 * @returns the parts, and how many bytes at the end belong to none.
 */
export function fitParts(bytes: Uint8Array): { readonly parts: FitPart[]; readonly rest: number } {
  const parts: FitPart[] = [];
  let position = 0;
  while (position < bytes.length && isFit(bytes.subarray(position))) {
    const found = part(bytes.subarray(position));
    parts.push(found.part);
    position += found.length;
  }
  return { parts, rest: Math.max(0, bytes.length - position) };
}
