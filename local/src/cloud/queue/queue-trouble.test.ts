import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Clock, SYSTEM_CLOCK } from '@pulseledger/domain';
import { type DurableQueue, SYSTEM_ENVIRONMENT } from './durable-queue.ts';
import type { Operation, QueueDatabase } from './group-commit.ts';
import { QueueSet } from './queue-set.ts';
import { SlowableDatabase } from './slowable-database.ts';

const SECOND = 1_000;
const DAY_MS = 86_400 * SECOND;
const SETTINGS = [
  { name: 'work', visibilityTimeoutMs: 30 * SECOND, retentionMs: 4 * DAY_MS },
  { name: 'other', visibilityTimeoutMs: 30 * SECOND, retentionMs: 4 * DAY_MS },
];

let folder: string;
let queues: QueueSet;
let work: DurableQueue;
let wallMs: number;
let steadyMs: number;

async function open(): Promise<void> {
  queues = await QueueSet.open(folder, SETTINGS, {
    newId: SYSTEM_ENVIRONMENT.newId,
    clock: { ...SYSTEM_CLOCK, now: () => wallMs },
    steadyClock: { ...SYSTEM_CLOCK, now: () => steadyMs },
  });
  work = queues.queue('work');
}

function pass(ms: number): void {
  wallMs += ms;
  steadyMs += ms;
}

async function bodies(): Promise<string[]> {
  return (await work.receive({ max: 10 })).map(({ body }) => body);
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pulse-queue-'));
  [wallMs, steadyMs] = [1_790_000_000_000, 5_000];
  await open();
});

afterEach(async () => {
  await queues.close();
  await rm(folder, { recursive: true });
});

describe('a clock that is set while messages are hidden', () => {
  test.each([DAY_MS, -DAY_MS])('by %d ms shows them neither sooner nor later', async (jumpMs) => {
    await work.send('a');
    expect(await bodies()).toEqual(['a']);
    wallMs += jumpMs;
    pass(30 * SECOND - 1);
    expect(await bodies()).toEqual([]);
    pass(1);
    expect(await bodies()).toEqual(['a']);
  });

  test.each([DAY_MS, -DAY_MS])(
    'by %d ms while nothing runs loses none, and keeps none hidden for a day',
    async (jumpMs) => {
      await work.send('a');
      await work.send('b', 20 * SECOND);
      await work.receive({ max: 1 });
      await queues.close();
      wallMs += jumpMs;
      await open();
      pass(15 * 60 * SECOND);
      expect(await work.dropExpired()).toBe(0);
      expect(await bodies()).toEqual(['a', 'b']);
    },
  );
});

describe('a delivery that SQS repeats by itself', () => {
  test('brings what is being worked on to somebody else, and either may delete it', async () => {
    await work.send('a');
    await work.send('later', 60 * SECOND);
    const [first] = await work.receive({ max: 10 });
    expect(work.redeliver()).toBe(1);
    const [second] = await work.receive({ max: 10 });
    expect(second).toMatchObject({ body: 'a', receiveCount: 2, messageId: first?.messageId });
    // The first receiver's handle is stale by now: its delete changes nothing.
    await work.delete(first?.receiptHandle ?? '');
    expect(work.counts).toEqual({ available: 0, inFlight: 1, delayed: 1 });
    await work.delete(second?.receiptHandle ?? '');
    expect(work.counts).toEqual({ available: 0, inFlight: 0, delayed: 1 });
  });

  test('does not come to pass when the first receiver is done before the second has come', async () => {
    await work.send('a');
    const [first] = await work.receive({ max: 1 });
    work.redeliver();
    await work.delete(first?.receiptHandle ?? '');
    expect(await bodies()).toEqual([]);
  });
});

describe('a slow disk', () => {
  const written: boolean[] = [];
  const database: QueueDatabase = {
    batch: (_: Operation[], { sync }) => {
      written.push(sync);
      return Promise.resolve();
    },
    getMany: () => Promise.resolve([]),
    iterator: () => nothing,
    close: () => Promise.resolve(),
  };
  let waits: { ms: number; call: () => void }[];
  const clock: Clock = {
    now: () => 0,
    after: (ms, call) => {
      const wait = { ms, call };
      waits.push(wait);
      return () => {
        waits = waits.filter((one) => one !== wait);
      };
    },
  };

  const nothing: AsyncIterable<[string, string]> = {
    [Symbol.asyncIterator]: () => ({
      next: () => Promise.resolve({ done: true, value: undefined }),
    }),
  };

  beforeEach(() => {
    written.length = 0;
    waits = [];
  });

  test('holds up what has to be on disk, and only that, for its time', async () => {
    const disk = new SlowableDatabase(database, clock);
    disk.slowDown(40, 1_000);
    const synced = disk.batch([], { sync: true });
    await disk.batch([], { sync: false });
    expect(written).toEqual([false]);
    waits.find(({ ms }) => ms === 40)?.call();
    await synced;
    expect(written).toEqual([false, true]);
    waits.find(({ ms }) => ms === 1_000)?.call();
    await disk.batch([], { sync: true });
    expect(written).toHaveLength(3);
  });

  test('is quick again at once when it is told so', async () => {
    const disk = new SlowableDatabase(database, clock);
    disk.slowDown(40, 1_000);
    disk.slowDown(0, 0);
    await disk.batch([], { sync: true });
    expect(written).toEqual([true]);
    await disk.close();
  });
});
