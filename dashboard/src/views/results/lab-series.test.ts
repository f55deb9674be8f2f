import { describe, expect, it } from '@jest/globals';
import type { Observation } from 'fhir/r4.js';
import { labSeries, TESTS, trendOf } from './lab-series.ts';

const HBA1C = '4548-4';
const HBA1C_IFCC = '59261-8';
const GLUCOSE = '2345-7';

function result(loinc: string, day: string, value: number, unit = '%'): Observation {
  return {
    resourceType: 'Observation',
    id: `${loinc} ${day}`,
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: loinc }], text: `test ${loinc}` },
    effectiveDateTime: `${day}T08:00:00Z`,
    valueQuantity: { value, unit },
  };
}

describe('laboratory results', () => {
  it('of codes that stand for each other are one test, oldest value first', () => {
    const [series, ...others] = labSeries([
      result(HBA1C_IFCC, '2026-06-01', 7.2),
      result(HBA1C, '2026-01-01', 6.8),
    ]);
    expect(others).toEqual([]);
    expect(series).toMatchObject({
      name: 'haemoglobin A1c',
      values: [{ value: 6.8 }, { value: 7.2 }],
    });
  });

  it('are marked as duplicates while the value before still stood', () => {
    const [series] = labSeries([
      result(HBA1C, '2026-01-01', 6.8),
      result(HBA1C, '2026-01-20', 6.9),
      result(HBA1C, '2026-06-01', 7),
    ]);
    expect(series?.values.map(({ isDuplicate }) => isDuplicate)).toEqual([false, true, false]);
  });

  it('of a test without a known validity are never duplicates', () => {
    const [series] = labSeries([
      result(GLUCOSE, '2026-01-01', 90),
      result(GLUCOSE, '2026-01-01', 91),
    ]);
    expect(series?.values.some(({ isDuplicate }) => isDuplicate)).toBe(false);
  });

  it('that were entered in error are left out', () => {
    expect(labSeries([{ ...result(HBA1C, '2026-01-01', 7), status: 'entered-in-error' }])).toEqual(
      [],
    );
  });

  it('come with the test that was taken last first', () => {
    const series = labSeries([result(HBA1C, '2026-01-01', 7), result(GLUCOSE, '2026-02-01', 90)]);
    expect(series.map(({ name }) => name)).toEqual([`test ${GLUCOSE}`, 'haemoglobin A1c']);
  });
});

describe('the trend of a test', () => {
  it.each([
    [[1, 2], 'rising'],
    [[2, 1], 'falling'],
    [[2, 2], 'steady'],
    [[2], undefined],
  ])('%j is %s', (values, trend) => {
    const [series] = labSeries(
      values.map((value, i) => result(GLUCOSE, `2026-01-0${i + 1}`, value)),
    );
    expect(series && trendOf(series)).toBe(trend);
  });

  it('is not told across units', () => {
    const [series] = labSeries([
      result(HBA1C, '2026-01-01', 7),
      result(HBA1C_IFCC, '2026-06-01', 53, 'mmol/mol'),
    ]);
    expect(series && trendOf(series)).toBeUndefined();
  });
});

describe('the tests that can be ordered', () => {
  it('are those of the table of equivalents, each with its code', () => {
    expect(TESTS).toContainEqual({ loinc: HBA1C, name: 'haemoglobin A1c' });
    expect(TESTS.every(({ loinc }) => /^\d+-\d$/.test(loinc))).toBe(true);
  });
});
