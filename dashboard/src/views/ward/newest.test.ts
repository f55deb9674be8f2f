import { describe, expect, it } from '@jest/globals';
import type { Series } from '@pulseledger/domain';
import { askFrom, newestOf } from './newest.ts';

function series(code: Series['code'], ...points: [atMs: number, mean: number, count?: number][]) {
  return {
    ...{ code, unit: '/min' },
    points: points.map(([atMs, mean, count = 1]) => ({ atMs, low: mean, high: mean, mean, count })),
  };
}

const PULSE = '8867-4';
const BREATH = '9279-1';

describe('the newest values of a patient', () => {
  it('are the last points that have a value', () => {
    const answer = { step: 'raw', series: [series(PULSE, [1, 70], [2, 71], [3, 0, 0])] } as const;
    expect(newestOf(answer, [])).toEqual([series(PULSE, [2, 71])]);
  });

  it('stay what they were where an answer tells nothing newer', () => {
    const before = [series(PULSE, [1, 70]), series(BREATH, [1, 14])];
    const answer = { step: 'raw', series: [series(PULSE, [5, 72]), series(BREATH)] } as const;
    expect(newestOf(answer, before)).toEqual([series(PULSE, [5, 72]), series(BREATH, [1, 14])]);
  });

  it('are asked for from shortly before the newest, and at first for the whole time', () => {
    const now = 1_000_000;
    expect(askFrom([], now, 300_000)).toBe(700_000);
    expect(askFrom([series(PULSE, [now - 2_000, 70])], now, 300_000)).toBe(now - 62_000);
    expect(askFrom([series(PULSE, [10, 70])], now, 300_000)).toBe(700_000);
  });
});
