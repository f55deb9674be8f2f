import {
  chunkHeader,
  FindChunkInput,
  type FindChunkOutput,
  hourOf,
  LateDocument,
  MAX_READINGS_PER_CHUNK,
  PulseError,
  RECORD_KEYS,
} from '@pulseledger/domain';
import { requireReader } from '../access/reader.ts';
import { readDocument } from '../store/documents.ts';
import { entries, rangeEnd, rangeStart } from '../store/range.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import { inputOf } from '../transaction/transient.ts';

async function findBytes(
  { stub, input }: Call<FindChunkInput>,
  patientId: string,
): Promise<Uint8Array | undefined> {
  const { deviceId, boot, sequence, atMs } = input;
  // A chunk that holds the sequence starts at most a chunk's length before it.
  const earliest = Math.max(0, sequence - MAX_READINGS_PER_CHUNK + 1);
  const hour = hourOf(atMs);
  const start = RECORD_KEYS.chunk(patientId, hour, { deviceId, boot, firstSequence: earliest });
  const end = RECORD_KEYS.chunk(patientId, hour, { deviceId, boot, firstSequence: sequence });
  for await (const { value } of entries(stub, rangeStart(start), rangeEnd(end))) {
    const { firstSequence, count } = chunkHeader(value);
    if (firstSequence <= sequence && sequence < firstSequence + count) return value;
  }
  return undefined;
}

/** Chunks stand with the patient who wore the device then: there is nothing to find with another. */
async function findChunk(call: Call<FindChunkInput>): Promise<FindChunkOutput> {
  const { patientId } = call.input;
  await requireReader(call, call.input, 'vitals');
  const bytes = await findBytes(call, patientId);
  if (bytes === undefined) throw new PulseError('not_found');
  const header = chunkHeader(bytes);
  const key = RECORD_KEYS.late(patientId, hourOf(header.startMs), header);
  const late = await readDocument(call.stub, key, LateDocument);
  return {
    patientId,
    chunk: Buffer.from(bytes).toString('base64'),
    ...(late === undefined ? {} : { lateRecordedAtMs: late.recordedAtMs }),
  };
}

export const FIND_CHUNK: TransactionFunction<FindChunkInput> = {
  name: 'vitals:FindChunk',
  input: inputOf(FindChunkInput),
  run: findChunk,
};
