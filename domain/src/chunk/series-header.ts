import { PulseError } from '../errors.ts';
import { VITAL_CODES } from '../vital-signs.ts';
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import { CHUNK_HOUR_MS, MAX_READINGS_PER_CHUNK } from './limits.ts';
import { RAW, readScale, type Scale } from './scale.ts';
import { FORMS, seriesRank, unitsOf } from './series.ts';
import type { ScaledSummary, SeriesExtent } from './summary.ts';

type ScaledStatistics = NonNullable<ScaledSummary['statistics']>;

/** A series' header as it stands before the columns of all series. */
export interface SeriesHeader {
  readonly extent: SeriesExtent;
  readonly summary: ScaledSummary;
}

function writeStatistics(
  writer: ByteWriter,
  statistics: ScaledStatistics,
  scale: Scale,
  startMs: number,
): void {
  const { first, firstMs, last, lastMs, min, max, sum } = statistics;
  writer.unsigned(firstMs - startMs);
  writer.unsigned(lastMs - firstMs);
  if (scale === RAW) {
    for (const value of [first, last, min, max, sum]) writer.float64(value);
    return;
  }
  writer.signed(first);
  writer.signed(last - first);
  writer.unsigned(first - min);
  writer.unsigned(max - first);
  writer.signed(sum);
}

function readStatistics(reader: ByteReader, scale: Scale, startMs: number): ScaledStatistics {
  const firstMs = startMs + reader.unsignedUpTo(CHUNK_HOUR_MS);
  const lastMs = firstMs + reader.unsignedUpTo(CHUNK_HOUR_MS);
  if (scale === RAW) {
    const first = reader.float64();
    const last = reader.float64();
    const min = reader.float64();
    const max = reader.float64();
    return { first, firstMs, last, lastMs, min, max, sum: reader.float64() };
  }
  const first = reader.signed();
  const last = first + reader.signed();
  const min = first - reader.unsigned();
  const max = first + reader.unsigned();
  return { first, firstMs, last, lastMs, min, max, sum: reader.signed() };
}

/** Write what a series is, how many readings it has, and their summary. */
export function writeSeriesHeader(writer: ByteWriter, header: SeriesHeader, startMs: number): void {
  const { extent, summary } = header;
  writer.unsigned(seriesRank(extent.code, extent.unit, extent.form));
  writer.unsigned(extent.count);
  if (extent.form === 'sampled') return;
  writer.unsigned(extent.absent);
  writer.unsigned(summary.implausible);
  if (extent.absent === extent.count) return;
  writer.byte(summary.scale);
  if (summary.statistics !== undefined) {
    writeStatistics(writer, summary.statistics, summary.scale, startMs);
  }
}

function readKind(reader: ByteReader): Pick<SeriesExtent, 'code' | 'unit' | 'form'> {
  const rank = reader.unsigned();
  const form = FORMS[rank % FORMS.length];
  const codeAndUnit = Math.floor(rank / FORMS.length);
  const code = VITAL_CODES[Math.floor(codeAndUnit / 16)];
  const unit = code === undefined ? undefined : unitsOf(code)[codeAndUnit % 16];
  if (code === undefined || unit === undefined || form === undefined) {
    throw new PulseError('malformed', 'A series has no known code, unit or form.');
  }
  return { code, unit, form };
}

/** Read one series' header; its counts are within the limit of a whole chunk. */
export function readSeriesHeader(reader: ByteReader, startMs: number): SeriesHeader {
  const kind = readKind(reader);
  const count = reader.unsignedUpTo(MAX_READINGS_PER_CHUNK);
  if (count === 0) throw new PulseError('malformed', 'A series is empty.');
  if (kind.form === 'sampled') {
    return { extent: { ...kind, count, absent: 0 }, summary: { scale: 0, implausible: 0 } };
  }
  const absent = reader.unsignedUpTo(count);
  const implausible = reader.unsignedUpTo(count - absent);
  const extent = { ...kind, count, absent };
  if (absent === count) return { extent, summary: { scale: 0, implausible } };
  const scale = readScale(reader);
  if (absent + implausible === count) return { extent, summary: { scale, implausible } };
  const statistics = readStatistics(reader, scale, startMs);
  return { extent, summary: { scale, implausible, statistics } };
}
