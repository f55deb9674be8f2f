import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import {
  attachSignature,
  canonicalOrder,
  encodeChunk,
  type Reading,
  SALT_BYTES,
} from '@pulseledger/domain';

/** What a chunk says; left out: one heart rate a second since `atMs`, boot 1, UTC. */
export interface Saying {
  readonly firstSequence: number;
  readonly count?: number;
  readonly boot?: number;
  readonly atMs?: number;
  readonly zoneOffsetMinutes?: number;
  /** Added to every heart rate, so that two chunks of the same sequence differ. */
  readonly shift?: number;
  readonly readings?: readonly Reading[];
  /** Named in the chunk instead of the device itself. */
  readonly deviceId?: string;
}

const SECOND = 1000;
const HOUR_MS = 3_600_000;
const DEFAULT_COUNT = 5;

/** A moment shortly ago after which a chunk's few seconds stay within one UTC hour. */
export function shortlyAgo(nowMs: number = Date.now()): number {
  const candidate = nowMs - 60 * SECOND;
  const lateInHour = candidate % HOUR_MS > HOUR_MS - 120 * SECOND;
  return lateInHour ? candidate - 240 * SECOND : candidate;
}

/** A P-256 key that signs chunks as a wearable does. */
export class ChunkSigner {
  readonly publicKeySpkiBase64: string;
  readonly privateKeyPem: string;
  readonly #key: KeyObject;
  readonly #bornMs = shortlyAgo();

  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.publicKeySpkiBase64 = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
    this.privateKeyPem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
    this.#key = privateKey;
  }

  /** A signed chunk. @throws PulseError of the codec */
  chunk(deviceId: string, saying: Saying): Buffer {
    const { firstSequence, boot = 1, zoneOffsetMinutes = 0 } = saying;
    const readings = canonicalOrder(saying.readings ?? this.#heartRates(saying));
    const salt = new Uint8Array(randomBytes(SALT_BYTES));
    const named = saying.deviceId ?? deviceId;
    const content = { deviceId: named, boot, firstSequence, zoneOffsetMinutes, readings, salt };
    return this.signed(encodeChunk(content));
  }

  /** Whatever bytes, with this device's valid signature. */
  signed(body: Uint8Array): Buffer {
    const signature = sign('sha256', body, { key: this.#key, dsaEncoding: 'ieee-p1363' });
    return Buffer.from(attachSignature(body, signature));
  }

  #heartRates({ firstSequence, count = DEFAULT_COUNT, atMs, shift = 0 }: Saying): Reading[] {
    const startMs = atMs ?? this.#bornMs + firstSequence * SECOND;
    return Array.from({ length: count }, (_, index) => ({
      code: '8867-4',
      unit: '/min',
      atMs: startMs + index * SECOND,
      value: 60 + (index % 7) + shift,
    }));
  }
}
