import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BlockCutter } from './block-cutter.ts';

const message = (size: number) => ({ envelope: new Uint8Array(size) });

describe('the block cutter', () => {
  test('cuts a batch when it has as many messages as it may', () => {
    const cutter = new BlockCutter({ maxMessageCount: 2, preferredMaxBytes: 100 });
    expect(cutter.order(message(1))).toEqual([]);
    expect(cutter.hasPending).toBe(true);
    expect(cutter.order(message(1))).toHaveLength(1);
    expect(cutter.hasPending).toBe(false);
  });

  test('cuts before a message that would make the batch too large', () => {
    const cutter = new BlockCutter({ maxMessageCount: 10, preferredMaxBytes: 100 });
    cutter.order(message(60));
    expect(cutter.order(message(60)).map((batch) => batch.length)).toEqual([1]);
    expect(cutter.hasPending).toBe(true);
    expect(cutter.cut().map((batch) => batch.length)).toEqual([1]);
    expect(cutter.cut()).toEqual([]);
  });

  test('gives a message larger than a batch a block of its own', () => {
    const cutter = new BlockCutter({ maxMessageCount: 10, preferredMaxBytes: 100 });
    cutter.order(message(10));
    expect(cutter.order(message(101)).map((batch) => batch.length)).toEqual([1, 1]);
    expect(cutter.hasPending).toBe(false);
  });

  test('loses nothing, keeps the order, and keeps to its limits', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 150 })),
        fc.integer({ min: 1, max: 5 }),
        (sizes, maxMessageCount) => {
          const cutter = new BlockCutter({ maxMessageCount, preferredMaxBytes: 100 });
          const messages = sizes.map(message);
          const batches = [...messages.flatMap((m) => cutter.order(m)), ...cutter.cut()];
          expect(batches.flat()).toEqual(messages);
          for (const batch of batches) {
            const bytes = batch.reduce((total, m) => total + m.envelope.length, 0);
            expect(batch.length).toBeGreaterThan(0);
            expect(batch.length).toBeLessThanOrEqual(maxMessageCount);
            expect(bytes <= 100 || batch.length === 1).toBe(true);
          }
        },
      ),
    );
  });
});
