import { PulseError } from '../errors.ts';
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import { MAX_SAMPLES_PER_READING } from './limits.ts';
import { ABSENT_REASONS } from './reading.ts';
import { readNumber, readValues, type Scale, writeNumber, writeValues } from './scale.ts';
import type { Series, Strip } from './series.ts';
import type { SeriesExtent } from './summary.ts';
import { readDurations, readTimes, writeDurations, writeTimes } from './times.ts';

/** The whole-number scale in which a strip's samples are written. */
const SAMPLE_SCALE: Scale = 0;
const MAX_SAMPLE = 0x7fff_ffff;
const MIN_SAMPLE = -0x8000_0000;

function writeStrip(writer: ByteWriter, strip: Strip): void {
  writeNumber(writer, strip.periodMs);
  writeNumber(writer, strip.origin);
  writeNumber(writer, strip.factor);
  writer.unsigned(strip.data.length);
  writeValues(writer, strip.data, SAMPLE_SCALE);
}

function readStrip(reader: ByteReader): Strip {
  const periodMs = readNumber(reader);
  const origin = readNumber(reader);
  const factor = readNumber(reader);
  const count = reader.unsignedUpTo(MAX_SAMPLES_PER_READING);
  return { periodMs, origin, factor, data: readValues(reader, count, SAMPLE_SCALE) };
}

/** Is this a sample that a strip can hold? */
export function isSample(value: number): boolean {
  return Number.isInteger(value) && value >= MIN_SAMPLE && value <= MAX_SAMPLE;
}

/** Write the readings of a series, column by column. */
export function writeColumns(
  writer: ByteWriter,
  series: Series,
  startMs: number,
  scale: Scale,
  before: Series | undefined,
): void {
  writeTimes(writer, series.times, startMs, before?.times);
  if (series.form === 'interval') writeDurations(writer, series.durations);
  let next = 0;
  for (const [i, at] of series.absentAt.entries()) {
    writer.unsigned(at - next);
    writer.byte(series.absentReasons[i] ?? 0);
    next = at + 1;
  }
  writeValues(writer, series.values, scale);
  for (const strip of series.strips) writeStrip(writer, strip);
}

function readAbsent(reader: ByteReader, extent: SeriesExtent, series: Series): void {
  let next = 0;
  for (let i = 0; i < extent.absent; i += 1) {
    const at = next + reader.unsignedUpTo(extent.count);
    const reason = reader.byte();
    if (at >= extent.count || reason >= ABSENT_REASONS.length) {
      throw new PulseError('malformed', 'An absent reading is not in its series.');
    }
    series.absentAt.push(at);
    series.absentReasons.push(reason);
    next = at + 1;
  }
}

/** Read the readings of a series; the caller has bounded its count. */
export function readColumns(
  reader: ByteReader,
  extent: SeriesExtent,
  startMs: number,
  scale: Scale,
  before: Series | undefined,
): Series {
  const { code, unit, form, count, absent } = extent;
  const times = readTimes(reader, count, startMs, before?.times);
  const durations = form === 'interval' ? readDurations(reader, count) : [];
  const series: Series = {
    code,
    unit,
    form,
    times,
    durations,
    absentAt: [],
    absentReasons: [],
    values: [],
    strips: [],
  };
  readAbsent(reader, extent, series);
  if (form !== 'sampled') {
    return { ...series, values: readValues(reader, count - absent, scale) };
  }
  for (let i = 0; i < count; i += 1) series.strips.push(readStrip(reader));
  return series;
}
