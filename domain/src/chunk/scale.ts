import { PulseError } from '../errors.ts';
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';

/**
 * How the numbers of a series are written: as whole mantissas × 10^-decimals, which is exact for
 * every decimal of up to 12 digits, or (RAW) as doubles where a number has more.
 */
export type Scale = number;
export const RAW: Scale = 15;
const MAX_DECIMALS = 12;
/** With this limit the sum of a whole chunk, and any difference, stays an exact double. */
const MAX_MANTISSA = 2 ** 40;

const POWERS: readonly number[] = Array.from({ length: MAX_DECIMALS + 1 }, (_, d) => 10 ** d);

/** 10^decimals, exact. */
function power(scale: Scale): number {
  return POWERS[scale] ?? 1;
}

/** The smallest scale in which all of these numbers are exact. */
export function scaleOf(values: readonly number[]): Scale {
  let scale = 0;
  let factor = 1;
  let largest = 0;
  for (const value of values) {
    while (Math.round(value * factor) / factor !== value) {
      scale += 1;
      if (scale > MAX_DECIMALS) return RAW;
      factor = power(scale);
    }
    if (Math.abs(value) > largest) largest = Math.abs(value);
  }
  return largest * factor > MAX_MANTISSA ? RAW : scale;
}

/** The whole number that stands for a value; a value itself in RAW. */
export function mantissaOf(value: number, scale: Scale): number {
  return scale === RAW ? value : Math.round(value * power(scale));
}

/** The value a mantissa stands for; IEEE division makes it the double nearest to the decimal. */
export function valueOf(mantissa: number, scale: Scale): number {
  return scale === RAW ? mantissa : mantissa / power(scale);
}

/** A scale, checked. */
export function readScale(reader: ByteReader): Scale {
  const scale = reader.byte();
  if (scale > MAX_DECIMALS && scale !== RAW) {
    throw new PulseError('malformed', 'A series has no known scale.');
  }
  return scale;
}

/** One number with its own scale, for the few constants of a strip. */
export function writeNumber(writer: ByteWriter, value: number): void {
  const scale = scaleOf([value]);
  writer.byte(scale);
  if (scale === RAW) writer.float64(value);
  else writer.signed(mantissaOf(value, scale));
}

export function readNumber(reader: ByteReader): number {
  const scale = readScale(reader);
  return scale === RAW ? reader.float64() : valueOf(reader.signed(), scale);
}

/** Values as differences of mantissas, or as doubles. */
export function writeValues(writer: ByteWriter, values: readonly number[], scale: Scale): void {
  if (scale === RAW) {
    for (const value of values) writer.float64(value);
    return;
  }
  let before = 0;
  for (const value of values) {
    const mantissa = mantissaOf(value, scale);
    writer.signed(mantissa - before);
    before = mantissa;
  }
}

/**
 * Read `count` values. Each takes a byte at least, so a count beyond the bytes left is refused
 * before anything is allocated.
 */
export function readValues(reader: ByteReader, count: number, scale: Scale): number[] {
  if (count > reader.left) throw new PulseError('malformed', 'The chunk is cut off.');
  const values: number[] = [];
  let mantissa = 0;
  for (let i = 0; i < count; i += 1) {
    if (scale === RAW) {
      values.push(reader.float64());
    } else {
      mantissa += reader.signed();
      if (Math.abs(mantissa) > MAX_MANTISSA)
        throw new PulseError('malformed', 'A value is too large.');
      values.push(valueOf(mantissa, scale));
    }
  }
  return values;
}
