import { bytesFromHex, hexFromBytes } from '../bytes.ts';
import { PulseError } from '../errors.ts';
import { LATEST_MOMENT_MS } from '../identifiers.ts';
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import {
  CHUNK_HOUR_MS,
  MAX_BOOT,
  MAX_DURATION_MS,
  MAX_READINGS_PER_CHUNK,
  MAX_SEQUENCE,
  MAX_ZONE_OFFSET_MINUTES,
  SALT_BYTES,
} from './limits.ts';
import type { ChunkHeader } from './reading.ts';

/** "P" for pulse, so that foreign bytes are refused at once. */
const MAGIC = 0x50;
const VERSION = 1;
const DEVICE_ID_BYTES = 16;

/** Header fields and salt, which open every chunk. */
export interface Opening {
  readonly header: ChunkHeader;
  readonly salt: Uint8Array;
}

/** Write what stands before the series. */
export function writeOpening(writer: ByteWriter, { header, salt }: Opening): void {
  writer.byte(MAGIC);
  writer.byte(VERSION);
  writer.raw(bytesFromHex(header.deviceId));
  writer.unsigned(header.boot);
  writer.unsigned(header.firstSequence);
  writer.signed(header.zoneOffsetMinutes);
  writer.unsigned(header.count);
  writer.unsigned(header.startMs);
  writer.unsigned(header.endMs - header.startMs);
  writer.raw(salt);
}

/**
 * Read what stands before the series.
 *
 * @throws PulseError `malformed` for another format or version, or a field beyond its limit.
 */
export function readOpening(reader: ByteReader): Opening {
  if (reader.byte() !== MAGIC) throw new PulseError('malformed', 'These bytes are not a chunk.');
  if (reader.byte() !== VERSION) {
    throw new PulseError('malformed', 'The version of the chunk is not known.');
  }
  const deviceId = hexFromBytes(reader.raw(DEVICE_ID_BYTES));
  const boot = reader.unsignedUpTo(MAX_BOOT);
  const firstSequence = reader.unsignedUpTo(MAX_SEQUENCE);
  const zoneOffsetMinutes = reader.signed();
  if (Math.abs(zoneOffsetMinutes) > MAX_ZONE_OFFSET_MINUTES) {
    throw new PulseError('malformed', 'The zone offset is out of range.');
  }
  const count = reader.unsignedUpTo(MAX_READINGS_PER_CHUNK);
  const startMs = reader.unsignedUpTo(LATEST_MOMENT_MS);
  const endMs = startMs + reader.unsignedUpTo(CHUNK_HOUR_MS + MAX_DURATION_MS);
  const header = { deviceId, boot, firstSequence, zoneOffsetMinutes, count, startMs, endMs };
  return { header, salt: reader.raw(SALT_BYTES) };
}
