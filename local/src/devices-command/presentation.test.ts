import { describe, expect, it } from '@jest/globals';
import type { DeviceGaps } from '@pulseledger/domain';
import { deviceList, deviceReport } from './presentation.ts';

const NOON_MS = Date.UTC(2026, 10, 22, 12);
const COMPLETE: DeviceGaps = {
  deviceId: '11'.repeat(16),
  status: 'active',
  contact: 'current',
  lastMeasuredMs: NOON_MS,
  lastReceivedMs: NOON_MS + 1_000,
  lastCommittedMs: NOON_MS + 2_000,
  clockOffsetMs: 1_000,
  recordedReadings: 1_200,
  missingReadings: 0,
  boots: [],
  isWhole: true,
  atMs: NOON_MS,
};
const INCOMPLETE: DeviceGaps = {
  ...COMPLETE,
  deviceId: '22'.repeat(16),
  contact: 'late',
  clockOffsetMs: -61_500,
  missingReadings: 4,
  boots: [
    {
      boot: 3,
      recorded: 9,
      missing: [
        [0, 2],
        [7, 7],
      ],
      state: 'late',
      measuredFromMs: NOON_MS,
      measuredUntilMs: null,
    },
  ],
  isWhole: false,
};

describe('what is missing, for a person', () => {
  it('is listed with the incomplete devices first', () => {
    const [heading, , , first, second] = deviceList([COMPLETE, INCOMPLETE]).split('\n');
    expect(heading).toBe('2 devices, 1 with gaps, 4 readings missing.');
    expect(first).toMatch(
      /^2{32} +active +late +2026-11-22T12:00:01.000Z +1,200 +4 +-61.5 s \(ahead\)$/,
    );
    expect(second).toMatch(/^1{32} +active +current .* 0 +\+1.0 s$/);
    expect(deviceList([])).toBe('0 devices, 0 with gaps, 0 readings missing.');
  });

  it('names the ranges of one device, and says when there are more', () => {
    const text = deviceReport(INCOMPLETE);
    expect(text).toContain(
      'boot 3: 9 readings recorded, missing 0–2, 7 (late); measured 2026-11-22T12:00:00.000Z to -',
    );
    expect(text).toContain('There are more gaps than one report names.');
    expect(deviceReport({ ...COMPLETE, clockOffsetMs: null })).toContain('clock           - from');
  });
});
