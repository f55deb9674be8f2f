import {
  chunkHeader,
  chunkSummaries,
  decodeChunk,
  MAX_PAGE_BYTES,
  MAX_SCANNED_CHUNKS,
  type ReadChunksOutput,
  ReadVitalsInput,
} from '@pulseledger/domain';
import { requireReader } from '../access/reader.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import { inputOf } from '../transaction/transient.ts';
import { bookmarkOf, chunkEntries, hoursBetween } from './chunk-entries.ts';

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

async function readChunks(call: Call<ReadVitalsInput>): Promise<ReadChunksOutput> {
  const { stub, input } = call;
  await requireReader(call, input.patientId);
  const { patientId, fromMs, toMs, pageSize, bookmark } = input;
  const range = { patientId, ...hoursBetween(fromMs, toMs), bookmark };
  const chunks: string[] = [];
  let pageBytes = 0;
  let scanned = 0;
  for await (const entry of chunkEntries(stub, range)) {
    scanned += 1;
    if (isAsked(entry.bytes, input)) {
      chunks.push(Buffer.from(entry.bytes).toString('base64'));
      pageBytes += entry.bytes.length;
    }
    const isFull = chunks.length === pageSize || pageBytes >= MAX_PAGE_BYTES;
    if (isFull || scanned === MAX_SCANNED_CHUNKS) return { chunks, bookmark: bookmarkOf(entry) };
  }
  return { chunks };
}

export const READ_CHUNKS: TransactionFunction<ReadVitalsInput> = {
  name: 'vitals:ReadChunks',
  input: inputOf(ReadVitalsInput),
  run: readChunks,
};
