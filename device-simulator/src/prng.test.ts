import { describe, expect, test } from '@jest/globals';
import { Prng } from './prng.ts';

describe('the source of chance', () => {
  test('gives the numbers that an independent implementation of the same algorithms gives', () => {
    // Worked out in Python from the published definitions of FNV-1a, splitmix32 and xoshiro128**.
    const random = new Prng('7/device/12');
    expect(Array.from({ length: 4 }, () => random.uint32())).toEqual([
      2091160941, 4131926257, 2795386870, 1357877271,
    ]);
  });

  test('has the mean and spread that its names promise', () => {
    const random = new Prng('moments');
    const draw = (f: () => number): number[] => Array.from({ length: 20_000 }, f);
    const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
    const normal = draw(() => random.normal());
    expect(mean(normal)).toBeCloseTo(0, 1);
    expect(mean(normal.map((x) => x * x))).toBeCloseTo(1, 1);
    expect(mean(draw(() => random.exponential(5)))).toBeCloseTo(5, 0);
    expect(mean(draw(() => random.between(2, 4)))).toBeCloseTo(3, 1);
    expect(mean(draw(() => (random.chance(0.25) ? 1 : 0)))).toBeCloseTo(0.25, 1);
  });
});
