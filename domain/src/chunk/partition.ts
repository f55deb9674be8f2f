import { PulseError } from '../errors.ts';
import {
  CHUNK_HOUR_MS,
  MAX_CHUNK_BYTES,
  MAX_READINGS_PER_CHUNK,
  MAX_SAMPLES_PER_READING,
} from './limits.ts';
import type { Reading } from './reading.ts';
import { canonicalOrder } from './series.ts';

/** Room for the opening, the signature and a header for every code, unit and form there is. */
const FIXED_BYTES = 12_288;
/** Most that the columns take for one reading or one sample. */
const READING_BYTES = 27;
const SAMPLE_BYTES = 5;

function sizeBound(reading: Reading): number {
  if (!('sampled' in reading)) return READING_BYTES;
  if (reading.sampled.data.length > MAX_SAMPLES_PER_READING) {
    throw new PulseError('invalid_input', 'A strip has too many samples.');
  }
  return 2 * READING_BYTES + SAMPLE_BYTES * reading.sampled.data.length;
}

/**
 * Sort readings into canonical order and cut them where a chunk must end: at a UTC hour, at the
 * limit of readings, or where the bytes might not fit. Every part can be encoded.
 *
 * @throws PulseError `invalid_input` for an unknown code or unit, or too long a strip.
 */
export function partitionReadings(readings: readonly Reading[]): Reading[][] {
  const parts: Reading[][] = [];
  let part: Reading[] = [];
  let hour = -1;
  let bytes = 0;
  for (const reading of canonicalOrder(readings)) {
    const readingHour = Math.floor(reading.atMs / CHUNK_HOUR_MS);
    const size = sizeBound(reading);
    const full = part.length >= MAX_READINGS_PER_CHUNK || bytes + size > MAX_CHUNK_BYTES;
    if (part.length === 0 || readingHour !== hour || full) {
      part = [];
      parts.push(part);
      hour = readingHour;
      bytes = FIXED_BYTES;
    }
    part.push(reading);
    bytes += size;
  }
  return parts;
}
