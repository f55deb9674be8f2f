import { MAX_CHUNK_BYTES } from '../chunk/limits.ts';
import { PulseError } from '../errors.ts';
import { MAX_CHUNKS_PER_TRANSACTION, MAX_TRANSACTION_BYTES } from './submit.ts';

const LENGTH_BYTES = 4;

/** Transient field `chunks` of `vitals:RecordChunks`: each chunk after its length (uint32, big-endian). */
export function joinChunks(chunks: readonly Uint8Array[]): Uint8Array {
  const total = chunks.reduce((sum, chunk) => sum + LENGTH_BYTES + chunk.length, 0);
  const joined = new Uint8Array(total);
  const view = new DataView(joined.buffer);
  let at = 0;
  for (const chunk of chunks) {
    view.setUint32(at, chunk.length);
    joined.set(chunk, at + LENGTH_BYTES);
    at += LENGTH_BYTES + chunk.length;
  }
  return joined;
}

/**
 * Take a joined list apart.
 *
 * @throws PulseError `invalid_input` when lengths and bytes do not agree, `too_costly` above the
 * limits of one transaction.
 */
export function splitChunks(joined: Uint8Array): Uint8Array[] {
  if (joined.length > MAX_TRANSACTION_BYTES + MAX_CHUNKS_PER_TRANSACTION * LENGTH_BYTES) {
    throw new PulseError('too_costly', 'The chunks of the transaction are too large together.');
  }
  const view = new DataView(joined.buffer, joined.byteOffset, joined.byteLength);
  const chunks: Uint8Array[] = [];
  let at = 0;
  while (at < joined.length) {
    if (chunks.length === MAX_CHUNKS_PER_TRANSACTION) {
      throw new PulseError('too_costly', 'The transaction holds too many chunks.');
    }
    const length = at + LENGTH_BYTES <= joined.length ? view.getUint32(at) : Infinity;
    if (length > MAX_CHUNK_BYTES * 2 || at + LENGTH_BYTES + length > joined.length) {
      throw new PulseError('invalid_input', 'The list of chunks is cut off.');
    }
    chunks.push(joined.subarray(at + LENGTH_BYTES, at + LENGTH_BYTES + length));
    at += LENGTH_BYTES + length;
  }
  return chunks;
}
