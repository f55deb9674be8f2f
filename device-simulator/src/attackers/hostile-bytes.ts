import { generateKeyPairSync, sign } from 'node:crypto';
import {
  attachSignature,
  encodeChunk,
  MAX_CHUNK_BYTES,
  type Reading,
  SALT_BYTES,
  SIGNATURE_BYTES,
  splitSignature,
} from '@pulseledger/domain';
import type { Prng } from '../prng.ts';

/** ES256, raw r‖s. */
export type Sign = (bytes: Uint8Array) => Uint8Array;

/** What a chunk says of itself. */
export interface ChunkPlan {
  readonly deviceId: string;
  readonly boot: number;
  readonly first: number;
  readonly readings: readonly Reading[];
}

/** As many bytes of chance. */
export function bytesOf(random: Prng, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.uint32() & 0xff);
}

/** Pulse readings one after the other, from a moment on. */
export function pulse(random: Prng, fromMs: number, count: number): Reading[] {
  return Array.from({ length: count }, (_, i) => ({
    code: '8867-4',
    unit: '/min',
    atMs: fromMs + i,
    value: Math.round(random.between(55, 95)),
  }));
}

/** A chunk as its device would make it. */
export function signedChunk(plan: ChunkPlan, by: Sign, random: Prng): Uint8Array {
  const { deviceId, boot, first, readings } = plan;
  const body = encodeChunk({
    deviceId,
    boot,
    firstSequence: first,
    zoneOffsetMinutes: 0,
    readings,
    salt: bytesOf(random, SALT_BYTES),
  });
  return attachSignature(body, by(body));
}

/** A signer with a key that no device is registered with. */
export function strangersKey(): Sign {
  const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return (bytes) => sign('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' });
}

/** The chunk under signatures that are not its device's: of another key, spoilt, empty, of another text. */
export function forgeries(chunk: Uint8Array, own: Sign): Uint8Array[] {
  const { body, signature } = splitSignature(chunk);
  const spoilt = signature.map((byte, i) => (i === SIGNATURE_BYTES - 1 ? byte ^ 1 : byte));
  const signatures = [
    strangersKey()(body),
    spoilt,
    new Uint8Array(SIGNATURE_BYTES),
    own(body.subarray(1)),
  ];
  return signatures.map((one) => attachSignature(body, one));
}

/** Bytes that are no chunk: of chance, nothing at all, cut off, and with a byte too many though signed. */
export function malformations(chunk: Uint8Array, own: Sign, random: Prng): Uint8Array[] {
  const { body } = splitSignature(chunk);
  const longer = new Uint8Array([...body, 0]);
  const cut = body.subarray(0, body.length - 3);
  return [
    new Uint8Array([0xff, ...bytesOf(random, 200)]),
    new Uint8Array(0),
    attachSignature(cut, own(cut)),
    attachSignature(longer, own(longer)),
  ];
}

/** More than a message may have: by one byte, and by far. */
export function oversized(random: Prng): Uint8Array[] {
  const head = bytesOf(random, 64);
  return [MAX_CHUNK_BYTES + 1, 4 * MAX_CHUNK_BYTES].map((length) => {
    const bytes = new Uint8Array(length);
    bytes.set(head);
    return bytes;
  });
}
