import {
  CHUNK_HOUR_MS,
  type ChangeOutput,
  type ChunkHeader,
  CloseHourInput,
  canonicalJson,
  chunkHeader,
  chunkSummaries,
  HOUR_CLOSES_AFTER_MS,
  HourDocument,
  type HourSource,
  hexFromBytes,
  hourOf,
  mergeSummaries,
  PROVIDERS_COLLECTION,
  PulseError,
  parseChunkKeyText,
  RECORD_KEYS,
} from '@pulseledger/domain';
import { ledgerKey, readDocument, writeDocument } from '../store/documents.ts';
import { CHANGED, UNCHANGED } from '../transaction/change.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import { inputOf } from '../transaction/transient.ts';
import { isWithin, withRange } from './ranges.ts';

interface StoredChunk {
  readonly header: ChunkHeader;
  readonly bytes: Uint8Array;
}

/** The chunks by point reads, each once, in the order of time so that first and last are right. */
async function readNamedChunks({ stub, input }: Call<CloseHourInput>): Promise<StoredChunk[]> {
  const chunks: StoredChunk[] = [];
  const hour = hourOf(input.hourMs);
  for (const text of [...new Set(input.chunkKeys)].sort()) {
    const key = RECORD_KEYS.chunk(input.patientId, hour, parseChunkKeyText(text));
    const bytes = await stub.getPrivateData(PROVIDERS_COLLECTION, ledgerKey(stub, key));
    if (bytes.length === 0) throw new PulseError('not_found', 'A chunk of the hour is not there.');
    chunks.push({ header: chunkHeader(bytes), bytes });
  }
  return chunks.sort((a, b) => a.header.startMs - b.header.startMs);
}

/** Which sequences of which device and boot these chunks hold. */
function sourcesOf(chunks: readonly StoredChunk[]): readonly HourSource[] {
  const sources = new Map<string, HourSource>();
  for (const { deviceId, boot, firstSequence, count } of chunks.map(({ header }) => header)) {
    const name = `${deviceId} ${String(boot).padStart(10, '0')}`;
    const before = sources.get(name)?.ranges ?? [];
    const ranges = withRange(before, [firstSequence, firstSequence + count - 1]);
    sources.set(name, { deviceId, boot, ranges });
  }
  return [...sources].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, source]) => source);
}

/** Does the new summary count all that the old one did? */
function covers(sources: readonly HourSource[], before: readonly HourSource[]): boolean {
  return before.every(({ deviceId, boot, ranges }) => {
    const same = sources.find((one) => one.deviceId === deviceId && one.boot === boot);
    return same !== undefined && isWithin(ranges, same.ranges);
  });
}

/**
 * Take the hour's mark away, unless it is a newer one: then there are chunks that were not listed. A mark that is set
 * before this is ordered makes the transaction invalid.
 */
async function removeMark({ stub, input }: Call<CloseHourInput>): Promise<ChangeOutput> {
  const key = ledgerKey(stub, RECORD_KEYS.open(hourOf(input.hourMs), input.patientId));
  const mark = await stub.getPrivateData(PROVIDERS_COLLECTION, key);
  if (hexFromBytes(mark) !== input.mark) return UNCHANGED;
  await stub.deletePrivateData(PROVIDERS_COLLECTION, key);
  return CHANGED;
}

/**
 * Sum up an hour that is over. Repeating it changes nothing; late chunks rewrite it; leaving out what an earlier
 * summary counted is refused, so that two services that list at different times cannot undo each
 * other's work.
 */
async function closeHour(call: Call<CloseHourInput>): Promise<ChangeOutput> {
  const { stub, input, nowMs } = call;
  if (nowMs < input.hourMs + CHUNK_HOUR_MS + HOUR_CLOSES_AFTER_MS) {
    throw new PulseError('conflict', 'The hour is not over for long enough.');
  }
  const chunks = await readNamedChunks(call);
  const sources = sourcesOf(chunks);
  const key = RECORD_KEYS.hour(input.patientId, hourOf(input.hourMs));
  const before = await readDocument(stub, key, HourDocument);
  if (before !== undefined) {
    if (canonicalJson(before.sources) === canonicalJson(sources)) return removeMark(call);
    if (!covers(sources, before.sources)) {
      throw new PulseError('conflict', 'The hour was closed with chunks that are left out now.');
    }
  }
  const summaries = mergeSummaries(chunks.flatMap(({ bytes }) => chunkSummaries(bytes)));
  const { hourMs, saltHex } = input;
  const document: HourDocument = { hourMs, sources, summaries, saltHex };
  await writeDocument(stub, key, document);
  await removeMark(call);
  return CHANGED;
}

export const CLOSE_HOUR: TransactionFunction<CloseHourInput> = {
  name: 'vitals:CloseHour',
  input: inputOf(CloseHourInput),
  run: closeHour,
};
