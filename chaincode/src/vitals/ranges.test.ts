import { describe, expect, it } from '@jest/globals';
import type { SequenceRange } from '@pulseledger/domain';
import fc from 'fast-check';
import { intersects, isWithin, withRange } from './ranges.ts';

const range = fc
  .tuple(fc.nat(60), fc.integer({ min: 1, max: 8 }))
  .map(([first, count]): SequenceRange => [first, first + count - 1]);

function members(ranges: readonly SequenceRange[]): Set<number> {
  const all = new Set<number>();
  for (const [first, last] of ranges) for (let i = first; i <= last; i += 1) all.add(i);
  return all;
}

describe('sequence ranges', () => {
  it('hold exactly what was added, rising, with a gap between any two', () => {
    fc.assert(
      fc.property(fc.array(range, { maxLength: 20 }), range, (added, other) => {
        const ranges = added.reduce<readonly SequenceRange[]>(withRange, []);
        expect(members(ranges)).toEqual(members(added));
        for (const [i, [first, last]] of ranges.entries()) {
          expect(first).toBeLessThanOrEqual(last);
          expect(first).toBeGreaterThan((ranges[i - 1]?.[1] ?? -2) + 1);
        }
        const wanted = members([other]);
        expect(intersects(ranges, other)).toBe(!wanted.isDisjointFrom(members(added)));
        expect(isWithin([other], ranges)).toBe(wanted.isSubsetOf(members(added)));
      }),
    );
  });
});
