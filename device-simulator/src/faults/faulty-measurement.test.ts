import { describe, expect, test } from '@jest/globals';
import { plausibility, type Reading } from '@pulseledger/domain';
import { type ClosedWindow, Measurement } from '../fleet/measurement.ts';
import { DeviceLife } from './device-life.ts';
import { fateOf } from './fate.ts';
import { DAY_MS, type Episode, type EpisodicFault } from './fault-plan.ts';

const START = Date.UTC(2026, 2, 1, 12);
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

interface Trouble {
  readonly episodes?: readonly Episode[];
  readonly skewMs?: number;
  readonly driftPpm?: number;
}

function episode(fault: EpisodicFault, fromMs: number, untilMs: number, aheadMs = 0): Episode {
  return { fault, fromMs, untilMs, aheadMs };
}

function measure(trouble: Trouble | undefined, minutes: number): ClosedWindow[] {
  const { episodes = [], skewMs = 0, driftPpm = 0 } = trouble ?? {};
  const life = new DeviceLife({ days: () => ({ skewMs, driftPpm, episodes }), scale: 1 });
  life.begin(START);
  const measurement = new Measurement({
    devices: 1,
    seed: 3,
    startMs: START,
    periodMs: SECOND,
    windowMs: MINUTE,
    zoneOffsetMinutes: 0,
    ...(trouble === undefined ? {} : { lives: [life] }),
  });
  const windows: ClosedWindow[] = [];
  for (let s = 0; s < minutes * 60; s += 5) {
    windows.push(...measurement.advanceTo(START + s * SECOND));
  }
  return [...windows, ...measurement.flush()];
}

/** Readings that are handed over. */
function kept(windows: readonly ClosedWindow[]): Reading[] {
  return windows.filter(({ cut }) => cut === undefined).flatMap(({ readings }) => readings);
}

function between(readings: readonly Reading[], fromMs: number, untilMs: number): Reading[] {
  return readings.filter(({ atMs }) => atMs >= START + fromMs && atMs < START + untilMs);
}

describe('measuring with faults', () => {
  test('a life in which nothing goes wrong measures what a device without faults does', () => {
    expect(measure({}, 5)).toEqual(measure(undefined, 5));
  });

  test.each(['sensor-off', 'lead-noise', 'future', 'battery', 'reboot'] as const)(
    'what lies outside an episode of %s is as if it had never been',
    (fault) => {
      const trouble = {
        episodes: [episode(fault, 2 * MINUTE, 4 * MINUTE, fault === 'future' ? DAY_MS * 40 : 0)],
      };
      const bad = kept(measure(trouble, 10));
      const good = kept(measure(undefined, 10));
      // A step count covers the minute before, so it is looked at elsewhere.
      const instants = (readings: Reading[]): Reading[] =>
        readings.filter((r) => !('durationMs' in r));
      expect(instants(between(bad, 5 * MINUTE, 10 * MINUTE))).toEqual(
        instants(between(good, 5 * MINUTE, 10 * MINUTE)),
      );
      expect(instants(between(bad, 0, MINUTE))).toEqual(instants(between(good, 0, MINUTE)));
    },
  );

  test('a device that is not worn says so for every sensor, and never 0', () => {
    const trouble = { episodes: [episode('sensor-off', MINUTE, 3 * MINUTE)] };
    const off = between(kept(measure(trouble, 5)), MINUTE, 3 * MINUTE).filter(
      (r) => !('durationMs' in r),
    );
    expect(off.length).toBeGreaterThan(500);
    expect(off.every((r) => 'absent' in r && r.absent === 'not-performed')).toBe(true);
  });

  test('a bad lead gives errors, wild values and values that nobody can have', () => {
    const trouble = { episodes: [episode('lead-noise', MINUTE, 4 * MINUTE)] };
    const noisy = between(kept(measure(trouble, 5)), MINUTE, 4 * MINUTE);
    const errors = noisy.filter((r) => 'absent' in r && r.absent === 'error');
    const impossible = noisy.filter(
      (r) => 'value' in r && plausibility(r.code, r.unit, r.value) === 'implausible',
    );
    expect(errors.length).toBeGreaterThan(50);
    expect(impossible.length).toBeGreaterThan(20);
    const temperature = (readings: Reading[]): Reading[] =>
      readings.filter((r) => r.code === '8310-5');
    // What needs neither light nor electrode is not disturbed.
    expect(temperature(noisy)).toEqual(
      temperature(between(kept(measure(undefined, 5)), MINUTE, 4 * MINUTE)),
    );
  });

  test('a clock that is off dates every reading so, and loses none', () => {
    const good = kept(measure(undefined, 5));
    const skewed = kept(measure({ skewMs: -90_000 }, 5));
    expect(skewed.map((r) => r.atMs)).toEqual(good.map((r) => r.atMs - 90_000));
    const drifting = kept(measure({ driftPpm: 100_000 }, 5));
    const gains = drifting.map((r, i) => r.atMs - (good[i]?.atMs ?? 0));
    expect(gains[0]).toBe(0);
    expect(gains.at(-1)).toBeGreaterThan(25 * SECOND);
  });

  test('a clock set far ahead makes chunks that have to be quarantined, and only those', () => {
    const ahead = 40 * DAY_MS;
    const trouble = { episodes: [episode('future', 2 * MINUTE, 3 * MINUTE, ahead)] };
    const readings = kept(measure(trouble, 5));
    const isAhead = (r: Reading): boolean => r.atMs > START + DAY_MS;
    expect(readings.filter(isAhead).length).toBeGreaterThan(200);
    const nowMs = START + 5 * MINUTE;
    const fate = (some: readonly Reading[]) => fateOf(some, START - HOUR, nowMs);
    expect(fate(readings.filter(isAhead))).toEqual({ quarantined: 'clock_out_of_range' });
    expect(fate(readings.filter((r) => !isAhead(r)))).toBe('committed');
    expect(readings.length).toBe(kept(measure(undefined, 5)).length);
  });

  test.each(['battery', 'reboot'] as const)(
    'when the power fails (%s) the open window is lost and told, and nothing is measured until it is back',
    (fault) => {
      const trouble = { episodes: [episode(fault, 150 * SECOND, 200 * SECOND)] };
      const windows = measure(trouble, 6);
      const lost = windows.filter(({ cut }) => cut !== undefined);
      expect(lost.map(({ cut }) => cut)).toEqual([fault]);
      const readings = [...kept(windows), ...(lost[0]?.readings ?? [])];
      expect(between(readings, 150 * SECOND, 200 * SECOND)).toEqual([]);
      // What was measured is either handed over or told as lost: nothing vanishes.
      const good = kept(measure(undefined, 6)).filter((r) => !('durationMs' in r));
      const there = good.filter(
        (r) => r.atMs < START + 150 * SECOND || r.atMs >= START + 200 * SECOND,
      );
      const had = readings.filter((r) => !('durationMs' in r));
      expect(new Set(had.map((r) => JSON.stringify(r)))).toEqual(
        new Set(there.map((r) => JSON.stringify(r))),
      );
      // The minute in which the power failed has no step count.
      const steps = kept(windows).filter((r) => 'durationMs' in r);
      expect(
        steps.some((r) => r.atMs <= START + 200 * SECOND && r.atMs + MINUTE > START + 150 * SECOND),
      ).toBe(false);
    },
  );

  test('a window that was over before the power failed is saved', () => {
    const windows = measure({ episodes: [episode('reboot', 65 * SECOND, 70 * SECOND)] }, 3);
    const order = windows.map(({ cut, readings }) => [cut, readings.length > 0]);
    expect(order.slice(0, 2)).toEqual([
      [undefined, true],
      ['reboot', true],
    ]);
  });
});

describe('the fate of an honest chunk', () => {
  const reading: Reading = { code: '8867-4', unit: '/min', atMs: START, value: 60 };

  test('follows from its times alone', () => {
    expect(fateOf([reading], START, START)).toBe('committed');
    expect(fateOf([reading], START + 1, START)).toEqual({ quarantined: 'not_assigned' });
    expect(fateOf([reading], START - 1, START - 3 * MINUTE)).toBe('committed');
    expect(fateOf([reading], 0, START - 2 * DAY_MS)).toEqual({ quarantined: 'clock_out_of_range' });
  });

  test('counts a reading to its end', () => {
    const sleep: Reading = {
      code: '93832-4',
      unit: 'min',
      atMs: START,
      durationMs: 25 * HOUR,
      value: 1,
    };
    expect(fateOf([sleep], 0, START)).toEqual({ quarantined: 'clock_out_of_range' });
    const sampled = {
      periodMs: HOUR,
      origin: 0,
      factor: 1,
      data: Array.from({ length: 25 }, () => 0),
    };
    const strip: Reading = { code: '131329', unit: 'mV', atMs: START, sampled };
    expect(fateOf([strip], 0, START)).toEqual({ quarantined: 'clock_out_of_range' });
  });
});
