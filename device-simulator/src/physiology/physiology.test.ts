import { describe, expect, test } from '@jest/globals';
import { plausibility, type Reading } from '@pulseledger/domain';
import { SensorSuite } from './sensor.ts';
import { type VitalState, Wearer } from './wearer.ts';

const START = Date.UTC(2026, 2, 2, 0, 0, 0);
const DAY_MS = 86_400_000;

function day(label: string, stepMs = 10_000, days = 1): VitalState[] {
  const wearer = new Wearer(label, START, 60);
  return Array.from({ length: (days * DAY_MS) / stepMs }, (_, i) => wearer.at(START + i * stepMs));
}

function readings(label: string, seconds: number, startMs = START): Reading[] {
  const suite = new SensorSuite(label, startMs, 60);
  return Array.from({ length: seconds }, (_, i) => suite.sample(startMs + i * 1_000)).flat();
}

function correlation(xs: readonly number[], ys: readonly number[]): number {
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const mx = mean(xs);
  const my = mean(ys);
  const product = xs.map((x, i) => (x - mx) * (ys[i]! - my));
  const spread = (values: readonly number[], m: number): number =>
    Math.sqrt(mean(values.map((value) => (value - m) ** 2)));
  return mean(product) / (spread(xs, mx) * spread(ys, my));
}

describe('simulated physiology', () => {
  test('the same seed and clock give the same readings, another seed does not', () => {
    expect(readings('7/device/3', 900)).toEqual(readings('7/device/3', 900));
    expect(readings('7/device/3', 60)).not.toEqual(readings('8/device/3', 60));
    expect(readings('7/device/3', 60)).not.toEqual(readings('7/device/4', 60));
  });

  test('the numbers of seed 1, device 0 never change without somebody noticing', () => {
    expect(readings('1/device/0', 1).map((r) => ('value' in r ? r.value : r))).toEqual([
      64, 97, 13.7, 36.7, 38,
    ]);
  });

  test('each second gives the five signals, each full minute steps and skin temperature', () => {
    const all = readings('2/device/0', 181);
    const count = (code: string): number => all.filter((r) => r.code === code).length;
    for (const code of ['8867-4', '59408-5', '9279-1', '8310-5', '80404-7']) {
      expect(count(code)).toBe(181);
    }
    expect(count('55423-8')).toBe(3);
    expect(count('39106-0')).toBe(3);
    const steps = all.find((r) => r.code === '55423-8');
    expect(steps).toMatchObject({ atMs: START, durationMs: 60_000 });
  });

  test('a minute that was not measured from its start has no step count', () => {
    const all = readings('2/device/0', 95, START + 30_000);
    const starts = all.filter((r) => r.code === '55423-8').map((r) => r.atMs);
    expect(starts).toEqual([START + 60_000]);
  });

  test('the signs move together: effort raises pulse and breathing and lowers variability', () => {
    for (const label of ['a', 'b', 'c']) {
      const states = day(label);
      const take = (f: (s: VitalState) => number): number[] => states.map(f);
      const pulse = take((s) => s.heartRate);
      expect(
        correlation(
          take((s) => s.activity),
          pulse,
        ),
      ).toBeGreaterThan(0.5);
      expect(
        correlation(
          take((s) => s.activity),
          take((s) => s.respiratoryRate),
        ),
      ).toBeGreaterThan(0.5);
      expect(
        correlation(
          pulse,
          take((s) => s.sdnn),
        ),
      ).toBeLessThan(-0.5);
    }
  });

  test('a drop of oxygen quickens breath and pulse', () => {
    const states = day('hypoxia', 5_000, 3).filter((s) => s.activity < 0.1);
    const low = states.filter((s) => s.oxygenSaturation < 88);
    const normal = states.filter((s) => s.oxygenSaturation > 95);
    const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
    expect(low.length).toBeGreaterThan(10);
    expect(mean(low.map((s) => s.respiratoryRate))).toBeGreaterThan(
      mean(normal.map((s) => s.respiratoryRate)) + 2,
    );
    expect(mean(low.map((s) => s.heartRate))).toBeGreaterThan(
      mean(normal.map((s) => s.heartRate)) + 3,
    );
  });

  test('temperature and pulse are lower at night than in the afternoon', () => {
    const states = day('circadian');
    const hours = (from: number, to: number): VitalState[] =>
      states.filter((_, i) => {
        const hour = (i * 10_000) / 3_600_000 + 1;
        return hour >= from && hour < to;
      });
    const mean = (part: VitalState[], f: (s: VitalState) => number): number =>
      part.reduce((sum, s) => sum + f(s), 0) / part.length;
    const night = hours(2, 5);
    const afternoon = hours(14, 18);
    expect(mean(night, (s) => s.bodyTemperature)).toBeLessThan(
      mean(afternoon, (s) => s.bodyTemperature) - 0.3,
    );
    expect(mean(night, (s) => s.heartRate)).toBeLessThan(mean(afternoon, (s) => s.heartRate) - 4);
    expect(Math.max(...night.map((s) => s.activity))).toBeLessThan(0.05);
  });

  test('every value is one a living person can have; a lost sensor gives no value, never 0', () => {
    const all = Array.from({ length: 20 }, (_, device) =>
      readings(`5/device/${device}`, 1_800, START + 15 * 3_600_000),
    ).flat();
    const absent = all.flatMap((r) => ('absent' in r ? [r.absent] : []));
    const implausible = all.filter(
      (r) => 'value' in r && plausibility(r.code, r.unit, r.value, r.durationMs) === 'implausible',
    );
    expect(implausible).toEqual([]);
    expect(new Set(absent)).toEqual(new Set(['not-performed']));
    expect(absent.length).toBeGreaterThan(100);
  });

  test('blood pressure comes now and then, both values at the same moment', () => {
    const all = readings('9/device/1', 4 * 3_600, START + 11 * 3_600_000);
    const times = (code: string): number[] => all.filter((r) => r.code === code).map((r) => r.atMs);
    expect(times('8480-6').length).toBeGreaterThanOrEqual(4);
    expect(times('8480-6').length).toBeLessThanOrEqual(12);
    expect(times('8462-4')).toEqual(times('8480-6'));
  });
});
