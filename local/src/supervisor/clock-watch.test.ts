import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Clock } from '@pulseledger/domain';
import { ClockWatch } from './clock-watch.ts';

const DAY_MS = 86_400_000;

let wallMs: number;
let steadyMs: number;
let due: (() => void) | undefined;
let warnings: string[];
let watch: ClockWatch;

const wall: Clock = { now: () => wallMs, after: () => () => undefined };
const steady: Clock = {
  now: () => steadyMs,
  after: (_, call) => {
    due = call;
    return () => {
      due = undefined;
    };
  },
};

function pass(ms: number, jumpMs = 0): void {
  steadyMs += ms;
  wallMs += ms + jumpMs;
  due?.();
}

beforeEach(() => {
  [wallMs, steadyMs, warnings] = [1_790_000_000_000, 0, []];
  watch = new ClockWatch((text) => void warnings.push(text), wall, steady);
});

describe('the watch over the clock', () => {
  test('says nothing while time just passes, also slowly corrected', () => {
    for (let i = 0; i < 1_000; i += 1) pass(2_000, 20);
    expect(warnings).toEqual([]);
  });

  test.each([
    [DAY_MS, 'forward by 86400 s'],
    [-DAY_MS, 'back by 86400 s'],
  ])('says once that the clock was set by %d ms', (jumpMs, text) => {
    pass(2_000, jumpMs);
    pass(2_000);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(text);
    expect(warnings[0]).toContain('clock_out_of_range');
  });

  test('is over when it is closed', () => {
    watch.close();
    expect(due).toBeUndefined();
  });
});
