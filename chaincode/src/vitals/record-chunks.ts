import {
  CHUNKS_RECORDED_EVENT,
  type ChunkResult,
  type ChunksRecorded,
  canonicalJson,
  hexFromBytes,
  merkleRoot,
  RECORD_KEYS,
  type RecordChunksOutput,
} from '@pulseledger/domain';
import { sha256 } from '../crypto.ts';
import { ledgerKey } from '../store/documents.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import type { LedgerStub } from '../transaction/ledger-context.ts';
import { type ReceivedChunks, receivedChunksOf } from '../transaction/transient.ts';
import { Recorder } from './recorder.ts';

/** Public state and event: a root over all chunks and their number, of which nobody can be told. */
async function announce(stub: LedgerStub, recorded: readonly Uint8Array[]): Promise<string> {
  const root = hexFromBytes(merkleRoot(recorded, sha256));
  const announced: ChunksRecorded = { root, count: recorded.length };
  const bytes = Buffer.from(canonicalJson(announced));
  await stub.putState(ledgerKey(stub, RECORD_KEYS.root(stub.getTxID())), bytes);
  stub.setEvent(CHUNKS_RECORDED_EVENT, bytes);
  return root;
}

async function recordChunks({
  stub,
  caller,
  input,
  nowMs,
}: Call<ReceivedChunks>): Promise<RecordChunksOutput> {
  const { chunks, receivedAtMs } = input;
  const recorder = new Recorder(stub, caller.mspId, nowMs);
  const results: ChunkResult[] = [];
  for (const [index, chunk] of chunks.entries()) {
    results.push(await recorder.admit(chunk, receivedAtMs?.[index]));
  }
  await recorder.finish();
  const { recorded } = recorder;
  return { results, root: recorded.length === 0 ? null : await announce(stub, recorded) };
}

export const RECORD_CHUNKS: TransactionFunction<ReceivedChunks> = {
  name: 'vitals:RecordChunks',
  input: receivedChunksOf,
  run: recordChunks,
};
