import { PulseError } from '../errors.ts';

const FIRST_CAPACITY_BYTES = 1_024;

/** Grows up to a limit and writes the codec's few number forms. */
export class ByteWriter {
  #bytes: Uint8Array = new Uint8Array(FIRST_CAPACITY_BYTES);
  #length = 0;
  readonly #limit: number;

  /** @param limit Most bytes; one more throws PulseError `oversize`. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed > this.#limit) throw new PulseError('oversize');
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** LEB128 of a whole number from 0 to 2^53 - 1. */
  unsigned(value: number): void {
    if (value < 0x80) {
      this.byte(value);
      return;
    }
    let rest = value;
    while (rest >= 0x80) {
      this.byte((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.byte(rest);
  }

  /** Zigzag LEB128 of a whole number whose double is still exact. */
  signed(value: number): void {
    this.unsigned(value >= 0 ? 2 * value : -2 * value - 1);
  }

  /** IEEE 754 double, big-endian. */
  float64(value: number): void {
    this.#reserve(8);
    new DataView(this.#bytes.buffer).setFloat64(this.#length, value);
    this.#length += 8;
  }

  /** What was written, as a view of the writer's memory. */
  written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}
