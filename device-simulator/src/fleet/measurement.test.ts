import { describe, expect, test } from '@jest/globals';
import { makeChunks } from '../device/chunk-maker.ts';
import { type ClosedWindow, Measurement, type MeasurementPlan } from './measurement.ts';

const START = Date.UTC(2026, 2, 1, 15);
const PLAN: MeasurementPlan = {
  devices: 4,
  seed: 5,
  startMs: START,
  periodMs: 1_000,
  windowMs: 60_000,
  zoneOffsetMinutes: 60,
};

function measure(plan: MeasurementPlan, untilMs: number, stepMs: number): ClosedWindow[] {
  const measurement = new Measurement(plan);
  const closed: ClosedWindow[] = [];
  for (let nowMs = plan.startMs; nowMs <= untilMs; nowMs += stepMs) {
    closed.push(...measurement.advanceTo(nowMs));
  }
  return [...closed, ...measurement.flush()];
}

function ofDevice(windows: readonly ClosedWindow[], device: number): unknown[] {
  return windows.filter((w) => w.device === device).flatMap((w) => w.readings);
}

describe('measuring many devices on one time line', () => {
  test('the same plan gives the same readings, however the clock ticks', () => {
    const fine = measure(PLAN, START + 150_000, 10);
    const coarse = measure(PLAN, START + 150_000, 2_500);
    for (let device = 0; device < PLAN.devices; device += 1) {
      expect(ofDevice(coarse, device)).toEqual(ofDevice(fine, device));
    }
  });

  test('each device samples once a period, shifted against the others, and loses nothing', () => {
    const windows = measure(PLAN, START + 119_999, 100);
    for (let device = 0; device < PLAN.devices; device += 1) {
      const times = windows
        .filter((w) => w.device === device)
        .flatMap((w) => w.readings)
        .filter((r) => r.code === '8867-4')
        .map((r) => r.atMs);
      expect(times).toEqual(
        Array.from({ length: 120 }, (_, i) => START + device * 250 + i * 1_000),
      );
    }
  });

  test('windows end at different times and, but for the first, have their full length', () => {
    const windows = measure(PLAN, START + 300_000, 100);
    const full = windows.filter((w) => w.device === 2).slice(1, -1);
    expect(full.length).toBeGreaterThanOrEqual(3);
    for (const window of full) {
      expect(window.readings.filter((r) => r.code === '8867-4').length).toBe(60);
    }
    const firstLengths = Array.from({ length: 4 }, (_, device) => {
      const first = windows.find((w) => w.device === device);
      return first?.readings.filter((r) => r.code === '8867-4').length;
    });
    expect(new Set(firstLengths).size).toBe(4);
  });

  test('after a long silence of the machine there is a gap, not readings made up afterwards', () => {
    const measurement = new Measurement(PLAN);
    measurement.advanceTo(START + 5_000);
    measurement.advanceTo(START + 3_605_000);
    measurement.advanceTo(START + 3_606_000);
    const times = measurement
      .flush()
      .flatMap((w) => w.readings)
      .map((r) => r.atMs);
    expect(times.every((t) => t <= START + 5_000 || t >= START + 3_605_000)).toBe(true);
    expect(times.some((t) => t >= START + 3_605_000)).toBe(true);
  });

  test('a shorter window ends the running one soon; the long one comes back', () => {
    const measurement = new Measurement({ ...PLAN, devices: 1, windowMs: 600_000 });
    measurement.advanceTo(START + 10_000);
    measurement.setWindow(0, 2_000);
    const short = measurement.advanceTo(START + 20_000);
    expect(short.length).toBeGreaterThanOrEqual(4);
    measurement.setWindow(0, 600_000);
    expect(measurement.advanceTo(START + 30_000).length).toBeLessThanOrEqual(1);
    expect(measurement.advanceTo(START + 40_000)).toEqual([]);
  });

  test('five signals at 1 Hz take at most 4 bytes a reading, signature and salt included', () => {
    const identity = { deviceId: 'a'.repeat(32), boot: 1, firstSequence: 0, closedAtMs: 0 };
    const sign = (): Uint8Array => new Uint8Array(64);
    const chunks = measure({ ...PLAN, devices: 10 }, START + 600_000, 1_000).flatMap((window) =>
      makeChunks({ ...identity, sign, zoneOffsetAt: () => 60 }, window.readings),
    );
    const whole = chunks.filter((chunk) => chunk.count >= 300);
    expect(whole.length).toBeGreaterThan(50);
    for (const chunk of whole) expect(chunk.bytes.length / chunk.count).toBeLessThanOrEqual(4);
  });
});
