import { ByteWriter } from './byte-writer.ts';
import { checkContent, checkSeries } from './check.ts';
import { writeColumns } from './columns.ts';
import { writeOpening } from './header.ts';
import { MAX_CHUNK_BYTES, SIGNATURE_BYTES } from './limits.ts';
import type { ChunkContent, ChunkHeader, Summary } from './reading.ts';
import type { Series } from './series.ts';
import { writeSeriesHeader } from './series-header.ts';
import { extentOf, scaledSummary, summaryOf } from './summary.ts';

/** A written body with what was worked out on the way. */
export interface Body {
  readonly bytes: Uint8Array;
  readonly header: ChunkHeader;
  readonly summaries: readonly Summary[];
}

function endOf({ times, durations, strips }: Series): number {
  let endMs = times.at(-1) ?? 0;
  for (const [i, duration] of durations.entries()) {
    endMs = Math.max(endMs, (times[i] ?? 0) + duration);
  }
  for (const [i, { periodMs, data }] of strips.entries()) {
    endMs = Math.max(endMs, (times[i] ?? 0) + Math.ceil(periodMs * data.length));
  }
  return endMs;
}

/**
 * Write the only form that these readings have: the same columns always give the same bytes. That
 * is how a decoder refuses every other form, and every false summary.
 *
 * @throws PulseError `invalid_input` naming the field, `oversize`.
 */
export function writeBody(
  content: Omit<ChunkContent, 'readings'>,
  series: readonly Series[],
): Body {
  const { deviceId, boot, firstSequence, zoneOffsetMinutes, salt } = content;
  const count = series.reduce((sum, { times }) => sum + times.length, 0);
  checkContent(content, count);
  const startMs = Math.min(...series.map(({ times }) => times[0] ?? Infinity));
  for (const one of series) checkSeries(one, startMs);
  const endMs = Math.max(...series.map(endOf));
  const header = { deviceId, boot, firstSequence, zoneOffsetMinutes, count, startMs, endMs };
  const writer = new ByteWriter(MAX_CHUNK_BYTES - SIGNATURE_BYTES);
  writeOpening(writer, { header, salt });
  writer.unsigned(series.length);
  const headers = series.map((one) => ({ extent: extentOf(one), summary: scaledSummary(one) }));
  for (const one of headers) writeSeriesHeader(writer, one, startMs);
  for (const [i, one] of series.entries()) {
    writeColumns(writer, one, startMs, headers[i]?.summary.scale ?? 0, series[i - 1]);
  }
  const summaries = headers.map(({ extent, summary }) => summaryOf(extent, summary));
  return { bytes: writer.written(), header, summaries };
}
