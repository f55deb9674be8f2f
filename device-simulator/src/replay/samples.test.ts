import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { plausibility } from '@pulseledger/domain';
import { collect, haveSamples, sample } from '../test-support/collecting-sink.ts';
import { importAppleHealth } from './apple-health.ts';
import { importBedside } from './bedside.ts';
import { detectFormat } from './detect.ts';
import { importFit } from './fit.ts';
import { importOpenMhealth } from './open-mhealth.ts';
import type { ImportedReading } from './types.ts';

const suite = haveSamples ? describe : (describe.skip as typeof describe);
const reason = haveSamples ? '' : ' (skipped: ../shared/data is absent)';

function values(readings: readonly ImportedReading[], code: string): number[] {
  return readings.flatMap((r) => (r.code === code && typeof r.what === 'number' ? [r.what] : []));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}

function iso(atMs: number | undefined): string {
  return new Date(atMs ?? 0).toISOString();
}

// The expected figures were worked out from the files by independent Python scripts.
suite(`real recordings${reason}`, () => {
  test.each([
    // file, records, heart rates, their sum, first, last
    [
      'coros-pace-2-cycling-misaligned-fields.fit',
      11_272,
      8_946,
      1_180_329,
      972_558_626,
      972_567_660,
    ],
    ['developer-types-sample.fit', 3_424, 3_424, 447_994, 853_607_207, 853_610_630],
    ['sample-activity.fit', 3_098, 3_098, 512_767, 678_057_520, 678_069_261],
  ])('FIT %s', async (file, records, count, total, first, last) => {
    const path = sample('fit', file);
    expect(await detectFormat(path)).toBe('fit');
    const sink = await collect(importFit, path, { zone: 'America/Toronto' });
    expect(sink.refused).toEqual([]);
    expect(sink.rows).toBe(records);
    expect(sink.readings.length).toBe(count);
    expect(new Set(sink.readings.map((r) => r.code))).toEqual(new Set(['8867-4']));
    expect(sum(values(sink.readings, '8867-4'))).toBe(total);
    const fitEpoch = Date.UTC(1989, 11, 31) / 1_000;
    const times = sink.readings.map((r) => r.atMs / 1_000 - fitEpoch);
    expect([Math.min(...times), Math.max(...times)]).toEqual([first, last]);
    // No two records of these files are the same, though some share their second and their value.
    expect(new Set(sink.readings.map((r) => r.identity)).size).toBe(count);
  });

  test('FIT without a stated offset asks for the zone', async () => {
    await expect(collect(importFit, sample('fit', 'sample-activity.fit'))).rejects.toThrow(
      '--zone',
    );
  });

  test('Apple Health', async () => {
    const path = sample('apple-health', 'export6s3sample.xml');
    expect(await detectFormat(path)).toBe('apple-health');
    const sink = await collect(importAppleHealth, path);
    expect(sink.refused).toEqual([]);
    expect(sink.rows).toBe(18);
    expect(sink.ignored.sort()).toEqual(['ActivitySummary', 'ActivitySummary', 'Workout']);
    expect(sink.readings.length).toBe(15);
    const steps = values(sink.readings, '55423-8');
    expect(steps).toEqual([329, 283, 426, 61, 10, 200, 390, 320, 216, 282]);
    expect(values(sink.readings, '55430-3')).toEqual([0.00288, 0.00284, 0.00142, 0.00639, 0.0059]);
    const [first] = sink.readings;
    expect(iso(first?.atMs)).toBe('2014-09-13T09:27:54.000Z');
    expect(first).toMatchObject({ zoneOffsetMinutes: 60, durationMs: 5_000, unit: '{steps}' });
    expect(sink.readings[10]).toMatchObject({ unit: 'km', durationMs: 2_000 });
  });

  const bedside = (): string => sample('bedside-monitor', 's25047-2704-05-04-10-44n.csv');

  test('bedside monitor', async () => {
    expect(await detectFormat(bedside())).toBe('bedside');
    const atMs = Date.UTC(2026, 2, 1, 9, 44, 18, 529);
    const sink = await collect(importBedside, bedside(), {
      start: { atMs, zoneOffsetMinutes: 60 },
    });
    expect(sink.refused).toEqual([]);
    expect(sink.rows).toBe(72);
    expect(sink.readings.length).toBe(345);
    const figures = (code: string): unknown[] => {
      const own = sink.readings.filter((r) => r.code === code);
      const off = own.filter((r) => r.what === 'not-performed').length;
      return [own.length, off, Math.round(sum(values(own, code)) * 10) / 10];
    };
    expect(figures('8867-4')).toEqual([72, 28, 2_931.9]);
    expect(figures('8889-8')).toEqual([72, 8, 5_218.7]);
    expect(figures('9279-1')).toEqual([72, 5, 1_485.3]);
    expect(figures('59408-5')).toEqual([72, 11, 5_503.4]);
    expect(figures('8480-6')).toEqual([18, 0, 1_687]);
    expect(figures('8462-4')).toEqual([18, 0, 993]);
    expect(figures('8478-0')).toEqual([21, 0, 1_458]);
    // Outliers are kept as measured; the codec will flag those that nobody alive has.
    expect(Math.max(...values(sink.readings, '8889-8'))).toBe(277);
    const flagged = sink.readings.filter(
      (r) => typeof r.what === 'number' && plausibility(r.code, r.unit, r.what) === 'implausible',
    );
    expect(flagged.map((r) => r.what).sort()).toEqual([
      0.9, 0.9, 1.8, 10, 18, 18, 36, 36, 41.9, 42.9,
    ]);
    expect(iso(sink.readings.at(-1)?.atMs)).toBe('2026-03-01T10:55:18.529Z');
  });

  test('bedside monitor without a start: the date of the header lies in the future and is refused', async () => {
    for (const context of [{}, { zone: 'Europe/Paris' }]) {
      await expect(collect(importBedside, bedside(), context)).rejects.toThrow(
        /2704-05-04.*--start/,
      );
    }
  });

  const points = ['1.0', '1.1', '2.0'].flatMap((version) =>
    ['shouldPass', 'shouldFail'].flatMap((verdict) => {
      if (!haveSamples || (version === '1.1' && verdict === 'shouldFail')) return [];
      return readdirSync(sample('open-mhealth', 'heart-rate', version, verdict)).map((file) =>
        join(version, verdict, file),
      );
    }),
  );

  test('Open mHealth: exactly the points that are valid and have a time', async () => {
    const found: Record<string, unknown> = {};
    for (const point of points) {
      const path = sample('open-mhealth', 'heart-rate', point);
      expect(await detectFormat(path)).toBe('open-mhealth');
      const { readings, refused } = await collect(importOpenMhealth, path);
      const [reading] = readings;
      expect(readings.length + refused.length).toBe(1);
      found[point] =
        reading === undefined
          ? refused[0]?.reason
          : [
              reading.code,
              reading.what,
              iso(reading.atMs),
              reading.zoneOffsetMinutes,
              reading.durationMs,
            ];
    }
    const at2013 = '2013-02-05T07:25:00.000Z';
    const noTime = 'effective_time_frame: missing, so the time of measurement is not known';
    expect(found).toEqual({
      '1.0/shouldFail/empty-document.json': 'no measure that the record keeps',
      '1.0/shouldFail/incorrect-unit.json': 'heart_rate.unit: expected "beats/min"',
      '1.0/shouldPass/heart-rate-only.json': noTime,
      '1.0/shouldPass/with-everything.json': ['8867-4', 50, at2013, 0, undefined],
      '1.0/shouldPass/with-temporal-relationship-to-physical-activity.json': [
        '8867-4',
        50,
        at2013,
        0,
        undefined,
      ],
      '1.0/shouldPass/with-time-frame.json': ['8867-4', 60, at2013, 0, undefined],
      '1.0/shouldPass/with-user-notes.json': ['8867-4', 50, at2013, 0, undefined],
      '1.1/shouldPass/with-temporal-relationship-to-sleep.json': [
        '8867-4',
        50,
        at2013,
        0,
        undefined,
      ],
      '2.0/shouldFail/empty-document.json': 'no measure that the record keeps',
      '2.0/shouldFail/incorrect-unit.json': 'heart_rate.unit: expected "beats/min"',
      '2.0/shouldFail/missing-effective-time-frame.json': noTime,
      '2.0/shouldPass/with-descriptive-statistic.json': [
        '8883-1',
        50,
        '2020-02-05T05:00:00.000Z',
        60,
        86_400_000,
      ],
      '2.0/shouldPass/with-temporal-relationship-to-sleep.json': [
        '8867-4',
        67.5,
        '2020-02-05T15:25:00.000Z',
        -480,
        undefined,
      ],
    });
  });
});
