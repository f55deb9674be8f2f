import {
  chunkHeader,
  chunkSummaries,
  compositeKey,
  decodeChunk,
  type LateChunk,
  LateDocument,
  MAX_PAGE_BYTES,
  MAX_SCANNED_CHUNKS,
  RECORD_KEYS,
  type ReadChunksOutput,
  ReadVitalsInput,
  type RecordKey,
} from '@pulseledger/domain';

import { parseDocument } from '../store/documents.ts';
import { entries, rangeEnd, rangeStart } from '../store/range.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import { inputOf } from '../transaction/transient.ts';
import { bookmarkOf, type ChunkEntry, chunkEntries, hoursBetween } from './chunk-entries.ts';
import { requireReadingsReader } from './readings-reader.ts';

/** Does any reading of the chunk start within the period? Only chunks on its edges are decoded. */
function startsWithin(bytes: Uint8Array, { fromMs, toMs }: ReadVitalsInput): boolean {
  const { startMs } = chunkHeader(bytes);
  if (startMs >= toMs) return false;
  if (startMs >= fromMs) return true;
  return decodeChunk(bytes).readings.some(({ atMs }) => atMs >= fromMs && atMs < toMs);
}

function isAsked(bytes: Uint8Array, input: ReadVitalsInput): boolean {
  const { codes } = input;
  if (!startsWithin(bytes, input)) return false;
  return codes === undefined || chunkSummaries(bytes).some(({ code }) => codes.includes(code));
}

/** Which of the chunks from the first to the last one came late. They are few, or none: one range of keys. */
async function lateAmong(
  { stub, input }: Call<ReadVitalsInput>,
  chosen: readonly ChunkEntry[],
): Promise<Pick<ReadChunksOutput, 'late'>> {
  const [first, last] = [chosen[0], chosen.at(-1)];
  if (first === undefined || last === undefined) return {};
  const keyOf = ({ hour, chunk }: ChunkEntry): RecordKey =>
    RECORD_KEYS.late(input.patientId, hour, chunk);
  const indexes = new Map(chosen.map((entry, index) => [compositeKey(keyOf(entry)), index]));
  const late: LateChunk[] = [];
  const found = entries(stub, rangeStart(keyOf(first)), rangeEnd(keyOf(last)));
  for await (const { key, value } of found) {
    const index = indexes.get(key);
    if (index === undefined) continue;
    late.push({ index, recordedAtMs: parseDocument(value, LateDocument).recordedAtMs });
  }
  return late.length === 0 ? {} : { late };
}

async function readChunks(call: Call<ReadVitalsInput>): Promise<ReadChunksOutput> {
  const { stub, input } = call;
  await requireReadingsReader(call);
  const { patientId, fromMs, toMs, pageSize, bookmark } = input;
  const range = { patientId, ...hoursBetween(fromMs, toMs), bookmark };
  const chosen: ChunkEntry[] = [];
  let next: ChunkEntry | undefined;
  let pageBytes = 0;
  let scanned = 0;
  for await (const entry of chunkEntries(stub, range)) {
    scanned += 1;
    if (isAsked(entry.bytes, input)) {
      chosen.push(entry);
      pageBytes += entry.bytes.length;
    }
    const isFull = chosen.length === pageSize || pageBytes >= MAX_PAGE_BYTES;
    if (isFull || scanned === MAX_SCANNED_CHUNKS) {
      next = entry;
      break;
    }
  }
  return {
    chunks: chosen.map(({ bytes }) => Buffer.from(bytes).toString('base64')),
    ...(await lateAmong(call, chosen)),
    ...(next === undefined ? {} : { bookmark: bookmarkOf(next) }),
  };
}

export const READ_CHUNKS: TransactionFunction<ReadVitalsInput> = {
  name: 'vitals:ReadChunks',
  input: inputOf(ReadVitalsInput),
  run: readChunks,
};
