/** Heart rate once a second over days: the signed chunks of one watch, and the means that a line shows. */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import {
  attachSignature,
  encodeChunk,
  type Reading,
  SALT_BYTES,
  type SeriesPoint,
} from '@pulseledger/domain';

export const HOUR_MS = 3_600_000;
export const MINUTE_MS = 60_000;
const SECOND_MS = 1_000;
/** Longer than a watch's own, so that a month is recorded in a minute; what is drawn does not depend on it. */
const CHUNK_SECONDS = 600;

/** Beats a minute, by the second since 1970. */
function beats(second: number): number {
  return Math.round(72 + 14 * Math.sin(second / 3_000) + 5 * Math.sin(second / 9));
}

/** Hours of a watch that has measured them all. */
export class HeartRate {
  readonly deviceId: string = randomBytes(16).toString('hex');
  readonly publicKeySpkiBase64: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly #key: KeyObject;

  /** Until the last full hour that was over an hour before now, so that all of them can be summed up. */
  constructor(hours: number, nowMs: number) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#key = privateKey;
    this.publicKeySpkiBase64 = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
    this.toMs = (Math.floor(nowMs / HOUR_MS) - 1) * HOUR_MS;
    this.fromMs = this.toMs - hours * HOUR_MS;
  }

  /** One after the other without a gap. */
  *chunks(): Generator<Uint8Array> {
    for (let atMs = this.fromMs; atMs < this.toMs; atMs += CHUNK_SECONDS * SECOND_MS) {
      yield this.#chunk(atMs);
    }
  }

  /** What a line of this step shows. */
  means(fromMs: number, toMs: number, stepMs: number): Pick<SeriesPoint, 'atMs' | 'mean'>[] {
    return Array.from({ length: (toMs - fromMs) / stepMs }, (_, index) => {
      const atMs = fromMs + index * stepMs;
      const seconds = stepMs / SECOND_MS;
      let sum = 0;
      for (let n = 0; n < seconds; n += 1) sum += beats(atMs / SECOND_MS + n);
      return { atMs, mean: sum / seconds };
    });
  }

  #chunk(startMs: number): Uint8Array {
    const readings = Array.from({ length: CHUNK_SECONDS }, (_, n): Reading => {
      const atMs = startMs + n * SECOND_MS;
      return { code: '8867-4', unit: '/min', atMs, value: beats(atMs / SECOND_MS) };
    });
    const body = encodeChunk({
      deviceId: this.deviceId,
      boot: 1,
      firstSequence: (startMs - this.fromMs) / SECOND_MS,
      zoneOffsetMinutes: 0,
      readings,
      salt: randomBytes(SALT_BYTES),
    });
    return attachSignature(
      body,
      sign('sha256', body, { key: this.#key, dsaEncoding: 'ieee-p1363' }),
    );
  }
}
