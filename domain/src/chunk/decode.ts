import { PulseError } from '../errors.ts';
import { writeBody } from './body.ts';
import { ByteReader } from './byte-reader.ts';
import { readColumns } from './columns.ts';
import { splitSignature } from './encode.ts';
import { type Opening, readOpening } from './header.ts';
import type { Chunk, ChunkHeader, Summary } from './reading.ts';
import { readingsOf, type Series, seriesRank } from './series.ts';
import { readSeriesHeader, type SeriesHeader } from './series-header.ts';
import { summaryOf } from './summary.ts';

function readSeriesHeaders(reader: ByteReader, { header }: Opening): SeriesHeader[] {
  const headers: SeriesHeader[] = [];
  let left = header.count;
  for (let series = reader.unsignedUpTo(header.count); series > 0; series -= 1) {
    const one = readSeriesHeader(reader, header.startMs);
    left -= one.extent.count;
    if (left < 0) break;
    headers.push(one);
  }
  const ranks = headers.map(({ extent }) => seriesRank(extent.code, extent.unit, extent.form));
  if (ranks.some((rank, i) => rank <= (ranks[i - 1] ?? -1))) {
    throw new PulseError('malformed', 'The series are not in canonical order.');
  }
  if (left !== 0) throw new PulseError('malformed', 'The counts of the series do not add up.');
  return headers;
}

function readAllColumns(
  reader: ByteReader,
  { header }: Opening,
  headers: readonly SeriesHeader[],
): Series[] {
  const series: Series[] = [];
  for (const { extent, summary } of headers) {
    series.push(readColumns(reader, extent, header.startMs, summary.scale, series.at(-1)));
  }
  return series;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i += 1) {
    if (a[i] !== b[i]) return false;
  }
  return true;
}

/** The canonical body of what was read; whatever it refuses was not written by a correct encoder. */
function canonicalBody(opening: Opening, series: readonly Series[]): ReturnType<typeof writeBody> {
  try {
    return writeBody({ ...opening.header, salt: opening.salt }, series);
  } catch (error) {
    if (error instanceof PulseError && error.code === 'invalid_input') {
      throw new PulseError('malformed', error.message, { cause: error });
    }
    throw error;
  }
}

interface Checked {
  readonly body: ReturnType<typeof writeBody>;
  readonly series: readonly Series[];
  readonly salt: Uint8Array;
  readonly signature: Uint8Array;
}

function check(bytes: Uint8Array): Checked {
  const { body, signature } = splitSignature(bytes);
  const reader = new ByteReader(body);
  const opening = readOpening(reader);
  const series = readAllColumns(reader, opening, readSeriesHeaders(reader, opening));
  const canonical = canonicalBody(opening, series);
  if (!sameBytes(canonical.bytes, body)) {
    throw new PulseError('malformed', 'The chunk is not in its canonical form.');
  }
  return { body: canonical, series, salt: opening.salt, signature };
}

/**
 * Decode a chunk and check everything but its signature: each field within its limit, summaries
 * that agree with the values, and no other bytes than the encoder would write.
 *
 * @throws PulseError `malformed`, or `oversize` above MAX_CHUNK_BYTES.
 */
export function decodeChunk(bytes: Uint8Array): Chunk {
  const { body, series, salt, signature } = check(bytes);
  return {
    ...body.header,
    salt,
    readings: readingsOf(series),
    summaries: body.summaries,
    signature: signature.slice(),
  };
}

/**
 * The checks of {@link decodeChunk} without building its readings, for who stores chunks only.
 *
 * @throws PulseError `malformed`, or `oversize` above MAX_CHUNK_BYTES.
 */
export function checkChunk(bytes: Uint8Array): ChunkHeader {
  return check(bytes).body.header;
}

/**
 * Identity and extent of a chunk, without decoding it. Nothing but the limits of the fields is
 * checked, so this may only be trusted for a chunk that was decoded before, or to name a message.
 *
 * @throws PulseError `malformed`, or `oversize` above MAX_CHUNK_BYTES.
 */
export function chunkHeader(bytes: Uint8Array): ChunkHeader {
  return readOpening(new ByteReader(splitSignature(bytes).body)).header;
}

/**
 * Summaries of a chunk that was checked before, read without its values.
 *
 * @throws PulseError `malformed`, or `oversize` above MAX_CHUNK_BYTES.
 */
export function chunkSummaries(bytes: Uint8Array): Summary[] {
  const reader = new ByteReader(splitSignature(bytes).body);
  const headers = readSeriesHeaders(reader, readOpening(reader));
  return headers.map(({ extent, summary }) => summaryOf(extent, summary));
}
