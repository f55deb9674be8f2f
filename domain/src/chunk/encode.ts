import { PulseError } from '../errors.ts';
import { writeBody } from './body.ts';
import { MAX_CHUNK_BYTES, SIGNATURE_BYTES } from './limits.ts';
import type { ChunkContent } from './reading.ts';
import { seriesOf } from './series.ts';

/**
 * The body of a chunk: all that is signed. Version 1: opening (magic, version, device, boot, first
 * sequence, zone offset, count, start, length of time, salt), a header with summary for each
 * series, then the columns of each series.
 *
 * @throws PulseError `invalid_input` naming the field, `oversize` above {@link MAX_CHUNK_BYTES}.
 */
export function encodeChunk(content: ChunkContent): Uint8Array {
  return writeBody(content, seriesOf(content.readings)).bytes.slice();
}

/**
 * The whole chunk: body and signature.
 *
 * @param signature ES256 over SHA-256 of the body, raw r‖s.
 * @throws PulseError `invalid_input` when the signature does not have 64 bytes.
 */
export function attachSignature(body: Uint8Array, signature: Uint8Array): Uint8Array {
  if (signature.length !== SIGNATURE_BYTES) {
    throw new PulseError('invalid_input', 'The signature does not have 64 bytes.');
  }
  const chunk = new Uint8Array(body.length + SIGNATURE_BYTES);
  chunk.set(body);
  chunk.set(signature, body.length);
  return chunk;
}

/**
 * Body and signature of a chunk, as views of its bytes.
 *
 * @throws PulseError `oversize`, or `malformed` when there is no room for a signature.
 */
export function splitSignature(chunk: Uint8Array): { body: Uint8Array; signature: Uint8Array } {
  if (chunk.length > MAX_CHUNK_BYTES) throw new PulseError('oversize');
  if (chunk.length <= SIGNATURE_BYTES) throw new PulseError('malformed', 'The chunk is cut off.');
  const at = chunk.length - SIGNATURE_BYTES;
  return { body: chunk.subarray(0, at), signature: chunk.subarray(at) };
}
