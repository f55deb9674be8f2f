import { PulseError } from '../errors.ts';
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import { CHUNK_HOUR_MS, MAX_DURATION_MS } from './limits.ts';

/** The series before has the same times: signals that are measured together. */
const SAME = 0;
/** Start and one step. */
const STEADY = 1;
/** Start, first step, then how each step differs from the one before. */
const VARYING = 2;

function sameTimes(a: readonly number[], b: readonly number[] | undefined): boolean {
  return b?.length === a.length && a.every((time, i) => time === b[i]);
}

function isSteady(times: readonly number[]): boolean {
  const [first = 0, second = first] = times;
  return times.every((time, i) => time === first + i * (second - first));
}

/**
 * Write a series' times.
 *
 * @param startMs Start of the chunk.
 * @param before Times of the series before this one.
 */
export function writeTimes(
  writer: ByteWriter,
  times: readonly number[],
  startMs: number,
  before: readonly number[] | undefined,
): void {
  if (sameTimes(times, before)) {
    writer.byte(SAME);
    return;
  }
  const [first = startMs, second] = times;
  const steady = isSteady(times);
  writer.byte(steady ? STEADY : VARYING);
  writer.unsigned(first - startMs);
  if (second === undefined) return;
  let step = second - first;
  writer.unsigned(step);
  if (steady) return;
  let previous = second;
  for (const time of times.slice(2)) {
    writer.signed(time - previous - step);
    step = time - previous;
    previous = time;
  }
}

function readVarying(
  reader: ByteReader,
  count: number,
  firstMs: number,
  firstStep: number,
): number[] {
  if (count - 2 > reader.left) throw new PulseError('malformed', 'The chunk is cut off.');
  const times = [firstMs, firstMs + firstStep];
  let step = firstStep;
  let time = firstMs + firstStep;
  for (let i = 2; i < count; i += 1) {
    step += reader.signed();
    time += step;
    if (step < 0 || step > CHUNK_HOUR_MS)
      throw new PulseError('malformed', 'A time is out of order.');
    times.push(time);
  }
  return times;
}

/** Read `count` times; the caller bounds the count. */
export function readTimes(
  reader: ByteReader,
  count: number,
  startMs: number,
  before: readonly number[] | undefined,
): number[] {
  const mode = reader.byte();
  if (mode === SAME && before?.length === count) return [...before];
  if (mode !== STEADY && mode !== VARYING) {
    throw new PulseError('malformed', 'A series has no known times.');
  }
  const first = startMs + reader.unsignedUpTo(CHUNK_HOUR_MS);
  if (count === 1) return [first];
  const step = reader.unsignedUpTo(CHUNK_HOUR_MS);
  if (mode === VARYING) return readVarying(reader, count, first, step);
  return Array.from({ length: count }, (_, i) => first + i * step);
}

const ONE_DURATION = 0;
const MANY_DURATIONS = 1;

/** Write the durations of an interval series: one for all, or each. */
export function writeDurations(writer: ByteWriter, durations: readonly number[]): void {
  const [first = 0] = durations;
  const one = durations.every((duration) => duration === first);
  writer.byte(one ? ONE_DURATION : MANY_DURATIONS);
  for (const duration of one ? [first] : durations) writer.unsigned(duration);
}

export function readDurations(reader: ByteReader, count: number): number[] {
  const mode = reader.byte();
  if (mode === ONE_DURATION) {
    const duration = reader.unsignedUpTo(MAX_DURATION_MS);
    return Array.from({ length: count }, () => duration);
  }
  if (mode !== MANY_DURATIONS || count > reader.left) {
    throw new PulseError('malformed', 'A series has no known durations.');
  }
  return Array.from({ length: count }, () => reader.unsignedUpTo(MAX_DURATION_MS));
}
