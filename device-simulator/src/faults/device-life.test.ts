import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DeviceLife } from './device-life.ts';
import { DAY_MS, type Episode, type EpisodicFault, FAULTS, faultDay } from './fault-plan.ts';

const START = Date.UTC(2026, 2, 1);
const HOUR = 3_600_000;
const MINUTE = 60_000;

function episode(fault: EpisodicFault, fromMs: number, untilMs: number, aheadMs = 0): Episode {
  return { fault, fromMs, untilMs, aheadMs };
}

function lifeOf(episodes: readonly Episode[], scale = 1, skewMs = 0, driftPpm = 0): DeviceLife {
  const life = new DeviceLife({ days: () => ({ skewMs, driftPpm, episodes }), scale });
  life.begin(START);
  return life;
}

function plannedLife(seed: number, device: number, scale: number): DeviceLife {
  const plan = { seed, device, devices: 12, faults: new Set(FAULTS), shortestMs: 0 };
  const life = new DeviceLife({ days: (day) => faultDay(plan, day), scale });
  life.begin(START);
  return life;
}

describe('the life of a device', () => {
  test('four hours offline are four hours, or ten seconds where a day passes in a minute', () => {
    const plan = [episode('offline', 6 * HOUR, 10 * HOUR)];
    const online = (life: DeviceLife, afterMs: number): boolean => life.at(START + afterMs).online;
    const slow = lifeOf(plan);
    expect([5.9, 6, 9.9, 10].map((hour) => online(slow, hour * HOUR))).toEqual([
      true,
      false,
      false,
      true,
    ]);
    const fast = lifeOf(plan, DAY_MS / MINUTE);
    expect([14.9, 15, 24.9, 25].map((second) => online(fast, second * 1_000))).toEqual([
      true,
      false,
      false,
      true,
    ]);
    expect(fast.episodes(0)).toEqual([
      { fault: 'offline', fromMs: START + 15_000, untilMs: START + 25_000 },
    ]);
  });

  test('without power there is no connection either, and several things can be wrong at once', () => {
    const life = lifeOf([
      episode('battery', HOUR, 3 * HOUR),
      episode('lead-noise', 2 * HOUR, 4 * HOUR),
      episode('sensor-off', 2 * HOUR, 4 * HOUR),
      episode('duplicate', 2 * HOUR, 4 * HOUR),
      episode('reorder', 2 * HOUR, 4 * HOUR),
    ]);
    expect(life.at(START + 1.5 * HOUR)).toMatchObject({ powered: false, online: false });
    expect(life.at(START + 3.5 * HOUR)).toEqual({
      powered: true,
      online: true,
      duplicating: true,
      reordering: true,
      sensorOff: true,
      noisy: true,
      clockOffsetMs: 0,
    });
  });

  test('a clock is off by its skew, gains its drift until it is set right, and may be far ahead', () => {
    const life = lifeOf([episode('future', 2 * HOUR, 3 * HOUR, 40 * DAY_MS)], 1, -5_000, 100);
    const offset = (hours: number): number => life.at(START + hours * HOUR).clockOffsetMs;
    expect(offset(0)).toBe(-5_000);
    expect(offset(10)).toBe(-5_000 + 3_600);
    expect(offset(2.5)).toBe(40 * DAY_MS - 5_000 + 900);
    expect(offset(24)).toBe(-5_000);
  });

  test('the power fails once where outages overlap, for the cause that came first', () => {
    const life = lifeOf([
      episode('battery', HOUR, 4 * HOUR),
      episode('reboot', 2 * HOUR, 2 * HOUR + MINUTE),
      episode('reboot', 6 * HOUR, 6 * HOUR + MINUTE),
    ]);
    expect(life.cutBetween(START, START + 5 * HOUR)).toEqual({
      cause: 'battery',
      atMs: START + HOUR,
    });
    expect(life.cutBetween(START + HOUR, START + 5 * HOUR)).toBeUndefined();
    expect(life.cutBetween(START + 5 * HOUR, START + 23 * HOUR)?.cause).toBe('reboot');
    expect(life.cutBetween(START + 23 * HOUR, START + 25.5 * HOUR)?.cause).toBe('battery');
  });

  test('whoever goes from powered to not has seen the power fail, whatever the plan', () => {
    const moments = fc.array(fc.nat(3 * DAY_MS), { minLength: 2, maxLength: 40 });
    fc.assert(
      fc.property(fc.nat(1_000), fc.nat(11), moments, (seed, device, times) => {
        const life = plannedLife(seed, device, 1);
        const sorted = times.map((ms) => START + ms).sort((a, b) => a - b);
        sorted.slice(1).forEach((atMs, i) => {
          const before = sorted[i] ?? START;
          const fails = life.at(before).powered && !life.at(atMs).powered;
          if (fails) expect(life.cutBetween(before, atMs)).toBeDefined();
        });
      }),
    );
  });

  test('a clock that is not far ahead is never more than four minutes ahead or fifteen behind', () => {
    fc.assert(
      fc.property(fc.nat(1_000), fc.nat(11), fc.nat(3 * DAY_MS), (seed, device, afterMs) => {
        const { clockOffsetMs } = plannedLife(seed, device, 1).at(START + afterMs);
        const isFar = clockOffsetMs > 29 * DAY_MS;
        expect(isFar || clockOffsetMs < 4 * MINUTE).toBe(true);
        expect(clockOffsetMs).toBeGreaterThan(-15 * MINUTE);
      }),
    );
  });

  test('is the same life at any scale', () => {
    fc.assert(
      fc.property(fc.nat(1_000), fc.nat(11), fc.nat(DAY_MS - 1), (seed, device, dayMs) => {
        const slow = plannedLife(seed, device, 1).at(START + dayMs);
        const fast = plannedLife(seed, device, 1_440).at(START + dayMs / 1_440);
        // A drifting clock may round differently by a millisecond.
        expect({ ...fast, clockOffsetMs: 0 }).toEqual({ ...slow, clockOffsetMs: 0 });
        expect(Math.abs(fast.clockOffsetMs - slow.clockOffsetMs)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('nothing is wrong before it begins and after it ends', () => {
    const plan = [episode('battery', 0, DAY_MS)];
    const life = new DeviceLife({
      days: () => ({ skewMs: 9, driftPpm: 9, episodes: plan }),
      scale: 1,
    });
    const calm = { powered: true, online: true, clockOffsetMs: 0 };
    expect(life.at(START)).toMatchObject(calm);
    life.begin(START);
    expect(life.at(START)).toMatchObject({ powered: false });
    life.end();
    expect(life.at(START)).toMatchObject(calm);
    expect(life.cutBetween(START - 1, START + 1)).toBeUndefined();
    expect(life.episodes(0)).toEqual([]);
    expect(
      () => new DeviceLife({ days: () => ({ skewMs: 0, driftPpm: 0, episodes: [] }), scale: 0 }),
    ).toThrow('scale');
  });
});
