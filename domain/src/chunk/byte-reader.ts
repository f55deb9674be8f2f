import { PulseError } from '../errors.ts';

/** Reads what {@link ByteWriter} writes and never past the end. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Bytes not read yet. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  byte(): number {
    const value = this.#bytes[this.#at];
    if (value === undefined) throw new PulseError('malformed', 'The chunk is cut off.');
    this.#at += 1;
    return value;
  }

  raw(count: number): Uint8Array {
    if (count > this.left) throw new PulseError('malformed', 'The chunk is cut off.');
    this.#at += count;
    return this.#bytes.slice(this.#at - count, this.#at);
  }

  /** LEB128 up to 2^53 - 1. */
  unsigned(): number {
    let value = this.byte();
    if (value < 0x80) return value;
    value -= 0x80;
    let scale = 0x80;
    for (;;) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (value > Number.MAX_SAFE_INTEGER)
        throw new PulseError('malformed', 'A number is too large.');
      if (byte < 0x80) return value;
      scale *= 0x80;
      if (scale > Number.MAX_SAFE_INTEGER)
        throw new PulseError('malformed', 'A number is too long.');
    }
  }

  /**
   * LEB128 up to a limit.
   *
   * @throws PulseError `malformed` above it.
   */
  unsignedUpTo(limit: number): number {
    const value = this.unsigned();
    if (value > limit) throw new PulseError('malformed', 'A number is above its limit.');
    return value;
  }

  signed(): number {
    const value = this.unsigned();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  float64(): number {
    if (this.left < 8) throw new PulseError('malformed', 'The chunk is cut off.');
    const view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset + this.#at, 8);
    this.#at += 8;
    const value = view.getFloat64(0);
    if (!Number.isFinite(value)) throw new PulseError('malformed', 'A number is not finite.');
    return value;
  }
}
