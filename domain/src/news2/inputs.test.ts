import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { FhirResource } from '../clinical/resource.ts';
import { ageInYears, news2InputsOf } from './inputs.ts';

const NOON_MS = Date.UTC(2026, 10, 22, 12);
const NOON = '2026-11-22T13:00:00+01:00';

function observation(code: string, rest: object, effectiveDateTime = NOON): FhirResource {
  const coding = [{ system: 'http://loinc.org', code }];
  return {
    resourceType: 'Observation',
    status: 'final',
    code: { coding },
    effectiveDateTime,
    ...rest,
  };
}

function quantity(code: string, value: number, unit: string, at = NOON): FhirResource {
  return observation(code, { valueQuantity: { value, code: unit } }, at);
}

describe('inputs of NEWS2', () => {
  it('are the latest of what was measured and charted', () => {
    const pressure = [
      { code: { coding: [{ code: '8480-6' }] }, valueQuantity: { value: 118, code: 'mm[Hg]' } },
      { code: { coding: [{ code: '8462-4' }] }, valueQuantity: { value: 76, code: 'mm[Hg]' } },
    ];
    const value = { coding: [{ system: 'http://snomed.info/sct', code: '300202002' }] };
    const inputs = news2InputsOf([
      quantity('8867-4', 71, '/min', '2026-11-22T11:59:00Z'),
      quantity('8867-4', 72, '/min'),
      quantity('8867-4', 73, '/min', '2026-11-22T11:58:00Z'),
      quantity('59408-5', 97, '%'),
      quantity('9279-1', 16, '/min'),
      quantity('8310-5', 100.4, '[degF]'),
      observation('85354-9', { component: pressure }),
      quantity('3151-8', 2, 'L/min'),
      observation('67775-7', { valueCodeableConcept: value }),
    ]);
    const at = (one: unknown) => ({ value: one, atMs: NOON_MS });
    expect(inputs).toEqual({
      respiratoryRate: at(16),
      oxygenSaturation: at(97),
      supplementalOxygen: at(true),
      systolicPressure: at(118),
      pulse: at(72),
      consciousness: at('voice'),
      temperature: at(expect.closeTo(38, 6)),
    });
  });

  const oxygen: [string, number, string, boolean][] = [
    ['3151-8', 0, 'L/min', false],
    ['3150-0', 21, '%', false],
    ['3150-0', 28, '%', true],
  ];
  it.each(oxygen)('know of oxygen by %s %d %s: %p', (code, value, unit, expected) => {
    expect(news2InputsOf([quantity(code, value, unit)]).supplementalOxygen?.value).toBe(expected);
  });

  it.each(['alert', 'Confusion', 'Unresponsive'])('take the word %s', (text) => {
    const [charted] = [observation('1104441000000107', { valueCodeableConcept: { text } })];
    expect(news2InputsOf([charted]).consciousness?.value).toBe(text.toLowerCase());
  });

  const ignored: [string, FhirResource][] = [
    ['of another unit', quantity('8867-4', 72, '/h')],
    ['that is withdrawn', { ...quantity('8867-4', 72, '/min'), status: 'entered-in-error' }],
    ['of a day without a time', quantity('8867-4', 72, '/min', '2026-11-22')],
    ['without a value', observation('8867-4', { dataAbsentReason: { text: 'error' } })],
    [
      'that nobody alive has',
      { ...quantity('8867-4', 1, '/min'), meta: { security: [{ code: 'UNCERTREL' }] } },
    ],
  ];
  it.each(ignored)('pass over one %s', (_what, resource) => {
    expect(news2InputsOf([resource]).pulse).toBeUndefined();
  });

  it('do not fail for any JSON', () => {
    const member = fc.constantFrom(
      'code',
      'status',
      'valueQuantity',
      'component',
      'meta',
      'effectivePeriod',
    );
    fc.assert(
      fc.property(fc.dictionary(member, fc.jsonValue()), (rest) => {
        news2InputsOf([{ ...quantity('8867-4', 72, '/min'), ...rest }]);
      }),
    );
  });
});

describe('an age', () => {
  const cases: [string, number | null][] = [
    ['1956-11-22', 70],
    ['1956-11-23', 69],
    ['2010-11-22', 16],
    ['2010-11-23', 15],
    ['1980', 45],
    ['2010', null],
    ['2010-11', null],
    ['2010-10', 16],
    ['2011', 14],
    ['2030', null],
    ['', null],
  ];
  it.each(cases)('of somebody born %p is %p', (birthDate, years) => {
    expect(ageInYears(birthDate, NOON_MS)).toBe(years);
  });
});
