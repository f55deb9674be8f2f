import { describe, expect, it } from '@jest/globals';
import { PulseError } from '@pulseledger/domain';
import type { TransactionOutcome } from '@pulseledger/ledger';
import fc from 'fast-check';
import { TransactionSize } from './transaction-size.ts';

const common = {
  transactionId: 'x',
  times: { endorseMs: 5, submitMs: 0, commitMs: 0, totalMs: 5 },
  steps: 1,
};
const done: TransactionOutcome = {
  ...common,
  status: 'committed',
  result: new Uint8Array(),
  blockNumber: 1n,
};
const late: TransactionOutcome = {
  ...common,
  status: 'failed',
  kind: 'out_of_time',
  error: new PulseError('timeout'),
};
const neverBegun: TransactionOutcome = { ...late, times: { ...common.times, endorseMs: 0 } };
const unreachable: TransactionOutcome = {
  ...late,
  kind: 'unreachable',
  error: new PulseError('unavailable'),
};

function after(...batches: readonly (readonly TransactionOutcome[])[]): number {
  const size = new TransactionSize();
  for (const outcomes of batches) size.learn(outcomes);
  return size.limits.chunks;
}

describe('the size of a transaction', () => {
  it('is full at first, and stays so while all goes well', () => {
    expect(after()).toBe(100);
    expect(after([done, done], [done])).toBe(100);
  });

  it('is halved when nothing was done in time, down to a few chunks', () => {
    expect(after([late, late])).toBe(50);
    expect(after([late], [late, neverBegun])).toBe(25);
    expect(after(...Array.from({ length: 20 }, () => [late]))).toBe(5);
  });

  it('stays when some were done and some were not: that is what a long queue looks like', () => {
    expect(after([late], [done, late])).toBe(50);
  });

  it('grows again step by step when all were done', () => {
    expect(after([late], [done], [done, done])).toBe(70);
  });

  it('learns nothing from a ledger that is away, or that was not asked', () => {
    expect(after([unreachable], [neverBegun], [])).toBe(100);
  });

  it('lets a ledger of any speed do all that waits, though it does the work it was given up on as well', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 15, max: 600 }),
        fc.integer({ min: 1, max: 2_000 }),
        (capacity, waiting) => {
          const size = new TransactionSize();
          let left = waiting;
          let invocations = 0;
          while (left > 0) {
            invocations += 1;
            // Three transactions are endorsed side by side and finish together.
            const each = Math.min(size.limits.chunks, Math.ceil(left / 3));
            const isInTime = each * 3 <= capacity;
            size.learn([isInTime ? done : late]);
            if (isInTime) left -= Math.min(left, each * 3);
            expect(invocations).toBeLessThan(10 + waiting);
          }
        },
      ),
    );
  });
});
