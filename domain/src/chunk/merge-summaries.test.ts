import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Reading } from './reading.ts';
import { mergeSummaries, summarizeReadings } from './summary.ts';

const HOUR_MS = Date.UTC(2026, 10, 22, 10);
const reading: fc.Arbitrary<Reading> = fc
  .record({
    code: fc.constantFrom('8867-4' as const, '9279-1' as const),
    tenths: fc.integer({ min: 0, max: 4_000 }),
    absent: fc.nat(9),
  })
  .map(({ code, tenths, absent }): Reading => {
    const base = { code, unit: '/min', atMs: HOUR_MS };
    return absent === 0 ? { ...base, absent: 'error' } : { ...base, value: tenths / 10 };
  });

describe('merged summaries', () => {
  it('are the summary of all readings together', () => {
    fc.assert(
      fc.property(fc.array(reading, { maxLength: 60 }), fc.nat(60), (readings, cut) => {
        const all = readings.map((one, second) => ({ ...one, atMs: HOUR_MS + second * 1_000 }));
        const parts = [all.slice(0, cut), all.slice(cut)].map(summarizeReadings);
        // Late data may come first.
        for (const order of [parts, parts.toReversed()]) {
          const merged = mergeSummaries(order.flat());
          expect(merged).toEqual(
            summarizeReadings(all).map((summary) =>
              summary.statistics === undefined
                ? summary
                : {
                    ...summary,
                    statistics: {
                      ...summary.statistics,
                      sum: expect.closeTo(summary.statistics.sum, 6),
                      mean: expect.closeTo(summary.statistics.mean, 6),
                    },
                  },
            ),
          );
        }
      }),
    );
  });
});
