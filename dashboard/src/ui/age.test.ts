import { describe, expect, it } from '@jest/globals';
import { ageText, freshness, yearsSince } from './age.ts';

const NOW = Date.UTC(2026, 10, 22, 12);

describe('the age of a value', () => {
  it.each([
    [0, '0 sec. ago'],
    [59_999, '59 sec. ago'],
    [60_000, '1 min. ago'],
    [47 * 3_600_000, '47 hr. ago'],
    [48 * 3_600_000, '2 days ago'],
    [-5_000, '0 sec. ago'],
  ])('of %d ms is said as "%s"', (age, text) => {
    expect(ageText(NOW - age, NOW, 'en')).toBe(text);
  });

  it.each([
    [90_000, 'fresh'],
    [90_001, 'ageing'],
    [180_000, 'ageing'],
    [180_001, 'old'],
  ])('of %d ms with a message a minute is %s', (age, expected) => {
    expect(freshness(NOW - age, NOW, 60_000)).toBe(expected);
  });
});

describe('years since a birth date', () => {
  it.each([
    ['1980-11-22', 46],
    ['1980-11-23', 45],
    ['1980-11', 46],
    ['1980-12', 45],
    ['1980', 46],
    ['', undefined],
  ])('%s', (date, years) => {
    expect(yearsSince(date, NOW)).toBe(years);
  });
});
