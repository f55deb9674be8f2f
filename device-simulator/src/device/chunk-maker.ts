import { randomBytes } from 'node:crypto';
import {
  attachSignature,
  encodeChunk,
  partitionReadings,
  type Reading,
  SALT_BYTES,
} from '@pulseledger/domain';
import type { PendingChunk } from './outbox.ts';

/** Whose chunks, numbered from where. */
export interface ChunkMakerInput {
  readonly deviceId: string;
  readonly boot: number;
  readonly firstSequence: number;
  /** ES256, raw r‖s. */
  readonly sign: (bytes: Uint8Array) => Uint8Array;
  /** Offset of civil time from UTC in minutes at a moment. */
  readonly zoneOffsetAt: (atMs: number) => number;
  readonly closedAtMs: number;
}

/** A pending chunk together with the readings that are in it, in their order. */
export interface MadeChunk extends PendingChunk {
  readonly zoneOffsetMinutes: number;
  readonly readings: readonly Reading[];
}

/**
 * Encode, salt and sign the readings of one window: one chunk, or several where the codec demands a
 * cut (a UTC hour, the size). The chunks are numbered one after the other.
 */
export function makeChunks(input: ChunkMakerInput, readings: readonly Reading[]): MadeChunk[] {
  const { deviceId, boot, sign, zoneOffsetAt, closedAtMs } = input;
  let firstSequence = input.firstSequence;
  return partitionReadings(readings).map((part) => {
    const [first] = part;
    const zoneOffsetMinutes = first === undefined ? 0 : zoneOffsetAt(first.atMs);
    const salt = new Uint8Array(randomBytes(SALT_BYTES));
    const content = { deviceId, boot, firstSequence, zoneOffsetMinutes, readings: part, salt };
    const body = encodeChunk(content);
    const chunk: MadeChunk = {
      deviceId,
      boot,
      firstSequence,
      count: part.length,
      closedAtMs,
      bytes: attachSignature(body, sign(body)),
      zoneOffsetMinutes,
      readings: part,
    };
    firstSequence += part.length;
    return chunk;
  });
}
