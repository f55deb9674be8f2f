import {
  CHUNK_HOUR_MS,
  type ChunkIdentity,
  chunkKeyText,
  hourAttribute,
  hourOf,
  PulseError,
  parseChunkKeyText,
  RECORD_KEYS,
  splitCompositeKey,
} from '@pulseledger/domain';
import { entries, rangeAfter, rangeEnd, rangeStart } from '../store/range.ts';
import type { LedgerStub } from '../transaction/ledger-context.ts';

/** A stored chunk with its place in the patient's record. */
export interface ChunkEntry {
  readonly hour: number;
  readonly chunk: ChunkIdentity;
  readonly bytes: Uint8Array;
}

/** Hours to read, first and last included, and behind which chunk to start. */
export interface ChunkRange {
  readonly patientId: string;
  readonly firstHour: number;
  readonly lastHour: number;
  readonly bookmark?: string | undefined;
}

const BOOKMARK = /^(\d{8})\.([0-9a-f]{32}\.\d{10}\.\d{15})$/;

/** The place of a chunk, for the next page. It names a device, so it is for the reader only. */
export function bookmarkOf({ hour, chunk }: ChunkEntry): string {
  return `${hourAttribute(hour)}.${chunkKeyText(chunk)}`;
}

function startOf({ patientId, firstHour, bookmark }: ChunkRange): string {
  if (bookmark === undefined) {
    return rangeStart({ objectType: 'chunk', attributes: [patientId, hourAttribute(firstHour)] });
  }
  const [, hour, chunk] = BOOKMARK.exec(bookmark) ?? [];
  if (hour === undefined || chunk === undefined || Number(hour) < firstHour) {
    throw new PulseError('invalid_input', 'The bookmark does not belong to this query.');
  }
  return rangeAfter(RECORD_KEYS.chunk(patientId, Number(hour), parseChunkKeyText(chunk)));
}

function entryOf(key: string, bytes: Uint8Array): ChunkEntry {
  const [, hour, ...chunk] = splitCompositeKey(key)?.attributes ?? [];
  return { hour: Number(hour), chunk: parseChunkKeyText(chunk.join('.')), bytes };
}

/** A patient's chunks of these hours, in the order of hour, device, boot, first sequence. */
export async function* chunkEntries(
  stub: LedgerStub,
  range: ChunkRange,
): AsyncGenerator<ChunkEntry, void, undefined> {
  const { patientId, lastHour } = range;
  const end = rangeEnd({ objectType: 'chunk', attributes: [patientId, hourAttribute(lastHour)] });
  for await (const { key, value } of entries(stub, startOf(range), end)) {
    yield entryOf(key, value);
  }
}

/** The hours that hold readings from one moment until, but not at, another. */
export function hoursBetween(
  fromMs: number,
  toMs: number,
): Pick<ChunkRange, 'firstHour' | 'lastHour'> {
  if (toMs <= fromMs) throw new PulseError('invalid_input', 'The period ends before it starts.');
  return { firstHour: hourOf(fromMs), lastHour: hourOf(toMs - 1) };
}

/**
 * The hour where a page of minutes or hours starts: a bookmark is the start of an hour.
 *
 * @throws PulseError `invalid_input` for a bookmark of another query.
 */
export function firstHourOf(fromMs: number, bookmark: string | undefined): number {
  if (bookmark === undefined) return hourOf(fromMs);
  const hour = Number(bookmark) / CHUNK_HOUR_MS;
  if (!Number.isInteger(hour) || hour < hourOf(fromMs)) {
    throw new PulseError('invalid_input', 'The bookmark does not belong to this query.');
  }
  return hour;
}
