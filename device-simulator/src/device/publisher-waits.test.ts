import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { acknowledgementTopic, type Clock } from '@pulseledger/domain';
import { Prng } from '../prng.ts';
import type { LinkListener, Transport } from './link.ts';
import { Outbox } from './outbox.ts';
import { Publisher } from './publisher.ts';

const DEVICE = 'd'.repeat(32);
const SECOND_MS = 1_000;

let nowMs: number;
let sent: number;
let listener: LinkListener;
let outbox: Outbox;
let publisher: Publisher;

const clock: Clock = { now: () => nowMs, after: () => () => undefined };

function transport(heard: LinkListener): Transport {
  listener = heard;
  return {
    connected: true,
    reconnects: 0,
    open: () => undefined,
    close: () => Promise.resolve(),
    publish: () => {
      sent += 1;
      return Promise.resolve();
    },
  };
}

beforeEach(() => {
  nowMs = 0;
  sent = 0;
  outbox = new Outbox(':memory:');
  outbox.beginBoot(DEVICE);
  const link = { deviceId: DEVICE, random: new Prng('waits'), clock, transport };
  publisher = new Publisher(
    outbox,
    { ...link, certificatePem: '', privateKeyPem: '', brokerUrl: '', brokerCaPem: '' },
    { published: () => undefined, answered: () => undefined },
  );
});
afterEach(() => {
  outbox.close();
});

/** One more chunk is measured and taken over by the broker. */
async function publish(): Promise<number> {
  const { boot, nextSequence: firstSequence } = outbox.numbering(DEVICE);
  const bytes = Uint8Array.of(1);
  outbox.put({ deviceId: DEVICE, boot, firstSequence, count: 1, closedAtMs: nowMs, bytes });
  publisher.pump();
  await new Promise(setImmediate);
  return firstSequence;
}

function acknowledge(firstSequence: number): void {
  const answer = { boot: 1, firstSequence, count: 1, status: 'committed' };
  const payload = new TextEncoder().encode(JSON.stringify(answer));
  listener.message(acknowledgementTopic(DEVICE), payload);
}

/** After how many seconds without an answer the chunk is sent again. */
function secondsUntilSentAgain(): number {
  const before = sent;
  for (let seconds = 1; seconds < 1_000; seconds += 1) {
    nowMs += SECOND_MS;
    publisher.sendOverdue();
    if (sent > before) return seconds;
  }
  return Number.POSITIVE_INFINITY;
}

describe('a chunk without an answer', () => {
  test('is sent again after about half a minute', async () => {
    await publish();
    const seconds = secondsUntilSentAgain();
    expect(seconds).toBeGreaterThanOrEqual(24);
    expect(seconds).toBeLessThanOrEqual(37);
  });

  test('is given more time where answers take long, so that nobody overloads who is behind', async () => {
    for (let i = 0; i < 30; i += 1) {
      const sequence = await publish();
      nowMs += 60 * SECOND_MS;
      acknowledge(sequence);
    }
    await publish();
    expect(secondsUntilSentAgain()).toBeGreaterThanOrEqual(3 * 60 * 0.8 - 1);
  });

  test('is sent soon again once answers come quickly again', async () => {
    for (const latency of [...Array<number>(30).fill(60), ...Array<number>(30).fill(1)]) {
      const sequence = await publish();
      nowMs += latency * SECOND_MS;
      acknowledge(sequence);
    }
    await publish();
    expect(secondsUntilSentAgain()).toBeLessThanOrEqual(37);
  });
});
