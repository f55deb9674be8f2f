import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  type CloseHourInput,
  HOUR_CLOSES_AFTER_MS,
  type ListOpenHoursInput,
  type OpenHour,
  PulseError,
} from '@pulseledger/domain';
import { MAX_BATCH_TRANSACTIONS } from '@pulseledger/ledger';
import { closeHours, type HourRecord } from './close-hours.ts';

const NOW_MS = Date.UTC(2026, 10, 22, 12, 30);
const HOUR_MS = 3_600_000;

function openHour(nth: number): OpenHour {
  const patientId = nth.toString(16).padStart(32, '0');
  return { patientId, hourMs: nth * HOUR_MS, mark: patientId + patientId };
}

/** A record with open hours, some of which are closed by others or broken. */
class Hours implements HourRecord {
  open: OpenHour[] = [];
  readonly closedByOthers = new Set<string>();
  readonly broken = new Set<string>();
  readonly refusedLater = new Set<string>();
  readonly asked: ListOpenHoursInput[] = [];
  readonly batches: (readonly CloseHourInput[])[] = [];

  listOpenHours: HourRecord['listOpenHours'] = (input) => {
    this.asked.push(input);
    const from = Number(input.bookmark ?? 0);
    const hours = this.open.slice(from, from + input.pageSize);
    const next = from + hours.length;
    return Promise.resolve({
      hours,
      ...(next < this.open.length ? { bookmark: String(next) } : {}),
    });
  };

  listHourChunks: HourRecord['listHourChunks'] = ({ patientId }) =>
    Promise.resolve({ chunkKeys: [`chunk of ${patientId}`] });

  tryClosingHour: HourRecord['tryClosingHour'] = ({ patientId }) => {
    if (this.broken.has(patientId)) return Promise.reject(new PulseError('not_found'));
    return Promise.resolve({
      status: this.closedByOthers.has(patientId) ? 'unchanged' : 'changed',
    });
  };

  closeHours: HourRecord['closeHours'] = (inputs) => {
    this.batches.push(inputs);
    return Promise.resolve(
      inputs.map(({ patientId }) =>
        this.refusedLater.has(patientId) ? new PulseError('conflict') : { status: 'changed' },
      ),
    );
  };

  close(now = () => NOW_MS) {
    return closeHours(this, now);
  }
}

let hours: Hours;
beforeEach(() => {
  hours = new Hours();
});

describe('closing hours', () => {
  it('submits nothing when none is open', async () => {
    expect(await hours.close()).toEqual({ lookedAt: 0, closed: 0, failures: {} });
    expect(hours.batches).toEqual([]);
  });

  it('asks only for hours that are over for long enough', async () => {
    await hours.close();
    expect(hours.asked[0]?.endedByMs).toBe(NOW_MS - HOUR_CLOSES_AFTER_MS);
  });

  it('submits in one batch what would change something, with the mark and all chunks', async () => {
    hours.open = [0, 1, 2].map(openHour);
    hours.closedByOthers.add(openHour(1).patientId);
    expect(await hours.close()).toEqual({ lookedAt: 3, closed: 2, failures: {} });
    expect(hours.batches).toHaveLength(1);
    expect(hours.batches[0]).toMatchObject(
      [0, 2].map((nth) => ({
        ...openHour(nth),
        chunkKeys: [`chunk of ${openHour(nth).patientId}`],
      })),
    );
    const salts = new Set(hours.batches[0]?.map(({ saltHex }) => saltHex));
    expect(salts.size).toBe(2);
  });

  it('takes one batch at most, also when hours at the front fail again and again', async () => {
    hours.open = Array.from({ length: 500 }, (_, nth) => openHour(nth));
    for (const { patientId } of hours.open.slice(0, 250)) hours.broken.add(patientId);
    const report = await hours.close();
    expect(report).toEqual({
      lookedAt: 250 + MAX_BATCH_TRANSACTIONS,
      closed: MAX_BATCH_TRANSACTIONS,
      failures: { not_found: 250 },
    });
    expect(hours.batches[0]?.[0]?.patientId).toBe(openHour(250).patientId);
  });

  it('stops looking in time to submit what it has', async () => {
    hours.open = Array.from({ length: 100 }, (_, nth) => openHour(nth));
    let nowMs = NOW_MS;
    const slow = () => (nowMs += 5_000);
    const { closed } = await hours.close(slow);
    expect(closed).toBeGreaterThan(0);
    expect(closed).toBeLessThan(100);
  });

  it('counts hours that were refused, and closes the others', async () => {
    hours.open = [0, 1].map(openHour);
    hours.refusedLater.add(openHour(0).patientId);
    expect(await hours.close()).toEqual({ lookedAt: 2, closed: 1, failures: { conflict: 1 } });
  });

  it('fails when the ledger is away', async () => {
    hours.listOpenHours = () => Promise.reject(new PulseError('unavailable'));
    await expect(hours.close()).rejects.toThrow(PulseError);
  });
});
