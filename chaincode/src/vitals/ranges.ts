import type { SequenceRange } from '@pulseledger/domain';

/** Runs of sequences without gaps that one boot of a device may be recorded in. */
export const MAX_RANGES = 256;

type Ranges = readonly SequenceRange[];

/** Is any sequence of the range in one of these? */
export function intersects(ranges: Ranges, [first, last]: SequenceRange): boolean {
  return ranges.some(([from, to]) => from <= last && first <= to);
}

/** These ranges and one more, rising; those that touch or overlap become one. */
export function withRange(ranges: Ranges, added: SequenceRange): Ranges {
  let [first, last] = added;
  const apart: SequenceRange[] = [];
  for (const [from, to] of ranges) {
    if (to < first - 1 || last + 1 < from) {
      apart.push([from, to]);
    } else {
      first = Math.min(first, from);
      last = Math.max(last, to);
    }
  }
  return [...apart, [first, last] as const].sort(([a], [b]) => a - b);
}

/** Is every sequence of these ranges also in those? */
export function isWithin(inner: Ranges, outer: Ranges): boolean {
  return inner.every(([first, last]) => outer.some(([from, to]) => from <= first && last <= to));
}

/** The sequences from 0 on that are missing below the highest of these. */
export function missingIn(ranges: Ranges): SequenceRange[] {
  const missing: SequenceRange[] = [];
  let next = 0;
  for (const [first, last] of ranges) {
    if (first > next) missing.push([next, first - 1]);
    next = last + 1;
  }
  return missing;
}

/** How many sequences these ranges hold. */
export function countIn(ranges: Ranges): number {
  return ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0);
}
