import { describe, expect, it } from '@jest/globals';
import type { DeviceGaps, ListGapsInput } from '@pulseledger/domain';
import { countGaps } from './count-gaps.ts';

function device(deviceId: string, missingReadings: number): DeviceGaps {
  return {
    deviceId,
    status: 'active',
    contact: 'current',
    lastMeasuredMs: null,
    lastReceivedMs: null,
    lastCommittedMs: null,
    clockOffsetMs: null,
    recordedReadings: 10,
    missingReadings,
    boots: [],
    isWhole: true,
    atMs: 0,
  };
}

describe('counting gaps', () => {
  it('goes through all pages, empty ones too', async () => {
    const pages = [
      { devices: [device('a'.repeat(32), 3), device('b'.repeat(32), 0)], bookmark: 'b' },
      { devices: [], bookmark: 'c' },
      { devices: [device('d'.repeat(32), 4)] },
    ];
    const asked: ListGapsInput[] = [];
    const count = await countGaps((input) => {
      asked.push(input);
      return Promise.resolve(pages[asked.length - 1] ?? { devices: [] });
    });
    expect(count).toEqual({ devices: 3, devicesWithGaps: 2, missingReadings: 7 });
    expect(asked.map(({ bookmark }) => bookmark)).toEqual([undefined, 'b', 'c']);
  });

  it('fails when the ledger does, so that the old value is not overwritten by half of one', async () => {
    await expect(countGaps(() => Promise.reject(new Error('away')))).rejects.toThrow('away');
  });
});
