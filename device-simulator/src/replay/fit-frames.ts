import { FitEncoder } from 'fit-file-parser';

const SHORT_HEADER = 12;
const LONG_HEADER = 14;
const CRC_BYTES = 2;
const COMPRESSED = 0x80;
const DEFINITION = 0x40;
const DEVELOPER_FIELDS = 0x20;
const TIMESTAMP_FIELD = 253;
const UNFINISHED = 'the file ends within a message';
/** The parser takes about a hundred times the size of what it is given, so it gets this much at once. */
const BLOCK_BYTES = 131_072;

/** One FIT file within a file: several can be chained. */
export interface FitPart {
  /** Small FIT files, each readable by itself, that together hold every whole message in order. */
  readonly blocks: readonly FitBlock[];
  /** Does the stated checksum fit the data? Undefined when the file ends before it. */
  readonly checksum: 'right' | 'wrong' | undefined;
  /** What cut the part short, if anything did. */
  readonly problem?: string;
}

interface MessageDefinition {
  readonly bytes: Uint8Array;
  /** Size of a message of this definition. */
  readonly size: number;
  /** Does each message carry its own whole timestamp? */
  readonly timed: boolean;
}

/** A stretch of messages with the definitions that hold at its start. */
export class FitBlock {
  readonly #header: Uint8Array;
  readonly #definitions: readonly Uint8Array[];
  readonly #messages: Uint8Array;

  constructor(header: Uint8Array, definitions: readonly Uint8Array[], messages: Uint8Array) {
    this.#header = header;
    this.#definitions = definitions;
    this.#messages = messages;
  }

  /** The block as a FIT file; its checksum is not kept up. */
  bytes(): Uint8Array<ArrayBuffer> {
    const data = Buffer.concat([...this.#definitions, this.#messages]);
    const file = new Uint8Array(this.#header.length + data.length);
    file.set(this.#header);
    file.set(data, this.#header.length);
    new DataView(file.buffer).setUint32(4, data.length, true);
    return file;
  }
}

/** Walks over the messages of one FIT file without looking at their values. */
class Frames {
  readonly #bytes: Uint8Array;
  readonly #header: Uint8Array;
  readonly #end: number;
  readonly #definitions: Map<number, MessageDefinition> = new Map<number, MessageDefinition>();
  readonly blocks: FitBlock[] = [];
  #position: number;
  #blockStart: number;
  #blockDefinitions: readonly Uint8Array[] = [];

  constructor(bytes: Uint8Array, headerSize: number, end: number) {
    this.#bytes = bytes;
    this.#header = bytes.subarray(0, headerSize);
    this.#position = headerSize;
    this.#blockStart = headerSize;
    this.#end = end;
  }

  /** Walk to the end; what stopped it earlier, if anything. */
  walk(): string | undefined {
    let problem: string | undefined;
    while (this.#position < this.#end) {
      const next = this.#next();
      if (typeof next === 'string') {
        problem = next;
        break;
      }
      this.#position = next;
    }
    this.#cut();
    return problem;
  }

  #byte(at: number): number {
    return this.#bytes[at] ?? 0;
  }

  #next(): number | string {
    const header = this.#byte(this.#position);
    const compressed = (header & COMPRESSED) !== 0;
    if (!compressed && (header & DEFINITION) !== 0) return this.#definition(header);
    const definition = this.#definitions.get(compressed ? (header >> 5) & 3 : header & 15);
    if (definition === undefined) return 'a message without a definition';
    const end = this.#position + 1 + definition.size;
    if (end > this.#end) return UNFINISHED;
    // A compressed timestamp counts on from a whole one: a block may begin only with a whole one.
    const longEnough = this.#position - this.#blockStart >= BLOCK_BYTES;
    if (longEnough && !compressed && definition.timed) this.#cut();
    return end;
  }

  #definition(header: number): number | string {
    const fields = this.#fields(this.#position + 6, this.#byte(this.#position + 5));
    const timed = fields.numbers.includes(TIMESTAMP_FIELD);
    let { end, size } = fields;
    if ((header & DEVELOPER_FIELDS) !== 0) {
      const developer = this.#fields(end + 1, this.#byte(end));
      end = developer.end;
      size += developer.size;
    }
    if (end > this.#end) return UNFINISHED;
    const bytes = this.#bytes.subarray(this.#position, end);
    this.#definitions.set(header & 15, { bytes, size, timed });
    return end;
  }

  /** Field definitions take three bytes: number, size, type. */
  #fields(start: number, count: number): { end: number; size: number; numbers: number[] } {
    const numbers: number[] = [];
    let size = 0;
    for (let i = 0; i < count; i += 1) {
      numbers.push(this.#byte(start + 3 * i));
      size += this.#byte(start + 3 * i + 1);
    }
    return { end: start + 3 * count, size, numbers };
  }

  #cut(): void {
    if (this.#position > this.#blockStart) {
      const messages = this.#bytes.subarray(this.#blockStart, this.#position);
      this.blocks.push(new FitBlock(this.#header, this.#blockDefinitions, messages));
    }
    this.#blockStart = this.#position;
    this.#blockDefinitions = [...this.#definitions.values()].map(({ bytes }) => bytes);
  }
}

/** Is this the start of a FIT file? */
export function isFit(bytes: Uint8Array): boolean {
  const headerSize = bytes[0];
  const known = headerSize === SHORT_HEADER || headerSize === LONG_HEADER;
  return known && String.fromCharCode(...bytes.subarray(8, 12)) === '.FIT';
}

function checksum(file: Uint8Array, end: number): FitPart['checksum'] {
  if (end + CRC_BYTES > file.length) return undefined;
  const stated = (file[end] ?? 0) | ((file[end + 1] ?? 0) << 8);
  return FitEncoder.calculateCRC(file.subarray(0, end)) === stated ? 'right' : 'wrong';
}

function partAt(file: Uint8Array): { readonly part: FitPart; readonly length: number } {
  const headerSize = file[0] ?? 0;
  const stated = new DataView(file.buffer, file.byteOffset).getUint32(4, true);
  // A device that lost power has written no size, or one that it did not reach.
  const complete = stated > 0 && headerSize + stated <= file.length;
  const end = complete ? headerSize + stated : file.length;
  const frames = new Frames(file, headerSize, end);
  const problem = frames.walk() ?? (complete ? undefined : 'the file was not finished');
  const unfinished = !complete || problem === UNFINISHED;
  return {
    part: {
      blocks: frames.blocks,
      checksum: unfinished ? undefined : checksum(file, end),
      ...(problem === undefined ? {} : { problem }),
    },
    length: end + CRC_BYTES,
  };
}

/**
 * Cut a file into its chained FIT files and those into blocks of whole messages: the parser gives
 * all or nothing and holds all at once, so that neither a damaged end nor a long file could be read
 * otherwise. The layout is that of the FIT protocol (https://developer.garmin.com/fit/protocol/).
 *
 * @returns the parts, and how many bytes at the end belong to none.
 */
export function fitParts(bytes: Uint8Array): { readonly parts: FitPart[]; readonly rest: number } {
  const parts: FitPart[] = [];
  let position = 0;
  while (position < bytes.length && isFit(bytes.subarray(position))) {
    const found = partAt(bytes.subarray(position));
    parts.push(found.part);
    position += found.length;
  }
  return { parts, rest: Math.max(0, bytes.length - position) };
}
