import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import {
  attachSignature,
  CHUNK_HOUR_MS,
  canonicalOrder,
  encodeChunk,
  type Reading,
  SALT_BYTES,
} from '@pulseledger/domain';

/** Five signals, each once a second. */
const SIGNALS = [
  { code: '8867-4', unit: '/min', base: 70, step: 1 },
  { code: '59408-5', unit: '%', base: 96, step: 1 },
  { code: '9279-1', unit: '/min', base: 14, step: 1 },
  { code: '8310-5', unit: 'Cel', base: 36.6, step: 0.1 },
  { code: '80404-7', unit: 'ms', base: 42, step: 1 },
] as const;

const FIRST_HOUR_MS: number = Date.UTC(2026, 0, 1);

/** A signed chunk with the number of readings in it. */
export interface SignedChunk {
  readonly bytes: Uint8Array;
  readonly readings: number;
}

/** A wearable that measures five signals at 1 Hz and signs what it measured. */
export class Wearable {
  readonly deviceId: string = randomBytes(16).toString('hex');
  readonly publicKeySpkiBase64: string;
  readonly #key: KeyObject;
  #sequence = 0;
  #atMs = FIRST_HOUR_MS;

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#key = privateKey;
    this.publicKeySpkiBase64 = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  }

  /** Goes on at the next full hour: windows divide the hour, so that none is cut by the end of one. */
  goOnAtFullHour(): void {
    this.#atMs = Math.ceil(this.#atMs / CHUNK_HOUR_MS) * CHUNK_HOUR_MS;
  }

  /** The next window's chunk. */
  nextWindow(seconds: number): SignedChunk {
    const readings = Array.from({ length: seconds }, (_, second) => second).flatMap((second) =>
      SIGNALS.map((_, signal) => this.#reading(signal, second)),
    );
    const chunk = this.#sign(canonicalOrder(readings));
    this.#atMs += seconds * 1_000;
    return chunk;
  }

  /** The next single reading as a chunk of its own. */
  nextReading(): SignedChunk {
    const chunk = this.#sign([this.#reading(0, 0)]);
    this.#atMs += 1_000;
    return chunk;
  }

  #reading(signal: number, second: number): Reading {
    const { code, unit, base, step } = SIGNALS[signal] ?? SIGNALS[0];
    const drift = Math.round(3 * Math.sin((this.#sequence + second) / 9 + signal));
    const value = Math.round((base + drift * step) * 10) / 10;
    return { code, unit, atMs: this.#atMs + second * 1_000, value };
  }

  #sign(readings: readonly Reading[]): SignedChunk {
    const body = encodeChunk({
      deviceId: this.deviceId,
      boot: 1,
      firstSequence: this.#sequence,
      zoneOffsetMinutes: 60,
      readings,
      salt: randomBytes(SALT_BYTES),
    });
    this.#sequence += readings.length;
    const signature = sign('sha256', body, { key: this.#key, dsaEncoding: 'ieee-p1363' });
    return { bytes: attachSignature(body, signature), readings: readings.length };
  }
}
