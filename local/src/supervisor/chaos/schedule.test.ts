import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LINKS } from '../system-parts.ts';
import { chaosSchedule, type PlannedFault, QUIET_END, QUIET_START } from './schedule.ts';

const target = fc.constantFrom('cloud', 'lambda-host', 'http-api', 'network', 'peer0', 'orderer0');
const options = fc.record({
  seed: fc.nat(2 ** 32 - 1),
  durationMs: fc.integer({ min: 15_000, max: 600_000 }),
  targets: fc.uniqueArray(target, { minLength: 1 }),
});

function killed(schedule: readonly PlannedFault[]): Set<string> {
  return new Set(schedule.flatMap(({ fault }) => (fault.kind === 'kill' ? [fault.target] : [])));
}

describe('the schedule of chaos', () => {
  test('is the same for the same seed, and another for another', () => {
    const targets = ['cloud', 'lambda-host'];
    const of = (seed: number) => chaosSchedule({ seed, durationMs: 60_000, targets });
    expect(of(7)).toEqual(of(7));
    expect(of(7)).not.toEqual(of(8));
  });

  test('kills every target, and disturbs every link in both ways', () => {
    fc.assert(
      fc.property(options, (given) => {
        const schedule = chaosSchedule(given);
        expect(killed(schedule)).toEqual(new Set(given.targets));
        for (const kind of ['cut', 'drop-answers']) {
          const links = schedule.flatMap(({ fault }) =>
            fault.kind === kind && 'link' in fault ? [fault.link] : [],
          );
          expect(new Set(links)).toEqual(new Set(LINKS));
        }
        const kinds = new Set(schedule.map(({ fault }) => fault.kind));
        expect(kinds).toContain('slow-fsync');
        expect(kinds).toContain('redeliver');
      }),
    );
  });

  test('is in order, and leaves the first moments and the last quarter in peace', () => {
    fc.assert(
      fc.property(options, (given) => {
        const times = chaosSchedule(given).map(({ atMs }) => atMs);
        expect(times).toEqual(times.toSorted((a, b) => a - b));
        expect(times[0]).toBeGreaterThanOrEqual(Math.floor(given.durationMs * QUIET_START));
        expect(times.at(-1)).toBeLessThanOrEqual(Math.ceil(given.durationMs * (1 - QUIET_END)));
      }),
    );
  });

  test('lasts nowhere longer than it may, and has the more in it the longer it is', () => {
    fc.assert(
      fc.property(options, (given) => {
        const schedule = chaosSchedule(given);
        for (const { fault } of schedule) {
          if ('forMs' in fault) expect(fault.forMs).toBeLessThanOrEqual(4_000);
          if ('target' in fault) expect(given.targets).toContain(fault.target);
        }
        const longer = chaosSchedule({ ...given, durationMs: given.durationMs * 2 });
        expect(longer.length).toBeGreaterThan(schedule.length);
      }),
    );
  });

  test('has many things go wrong while others are being mended', () => {
    const durationMs = 60_000;
    const targets = ['cloud', 'lambda-host', 'http-api', 'network', 'peer0', 'orderer0'];
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const times = chaosSchedule({ seed, durationMs, targets }).map(({ atMs }) => atMs);
        const close = times.filter(
          (at, i) => at - (times[i - 1] ?? Number.NEGATIVE_INFINITY) < 2_000,
        );
        expect(close.length).toBeGreaterThan(10);
      }),
    );
  });
});
