import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseDecimal, parseFractionAsPercent } from './decimal.ts';

describe('decimal texts', () => {
  test('what is no plain decimal number is none', () => {
    for (const text of [
      '',
      ' ',
      '1,5',
      '0x10',
      'NaN',
      'Infinity',
      '1e',
      '--1',
      '1.2.3',
      '12 3',
      '1e999',
    ]) {
      expect([text, parseDecimal(text)]).toEqual([text, undefined]);
    }
    expect(parseDecimal(' 277.0 ')).toBe(277);
    expect(parseDecimal('.5')).toBe(0.5);
    expect(parseDecimal('-1.5e-3')).toBe(-0.0015);
  });

  test('a fraction becomes percent by moving the point, exactly', () => {
    expect(parseFractionAsPercent('0.97')).toBe(97);
    expect(parseFractionAsPercent('0.29')).toBe(29);
    expect(parseFractionAsPercent('1')).toBe(100);
    expect(parseFractionAsPercent('9.5e-1')).toBe(95);
    expect(parseFractionAsPercent('0.9710000157356262')).toBe(97.10000157356262);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9_999 }), (hundredths) => {
        const text = `0.${String(hundredths).padStart(4, '0')}`;
        expect(parseFractionAsPercent(text)).toBe(hundredths / 100);
      }),
    );
  });
});
