import { describe, expect, it } from '@jest/globals';
import type { SeriesAnswer, SeriesPoint } from '@pulseledger/domain';
import { tileData } from './monitor-data.ts';
import { inLocalUnit, MONITOR_SIGNS } from './signs.ts';

function point(atMs: number, mean: number, count = 1): SeriesPoint {
  return { atMs, low: mean, high: mean, mean, count };
}

const pressure = MONITOR_SIGNS.find(({ key }) => key === 'pressure')!;
const answer: SeriesAnswer = {
  step: 'raw',
  series: [
    { code: '8480-6', unit: 'mm[Hg]', points: [point(1, 120), point(2, 121), point(3, 0, 0)] },
    { code: '8462-4', unit: 'mm[Hg]', points: [point(1, 80)] },
    { code: '8462-4', unit: 'kPa', points: [point(9, 10)] },
  ],
};

describe('what a tile shows', () => {
  it('is the latest real value of each line, and when the newest of them was measured', () => {
    const data = tileData(answer, pressure);
    expect(data.latest.map((latest) => latest?.mean)).toEqual([121, 80]);
    expect(data.latestMs).toBe(2);
  });

  it('is nothing before anything is known, never a zero', () => {
    expect(tileData(undefined, pressure)).toEqual({
      lines: [[], []],
      latest: [undefined, undefined],
      latestMs: undefined,
    });
  });
});

describe('a unit', () => {
  it('is Fahrenheit only where people use it', () => {
    expect(inLocalUnit(37, 'Cel', 'en-US')).toEqual({ value: 98.6, unit: '[degF]' });
    expect(inLocalUnit(37, 'Cel', 'en-GB')).toEqual({ value: 37, unit: 'Cel' });
  });
});
