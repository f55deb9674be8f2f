import { PulseError } from '../errors.ts';
import { LATEST_MOMENT_MS } from '../identifiers.ts';
import { VITAL_SIGNS } from '../vital-signs.ts';
import { isSample } from './columns.ts';
import {
  CHUNK_HOUR_MS,
  MAX_BOOT,
  MAX_DURATION_MS,
  MAX_READINGS_PER_CHUNK,
  MAX_SAMPLES_PER_READING,
  MAX_SEQUENCE,
  MAX_ZONE_OFFSET_MINUTES,
  SALT_BYTES,
} from './limits.ts';
import type { ChunkContent } from './reading.ts';
import type { Series, Strip } from './series.ts';

function require(condition: boolean, text: string): void {
  if (!condition) throw new PulseError('invalid_input', text);
}

function isWhole(value: number, low: number, high: number): boolean {
  return Number.isInteger(value) && value >= low && value <= high;
}

function checkStrip({ periodMs, origin, factor, data }: Strip): void {
  require(periodMs > 0 && periodMs * data.length <= MAX_DURATION_MS, 'A strip is too long.');
  require([origin, factor].every(Number.isFinite), 'A strip has a number that is not finite.');
  require(data.length >= 1, 'A strip is empty.');
  require(data.length <= MAX_SAMPLES_PER_READING, 'A strip has too many samples.');
  require(data.every(isSample), 'A sample is not a whole number within 32 bits.');
}

/** Check what the columns of a series hold, once for encoding and decoding. */
export function checkSeries(series: Series, startMs: number): void {
  // Times come in rising order, so the ends of the hour are checked once.
  const hourMs = startMs - (startMs % CHUNK_HOUR_MS);
  const [firstMs = 0] = series.times;
  const lastMs = series.times.at(-1) ?? 0;
  require(series.times.every(Number.isInteger), 'A time is not a whole millisecond.');
  require(firstMs >= 0 && lastMs <= LATEST_MOMENT_MS, 'A time is out of range.');
  require(firstMs >= hourMs && lastMs < hourMs + CHUNK_HOUR_MS, 'The chunk crosses a UTC hour.');
  for (const duration of series.durations) {
    require(isWhole(duration, 1, MAX_DURATION_MS), 'A duration is out of range.');
  }
  require(series.values.every(Number.isFinite), 'A value is not finite.');
  const isStrip = VITAL_SIGNS[series.code].kind === 'sampled';
  require(isStrip || series.strips.length === 0, 'A code that is not a strip has samples.');
  require(!isStrip || series.values.length === 0, 'A strip has a single value.');
  for (const strip of series.strips) checkStrip(strip);
}

/** Check the fields of a chunk besides its readings. */
export function checkContent(content: Omit<ChunkContent, 'readings'>, count: number): void {
  require(/^[0-9a-f]{32}$/.test(
    content.deviceId,
  ), 'The device id is not 32 lower-case hex digits.');
  require(isWhole(content.boot, 0, MAX_BOOT), 'The boot number is not an unsigned 32-bit number.');
  require(count >= 1 && count <= MAX_READINGS_PER_CHUNK, 'The number of readings is out of range.');
  require(isWhole(
    content.firstSequence,
    0,
    MAX_SEQUENCE + 1 - count,
  ), 'The first sequence is out of range.');
  require(isWhole(
    content.zoneOffsetMinutes,
    -MAX_ZONE_OFFSET_MINUTES,
    MAX_ZONE_OFFSET_MINUTES,
  ), 'The zone offset is out of range.');
  require(content.salt.length === SALT_BYTES, 'The salt does not have 16 bytes.');
}
