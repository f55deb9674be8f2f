import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import mqtt from 'mqtt-packet';
import {
  ConnectionThrottle,
  MAX_BYTES_PER_SECOND,
  MAX_PUBLISHES_PER_SECOND,
  MAX_UNACKNOWLEDGED,
} from './connection-throttle.ts';
import { MAX_PACKET_BYTES, PacketMeter } from './packet-meter.ts';
import { MAX_SESSION_MESSAGES, SESSION_EXPIRY_MS, SessionStore } from './session-store.ts';

function publishOf(length: number): Buffer {
  const rest = { topic: 't', qos: 0, dup: false, retain: false } as const;
  return mqtt.generate({ cmd: 'publish', payload: Buffer.alloc(length), ...rest });
}

describe('the packet meter', () => {
  test('follows packets of any size, cut anywhere', () => {
    const lengths = fc.array(fc.oneof(fc.nat(300), fc.nat(20_000)), { maxLength: 8 });
    fc.assert(
      fc.property(lengths, fc.array(fc.nat(40_000)), (sizes, cuts) => {
        const bytes = Buffer.concat(sizes.map(publishOf));
        const meter = new PacketMeter();
        const edges = [0, ...cuts.map((c) => Math.min(c, bytes.length)), bytes.length];
        edges.sort((a, b) => a - b);
        const parts = edges.slice(1).map((end, i) => bytes.subarray(edges[i], end));
        expect(parts.every((part) => meter.accept(part))).toBe(true);
        // Whatever came before, the next packet's announced length is found.
        expect(meter.accept(Uint8Array.from([0x30, 0xff, 0xff, 0xff, 0x7f]))).toBe(false);
      }),
    );
  });

  test('takes a packet of exactly the limit and none longer', () => {
    const [atLimit, over] = [0, 1].map((more) => {
      const length = MAX_PACKET_BYTES + more;
      return [0x30, (length & 0x7f) | 0x80, ((length >> 7) & 0x7f) | 0x80, length >> 14];
    });
    expect(new PacketMeter().accept(Uint8Array.from(atLimit!))).toBe(true);
    expect(new PacketMeter().accept(Uint8Array.from(over!))).toBe(false);
  });

  test('refuses a length of more than four bytes', () => {
    const endless = Uint8Array.from([0x30, 0x80, 0x80, 0x80, 0x80, 0x80]);
    expect(new PacketMeter().accept(endless)).toBe(false);
  });
});

describe('the throttle of a connection', () => {
  test('lets a burst of one second through and delays what is beyond', () => {
    const throttle = new ConnectionThrottle(() => 5_000);
    const waits = Array.from({ length: 300 }, () => throttle.charge(1));
    expect(waits.slice(0, MAX_PUBLISHES_PER_SECOND).every((wait) => wait === 0)).toBe(true);
    expect(waits[299]).toBeCloseTo((299 - MAX_PUBLISHES_PER_SECOND) * 10);
  });

  test('delays by bytes as well', () => {
    const throttle = new ConnectionThrottle(() => 5_000);
    expect(throttle.charge(2 * MAX_BYTES_PER_SECOND)).toBe(0);
    expect(throttle.charge(1)).toBe(1_000);
  });

  test('forgives what is past', () => {
    let now = 0;
    const throttle = new ConnectionThrottle(() => now);
    throttle.charge(100 * MAX_BYTES_PER_SECOND);
    now = 200_000;
    expect(throttle.charge(1)).toBe(0);
  });

  test('admits no more at once than may be unacknowledged', async () => {
    let now = 0;
    const throttle = new ConnectionThrottle(() => (now += 1_000));
    let admitted = 0;
    for (let i = 0; i < MAX_UNACKNOWLEDGED + 2; i++) {
      void throttle.admit(1).then(() => (admitted += 1));
    }
    await turn();
    expect(admitted).toBe(MAX_UNACKNOWLEDGED);
    throttle.done();
    await turn();
    expect(admitted).toBe(MAX_UNACKNOWLEDGED + 1);
  });
});

describe('a persistent session', () => {
  const client = { id: 'device' };

  async function waiting(store: SessionStore): Promise<number> {
    return (await store.outgoingStream(client).toArray()).length;
  }

  test('keeps messages up to its limit, and again after some are taken', async () => {
    const store = new SessionStore();
    const add = (messageId: number) =>
      store.outgoingEnqueueCombi([{ clientId: client.id }], { messageId });
    for (let i = 1; i <= MAX_SESSION_MESSAGES + 5; i++) await add(i);
    expect(await waiting(store)).toBe(MAX_SESSION_MESSAGES);
    for (let i = 1; i <= MAX_SESSION_MESSAGES; i++) {
      await store.outgoingClearMessageId(client, {});
    }
    await add(1);
    expect(await waiting(store)).toBe(1);
  });

  test('ends when its client stays away for too long', async () => {
    const store = new SessionStore();
    await store.outgoingEnqueueCombi([{ clientId: client.id }], { messageId: 1 });
    store.left(client.id, 1_000);
    await store.expire(1_000 + SESSION_EXPIRY_MS - 1);
    expect(await waiting(store)).toBe(1);
    await store.expire(1_000 + SESSION_EXPIRY_MS);
    expect(await waiting(store)).toBe(0);
  });

  test('lives on when its client comes back', async () => {
    const store = new SessionStore();
    await store.outgoingEnqueueCombi([{ clientId: client.id }], { messageId: 1 });
    store.left(client.id, 0);
    store.returned(client.id);
    await store.expire(10 * SESSION_EXPIRY_MS);
    expect(await waiting(store)).toBe(1);
  });
});
