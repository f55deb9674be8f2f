import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { SYSTEM_CLOCK } from '@pulseledger/domain';
import fc from 'fast-check';
import { type DurableQueue, type ReceivedMessage, SYSTEM_ENVIRONMENT } from './durable-queue.ts';
import { MinHeap } from './min-heap.ts';
import { QueueSet } from './queue-set.ts';

const SECOND = 1000;
const SETTINGS = [
  {
    name: 'work',
    visibilityTimeoutMs: 30 * SECOND,
    retentionMs: 3600 * SECOND,
    maxReceiveCount: 2,
    deadLetterQueue: 'dead',
    maxBytes: 1000,
  },
  { name: 'dead', visibilityTimeoutMs: 30 * SECOND, retentionMs: 7200 * SECOND },
];

let folder: string;
let queues: QueueSet;
let work: DurableQueue;
let now: number;

async function open(): Promise<void> {
  queues = await QueueSet.open(folder, SETTINGS, {
    newId: SYSTEM_ENVIRONMENT.newId,
    clock: { ...SYSTEM_CLOCK, now: () => now },
  });
  work = queues.queue('work');
}

async function reopen(): Promise<void> {
  await queues.close();
  await open();
}

async function receiveOne(): Promise<ReceivedMessage> {
  const [message] = await work.receive({ max: 1 });
  if (message === undefined) throw new Error('nothing to receive');
  return message;
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pulse-queue-'));
  now = 1_000_000;
  await open();
});

afterEach(async () => {
  await queues.close();
  await rm(folder, { recursive: true });
});

describe('a durable queue', () => {
  test('hands out messages in the order they came, each to one receiver', async () => {
    for (const body of ['a', 'b', 'c']) await work.send(body);
    const [first, second] = await Promise.all([work.receive({ max: 2 }), work.receive({ max: 2 })]);
    expect([...first, ...second].map((m) => m.body)).toEqual(['a', 'b', 'c']);
    expect(work.counts).toEqual({ available: 0, inFlight: 3, delayed: 0 });
  });

  test('hides a received message until its visibility timeout is over', async () => {
    const id = await work.send('a');
    await receiveOne();
    now += 30 * SECOND - 1;
    expect(await work.receive({ max: 1 })).toEqual([]);
    now += 1;
    expect(await receiveOne()).toMatchObject({ messageId: id, body: 'a', receiveCount: 2 });
  });

  test('forgets a deleted message for good', async () => {
    await work.send('a');
    await work.delete((await receiveOne()).receiptHandle);
    await reopen();
    now += 3600;
    expect(work.counts).toEqual({ available: 0, inFlight: 0, delayed: 0 });
  });

  test('does not delete by the handle of an earlier receive', async () => {
    await work.send('a');
    const stale = await receiveOne();
    now += 30 * SECOND;
    const current = await receiveOne();
    await work.delete(stale.receiptHandle);
    expect(work.counts.inFlight).toBe(1);
    await work.delete(current.receiptHandle);
    expect(work.counts.inFlight).toBe(0);
  });

  test('shows a message again at once when its visibility is set to zero', async () => {
    await work.send('a');
    const { receiptHandle } = await receiveOne();
    await work.changeVisibility(receiptHandle, 0);
    expect((await receiveOne()).receiveCount).toBe(2);
  });

  test('hides a message for longer when asked', async () => {
    await work.send('a');
    const { receiptHandle } = await receiveOne();
    await work.changeVisibility(receiptHandle, 60 * SECOND);
    now += 59 * SECOND;
    expect(await work.receive({ max: 1 })).toEqual([]);
    now += SECOND;
    expect((await receiveOne()).body).toBe('a');
  });

  test('moves a message to the dead-letter queue after its last receive', async () => {
    const id = await work.send('poison');
    for (let i = 0; i < 2; i++) {
      await receiveOne();
      now += 30 * SECOND;
    }
    expect(await work.receive({ max: 1 })).toEqual([]);
    await reopen();
    const [dead] = await queues.queue('dead').receive({ max: 1 });
    expect(dead).toMatchObject({
      messageId: id,
      body: 'poison',
      sentAtMs: 1_000_000,
      sourceQueue: 'work',
    });
    expect(work.counts).toEqual({ available: 0, inFlight: 0, delayed: 0 });
  });

  test('keeps messages, receive counts and hidden times over a restart', async () => {
    await work.send('a');
    await work.send('b');
    const { receiptHandle } = await receiveOne();
    await reopen();
    expect((await work.receive({ max: 10 })).map((m) => m.body)).toEqual(['b']);
    await work.delete(receiptHandle);
    now += 30 * SECOND;
    expect((await work.receive({ max: 10 })).map((m) => [m.body, m.receiveCount])).toEqual([
      ['b', 2],
    ]);
  });

  test('delays a message that was sent with a delay', async () => {
    await work.send('later', 5 * SECOND);
    expect(work.counts).toEqual({ available: 0, inFlight: 0, delayed: 1 });
    now += 5 * SECOND;
    expect((await receiveOne()).body).toBe('later');
  });

  test('drops messages older than the retention period', async () => {
    await work.send('old');
    now += 1800 * SECOND;
    await work.send('young');
    now += 1801 * SECOND;
    expect(await work.dropExpired()).toBe(1);
    await reopen();
    expect((await work.receive({ max: 10 })).map((m) => m.body)).toEqual(['young']);
  });

  test('refuses what is over its size and takes more once there is room', async () => {
    await work.send('x'.repeat(900));
    await expect(work.send('y'.repeat(200))).rejects.toMatchObject({ code: 'queue_full' });
    await work.delete((await receiveOne()).receiptHandle);
    await work.send('y'.repeat(200));
    expect(work.counts.available).toBe(1);
  });

  test('wakes a waiting receiver when a message arrives', async () => {
    const waiting = work.receive({ max: 1, waitMs: 20 * SECOND });
    await work.send('a');
    expect((await waiting).map((m) => m.body)).toEqual(['a']);
  });

  test('ends a long poll when its caller goes away', async () => {
    const caller = new AbortController();
    const waiting = work.receive({ max: 1, waitMs: 20 * SECOND, signal: caller.signal });
    caller.abort();
    expect(await waiting).toEqual([]);
  });

  test.each(['', 'nonsense', Buffer.from('["work",1]').toString('base64url')])(
    'refuses the receipt handle %j',
    async (handle) => {
      await expect(work.delete(handle)).rejects.toMatchObject({ code: 'invalid_receipt_handle' });
    },
  );

  test('refuses a receipt handle of another queue', async () => {
    await work.send('a');
    const { receiptHandle } = await receiveOne();
    await expect(queues.queue('dead').delete(receiptHandle)).rejects.toMatchObject({
      code: 'invalid_receipt_handle',
    });
  });

  test('loses and doubles nothing whatever the order of sends, receives, deletes and restarts', async () => {
    const step = fc.oneof(
      fc.constant('send' as const),
      fc.constant('receive' as const),
      fc.constant('delete' as const),
      fc.constant('wait' as const),
      fc.constant('restart' as const),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        await queues.close();
        await rm(folder, { recursive: true });
        now = 1_000_000;
        await open();
        const alive = new Set<string>();
        const held = new Map<string, ReceivedMessage>();
        let count = 0;
        const actions = {
          send: async () => {
            alive.add(String(count));
            await work.send(String(count++));
          },
          receive: async () => {
            for (const m of await work.receive({ max: 3 })) {
              expect(held.has(m.body)).toBe(false);
              held.set(m.body, m);
            }
          },
          delete: async () => {
            const [message] = held.values();
            if (message === undefined) return;
            await work.delete(message.receiptHandle);
            held.delete(message.body);
            alive.delete(message.body);
          },
          wait: () => {
            now += 31 * SECOND;
            held.clear();
          },
          restart: reopen,
        };
        for (const name of steps) await actions[name]();
        const left: string[] = [];
        for (const queue of [work, queues.queue('dead')]) {
          for (let i = 0; i < 3; i++) {
            now += 31 * SECOND;
            for (const m of await queue.receive({ max: 1000 })) {
              left.push(m.body);
              await queue.delete(m.receiptHandle);
            }
          }
        }
        expect(left.sort()).toEqual([...alive].sort());
      }),
      { numRuns: 40 },
    );
  });
});

describe('a heap', () => {
  test('hands out numbers in order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), (numbers) => {
        const heap = new MinHeap<number>((n) => n);
        for (const n of numbers) heap.push(n);
        const out = numbers.map(() => heap.pop());
        expect(out).toEqual([...numbers].sort((a, b) => a - b));
        expect(heap.pop()).toBeUndefined();
      }),
    );
  });
});
