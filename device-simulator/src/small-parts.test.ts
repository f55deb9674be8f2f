import { describe, expect, test } from '@jest/globals';
import { FastClock } from './clock.ts';
import {
  durationArgument,
  namesArgument,
  numberArgument,
  wholeArgument,
  zoneArgument,
} from './commands/arguments.ts';
import { mapConcurrently } from './concurrency.ts';
import { LatencyHistogram } from './latency.ts';

describe('durations and numbers of the command line', () => {
  test('are read with their units, a bare number being seconds', () => {
    expect(['500ms', '20s', '5m', '2h', '20', '1.5s'].map(durationArgument)).toEqual([
      500, 20_000, 300_000, 7_200_000, 20_000, 1_500,
    ]);
    expect(wholeArgument(1, 10)('10')).toBe(10);
    expect(numberArgument(0.1, 10)('0.5')).toBe(0.5);
    expect(zoneArgument('Europe/Paris')).toBe('Europe/Paris');
    const names = ['none', 'b, a', 'a', 'all'].map(namesArgument(['a', 'b']));
    expect(names.map((some) => [...some])).toEqual([[], ['a', 'b'], ['a'], ['a', 'b']]);
  });

  test('are refused when they are none', () => {
    for (const text of ['', 'soon', '-1s', '1d', '1 s s']) {
      expect(() => durationArgument(text)).toThrow('expected');
    }
    for (const text of ['', '0', '11', '1.5', 'x']) {
      expect(() => wholeArgument(1, 10)(text)).toThrow('expected');
    }
    expect(() => numberArgument(0.1, 10)('')).toThrow('expected');
    for (const text of ['', 'c', 'a,c', 'a,,b', 'a,all']) {
      expect(() => namesArgument(['a', 'b'])(text)).toThrow('some of: a, b');
    }
    expect(() => zoneArgument('Mars/Base')).toThrow('expected');
  });
});

describe('latencies', () => {
  test('percentiles are right to two percent, in little memory', () => {
    const histogram = new LatencyHistogram();
    expect(histogram.percentile(0.5)).toBeUndefined();
    for (let ms = 1; ms <= 10_000; ms += 1) histogram.add(ms);
    for (const share of [0.01, 0.5, 0.99, 1]) {
      const found = histogram.percentile(share) ?? 0;
      expect(Math.abs(found / (share * 10_000) - 1)).toBeLessThan(0.03);
    }
  });
});

describe('work done concurrently', () => {
  test('keeps to its limit and to the order of the items', async () => {
    let running = 0;
    let most = 0;
    const results = await mapConcurrently([30, 1, 20, 2, 10], 2, async (ms, index) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, ms));
      running -= 1;
      return index;
    });
    expect(results).toEqual([0, 1, 2, 3, 4]);
    expect(most).toBe(2);
  });

  test('stops at the first failure', async () => {
    const begun: number[] = [];
    await expect(
      mapConcurrently([0, 1, 2, 3], 1, async (item) => {
        begun.push(item);
        await Promise.resolve();
        if (item === 1) throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(begun).toEqual([0, 1]);
  });
});

describe('the fast clock', () => {
  test('starts where it is told and runs ahead of real time', () => {
    const clock = new FastClock(1_000_000, 100);
    const first = clock.now();
    expect(first).toBeGreaterThanOrEqual(1_000_000);
    expect(clock.realMsUntil(first + 10_000)).toBeLessThanOrEqual(100);
    expect(clock.realMsUntil(0)).toBe(0);
    expect(() => new FastClock(0, 0)).toThrow('speed');
  });

  test('starts from its first moment again when measuring begins', async () => {
    const clock = new FastClock(1_000_000, 100);
    await new Promise((resolve) => setTimeout(resolve, 60));
    const before = clock.now();
    clock.restart();
    expect(clock.realMsUntil(before)).toBeGreaterThan(0);
  });
});
