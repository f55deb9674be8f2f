import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  DAY_MS,
  FAULTS,
  type Fault,
  type FaultPlanOptions,
  faultDay,
  strikes,
} from './fault-plan.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ALL: ReadonlySet<Fault> = new Set(FAULTS);

const options: fc.Arbitrary<FaultPlanOptions> = fc
  .record({
    seed: fc.nat(),
    devices: fc.integer({ min: 1, max: 40 }),
    at: fc.nat(),
    faults: fc.subarray([...FAULTS]).map((some) => new Set(some)),
    shortestMs: fc.constantFrom(0, 2_000, 48 * MINUTE, 4 * HOUR),
  })
  .map(({ at, ...rest }) => ({ ...rest, device: at % rest.devices }));

describe('the plan of faults', () => {
  test('is the same for the same seed, and another one for another seed or device', () => {
    const one = { seed: 7, device: 3, devices: 20, faults: ALL, shortestMs: 0 };
    expect(faultDay(one, 0)).toEqual(faultDay({ ...one }, 0));
    expect(faultDay(one, 0)).not.toEqual(faultDay({ ...one, seed: 8 }, 0));
    expect(faultDay(one, 0)).not.toEqual(faultDay({ ...one, device: 4 }, 0));
  });

  test('has the same for a fault whichever others are chosen beside it', () => {
    fc.assert(
      fc.property(options, fc.constantFrom(...FAULTS), fc.nat(5), (plan, fault, day) => {
        const together = faultDay({ ...plan, faults: ALL }, day);
        const alone = faultDay({ ...plan, faults: new Set([fault]) }, day);
        const own = together.episodes.filter((episode) => episode.fault === fault);
        expect(alone.episodes).toEqual(own);
        if (fault === 'skew') expect(alone.skewMs).toBe(together.skewMs);
        if (fault === 'drift') expect(alone.driftPpm).toBe(together.driftPpm);
      }),
    );
  });

  test('strikes at least one device with every chosen fault, and none with another', () => {
    fc.assert(
      fc.property(options, (plan) => {
        const devices = Array.from({ length: plan.devices }, (_, device) => ({ ...plan, device }));
        for (const fault of FAULTS) {
          const struck = devices.filter((one) => strikes(one, fault));
          expect(struck.length > 0).toBe(plan.faults.has(fault));
        }
      }),
    );
  });

  test('keeps episodes within their day, as long as told, and long enough to be sampled', () => {
    const longest: Partial<Record<Fault, number>> = { offline: 8 * HOUR, battery: 4 * HOUR };
    fc.assert(
      fc.property(options, fc.nat(5), (plan, day) => {
        for (const { fault, fromMs, untilMs, aheadMs } of faultDay(plan, day).episodes) {
          expect(plan.faults.has(fault)).toBe(true);
          expect(fromMs).toBeGreaterThan(0);
          expect(untilMs).toBeLessThan(DAY_MS);
          expect(untilMs - fromMs).toBeLessThanOrEqual(longest[fault] ?? 5 * HOUR);
          if (fault === 'offline') expect(untilMs - fromMs).toBeGreaterThanOrEqual(2 * HOUR);
          if (fault === 'future') {
            expect(untilMs - fromMs).toBeGreaterThanOrEqual(plan.shortestMs);
            expect(aheadMs).toBeGreaterThanOrEqual(30 * DAY_MS);
          } else expect(aheadMs).toBe(0);
        }
      }),
    );
  });

  test('comes in order, and differs from day to day', () => {
    const plan = { seed: 1, device: 0, devices: 1, faults: ALL, shortestMs: 0 };
    const days = [0, 1, 2].map((day) => faultDay(plan, day).episodes);
    for (const episodes of days) {
      const starts = episodes.map(({ fromMs }) => fromMs);
      expect(starts).toEqual([...starts].sort((a, b) => a - b));
    }
    expect(days[0]).not.toEqual(days[1]);
    expect(days[1]).not.toEqual(days[2]);
  });
});
