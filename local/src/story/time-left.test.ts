import { describe, expect, it } from '@jest/globals';
import { secondsLeft } from './time-left.ts';

describe('the time left of parts that run side by side', () => {
  it('is that of the slowest', () => {
    const parts = [
      { done: 10, all: 40 },
      { done: 30, all: 36 },
    ];
    expect(secondsLeft(parts, 10)).toBe(30);
    expect(secondsLeft([{ done: 36, all: 36 }], 10)).toBe(0);
  });

  it('is not said before enough is known', () => {
    const parts = [
      { done: 1, all: 4_000 },
      { done: 30, all: 36 },
    ];
    expect(secondsLeft(parts, 10)).toBeUndefined();
    expect(secondsLeft([{ done: 0, all: 0 }], 10)).toBeUndefined();
  });
});
