import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import {
  attachSignature,
  chunkTopic,
  encodeChunk,
  type IngestMessage,
  SALT_BYTES,
} from '@pulseledger/domain';
import type { QueuedMessage } from '../parse-message.ts';

/** When the first reading of every device is taken. */
export const START_MS: number = Date.UTC(2026, 10, 22, 9, 0, 0);

/** A wearable with its own key that signs real chunks. */
export class TestDevice {
  readonly deviceId: string = randomBytes(16).toString('hex');
  readonly #key: KeyObject = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

  /** Heart rate once a second. */
  chunk(
    firstSequence: number,
    count = 5,
    boot = 1,
    heartRate: (index: number) => number = (index) => 60 + (index % 7),
  ): Uint8Array {
    const body = encodeChunk({
      deviceId: this.deviceId,
      boot,
      firstSequence,
      zoneOffsetMinutes: 60,
      readings: Array.from({ length: count }, (_, index) => ({
        code: '8867-4',
        unit: '/min',
        atMs: START_MS + (firstSequence + index) * 1_000,
        value: heartRate(index),
      })),
      salt: randomBytes(SALT_BYTES),
    });
    const signature = sign('sha256', body, { key: this.#key, dsaEncoding: 'ieee-p1363' });
    return attachSignature(body, signature);
  }

  /** The queue message that the topic rule makes of a published chunk. */
  queued(chunk: Uint8Array, change: Partial<IngestMessage> = {}): QueuedMessage {
    const message: IngestMessage = {
      payload: Buffer.from(chunk).toString('base64'),
      clientId: this.deviceId,
      principal: 'ab'.repeat(32),
      topic: chunkTopic(this.deviceId),
      receivedAtMs: START_MS + 3_600_000,
      ...change,
    };
    return queuedBody(JSON.stringify(message));
  }
}

/** Any body in the queue. */
export function queuedBody(body: string): QueuedMessage {
  return { messageId: randomBytes(8).toString('hex'), body, sentAtMs: START_MS, receiveCount: 1 };
}
