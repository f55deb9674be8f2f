import { describe, expect, test } from '@jest/globals';
import type { Reading } from '@pulseledger/domain';
import { type Past, pastReadings } from './past-readings.ts';

const HOUR_MS = 3_600_000;
const FROM_MS = Date.UTC(2026, 10, 16);
const DAY: Past = {
  label: '1/device/0',
  fromMs: FROM_MS,
  untilMs: FROM_MS + 24 * HOUR_MS,
  everyMs: 300_000,
  zoneOffsetMinutes: 60,
};

function valuesOf(readings: readonly Reading[], code: string): number[] {
  return readings.flatMap((one) => (one.code === code && 'value' in one ? [one.value] : []));
}

describe('the past of a wearable', () => {
  test('is the same for the same seed and time, and another for another wearer', () => {
    expect(pastReadings(DAY)).toEqual(pastReadings(DAY));
    expect(pastReadings(DAY)).not.toEqual(pastReadings({ ...DAY, label: '1/device/1' }));
  });

  test('samples the signals so often, and counts the steps of every minute', () => {
    const readings = pastReadings(DAY);
    expect(readings.filter(({ code }) => code === '8867-4')).toHaveLength(24 * 12);
    expect(valuesOf(readings, '55423-8').length).toBeGreaterThan(20 * 60);
    const times = valuesOf(readings, '8480-6').length;
    expect([times > 20, times < 70]).toEqual([true, true]);
  });

  test('has nothing of the nights when the wearable is taken off', () => {
    const hours = pastReadings({ ...DAY, isOffAtNight: true }).map(({ atMs }) =>
      new Date(atMs + HOUR_MS).getUTCHours(),
    );
    expect([Math.min(...hours) >= 7, Math.max(...hours)]).toEqual([true, 19]);
  });

  test('holds what surely happens to the wearer', () => {
    const untilMs = FROM_MS + HOUR_MS;
    const sure = [{ kind: 'desaturation' as const, fromMs: untilMs - 240_000, untilMs }];
    const hour = { ...DAY, untilMs, everyMs: 10_000, sure };
    const last = valuesOf(pastReadings(hour), '59408-5').slice(-6);
    expect(Math.max(...last)).toBeLessThan(90);
  });
});
