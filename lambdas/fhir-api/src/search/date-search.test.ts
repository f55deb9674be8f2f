import { describe, expect, it } from '@jest/globals';
import { PulseError } from '@pulseledger/domain';
import fc from 'fast-check';
import { localTime } from '../vitals/observation.ts';
import {
  DATE_PREFIXES,
  type DatePrefix,
  type EffectiveTime,
  matchesDate,
  matchesDates,
  mayMatchWithin,
  parseDateFilter,
  startBounds,
} from './date-search.ts';

const HOUR_MS = 3_600_000;

function instant(text: string, zoneOffsetMinutes = 0): EffectiveTime {
  const startMs = Date.parse(text);
  return { startMs, endMs: startMs + 1, zoneOffsetMinutes };
}

function matches(search: string, target: EffectiveTime): boolean {
  return matchesDate(parseDateFilter(search), target);
}

describe('the date parameter', () => {
  const at = instant('2026-01-31T23:30:00.250Z');

  it.each([
    ['2026', true],
    ['2026-01', true],
    ['2026-02', false],
    ['2026-01-31', true],
    ['2026-01-31T23:30Z', true],
    ['2026-01-31T23:30:00Z', true],
    ['2026-01-31T23:30:00.250Z', true],
    ['2026-01-31T23:30:00.2Z', true],
    ['2026-01-31T23:30:00.251Z', false],
    ['2026-02-01T00:30+01:00', true],
    ['2026-02-01T00:30 01:00', true],
    ['eq2026-01', true],
    ['ne2026-01', false],
    ['gt2026-01', false],
    ['ge2026-01', true],
    ['gt2025', true],
    ['lt2026-02', true],
    ['lt2026-01-31T23:30Z', false],
    ['le2026-01-31T23:30Z', true],
    ['sa2026-01-30', true],
    ['sa2026-01-31', false],
    ['eb2026-02', true],
    ['eb2026', false],
  ])('%s against 2026-01-31T23:30:00.250Z: %s', (search, expected) => {
    expect(matches(search, at)).toBe(expected);
  });

  it('compares a date without zone with the wall clock of the reading', () => {
    const inAuckland = instant('2026-01-31T23:30:00Z', 13 * 60);
    expect(matches('2026-02-01', inAuckland)).toBe(true);
    expect(matches('2026-01-31', inAuckland)).toBe(false);
    expect(matches('2026-02-01T12:30', inAuckland)).toBe(true);
    expect(matches('2026-01-31T23:30Z', inAuckland)).toBe(true);
  });

  it('knows a period as longer than a moment', () => {
    const night = {
      startMs: Date.parse('2026-01-31T22:00Z'),
      endMs: Date.parse('2026-02-01T06:00Z'),
      zoneOffsetMinutes: 0,
    };
    const found = DATE_PREFIXES.filter((prefix) => matches(`${prefix}2026-02-01`, night));
    expect(found).toEqual(['ne', 'lt', 'le']);
    expect(matches('gt2026-01-31', night)).toBe(true);
    expect(matches('sa2026-01-31', night)).toBe(false);
  });

  it('takes a total over a whole day as one of that day', () => {
    const startMs = Date.parse('2026-01-31T00:00Z');
    const day = { startMs, endMs: startMs + 24 * HOUR_MS, zoneOffsetMinutes: 0 };
    expect(matches('2026-01-31', day)).toBe(true);
  });

  it.each([
    '',
    'yesterday',
    '2026-1',
    '2026-13',
    '2026-02-30',
    '0000',
    '2026-01-01T10',
    '2026-01-01T24:00Z',
    '2026-01-01T10:60Z',
    '2026-01-01T10:00:61Z',
    '2026-01-01Z',
    '2026-01-01T10:00+15:00',
    '2026-01-01T10:00+01:60',
    'ap2026',
    'xx2026',
    '20260101',
    '2026-01-01T10:00:00.1234567890Z',
  ])('refuses %p', (search) => {
    expect(() => parseDateFilter(search)).toThrow(PulseError);
  });

  it('takes repeated values as "and" and listed ones as "or"', () => {
    const lists = [
      [parseDateFilter('2025'), parseDateFilter('2026')],
      [parseDateFilter('lt2026-06')],
    ];
    expect(matchesDates(lists, instant('2025-11-01T00:00Z'))).toBe(true);
    expect(matchesDates(lists, instant('2026-05-31T00:00Z'))).toBe(true);
    expect(matchesDates(lists, instant('2026-06-01T00:00Z'))).toBe(false);
    expect(matchesDates(lists, instant('2024-06-01T00:00Z'))).toBe(false);
  });
});

/** What a value is, apart from how we parse it: its own text, cut from a clock's. */
const PRECISIONS = [4, 7, 10, 16, 19, 21, 22, 23];

const searches = fc.record({
  atMs: fc.integer({ min: Date.UTC(2025, 10), max: Date.UTC(2026, 3) }),
  length: fc.constantFrom(...PRECISIONS),
  zone: fc.option(fc.integer({ min: -14 * 60, max: 14 * 60 }), { nil: undefined }),
  prefix: fc.constantFrom(...DATE_PREFIXES),
});

interface Search {
  readonly atMs: number;
  readonly length: number;
  readonly zone: number | undefined;
  readonly prefix: DatePrefix;
}

function textOf({ atMs, length, zone, prefix }: Search): string {
  const clock = localTime(atMs, zone ?? 0);
  const hasZone = zone !== undefined && length > 10;
  return `${prefix}${clock.slice(0, length)}${hasZone ? clock.slice(23) : ''}`;
}

/** Dates are compared as the texts they are: "2026-01" is every text that begins with it. */
function naive(search: Search, target: EffectiveTime): boolean {
  const { length, zone, prefix, atMs } = search;
  const value = localTime(atMs, zone ?? 0).slice(0, length);
  const clock = length > 10 && zone !== undefined ? zone : target.zoneOffsetMinutes;
  const first = localTime(target.startMs, clock).slice(0, length);
  const last = localTime(target.endMs - 1, clock).slice(0, length);
  const inside = first === value && last === value;
  const truths: Record<DatePrefix, boolean> = {
    eq: inside,
    ne: !inside,
    gt: last > value,
    lt: first < value,
    ge: last > value || inside,
    le: first < value || inside,
    sa: first > value,
    eb: last < value,
  };
  return truths[prefix];
}

const targets = fc
  .record({
    startMs: fc.integer({ min: Date.UTC(2025, 10), max: Date.UTC(2026, 3) }),
    lasts: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 25 * HOUR_MS })),
    zoneOffsetMinutes: fc.integer({ min: -14 * 60, max: 14 * 60 }),
  })
  .map(({ startMs, lasts, zoneOffsetMinutes }) => ({
    startMs,
    endMs: startMs + lasts,
    zoneOffsetMinutes,
  }));

describe('any date search', () => {
  it('agrees with comparing the texts of the clocks', () => {
    // Both close together and far apart, so that every precision has hits and misses.
    const near = fc.tuple(searches, targets, fc.integer({ min: -70_000, max: 70_000 }));
    fc.assert(
      fc.property(near, fc.boolean(), ([search, target, gap], isNear) => {
        const lasts = target.endMs - target.startMs;
        const startMs = isNear ? search.atMs + gap : target.startMs;
        const placed = { ...target, startMs, endMs: startMs + lasts };
        expect(matches(textOf(search), placed)).toBe(naive(search, placed));
      }),
      { numRuns: 3_000 },
    );
  });

  it('passes over no stretch of time in which something matches', () => {
    const around = fc.record({
      before: fc.integer({ min: 0, max: HOUR_MS }),
      behind: fc.integer({ min: 0, max: HOUR_MS }),
    });
    fc.assert(
      fc.property(fc.array(searches, { maxLength: 2 }), targets, around, (all, target, wider) => {
        const lists = all.map((search) => [parseDateFilter(textOf(search))]);
        const stretch = {
          ...target,
          startMs: target.startMs - wider.before,
          endMs: target.endMs + wider.behind,
        };
        expect(matchesDates(lists, target) && !mayMatchWithin(lists, stretch)).toBe(false);
      }),
      { numRuns: 3_000 },
    );
    const day = [[parseDateFilter('2026-01-31')]];
    const evening = { ...instant('2026-01-30T22:00Z'), endMs: Date.parse('2026-01-30T23:59Z') };
    expect(mayMatchWithin(day, evening)).toBe(false);
    expect(mayMatchWithin(day, { ...evening, zoneOffsetMinutes: 60 })).toBe(true);
  });

  it('finds nothing outside the bounds it names', () => {
    fc.assert(
      fc.property(fc.array(searches, { minLength: 1, maxLength: 3 }), targets, (all, target) => {
        const lists = all.map((search) => [parseDateFilter(textOf(search))]);
        const { fromMs, toMs } = startBounds(lists, 25 * HOUR_MS);
        fc.pre(matchesDates(lists, target));
        expect(target.startMs).toBeGreaterThanOrEqual(fromMs);
        expect(target.startMs).toBeLessThan(toMs);
      }),
      { numRuns: 2_000, maxSkipsPerRun: 200 },
    );
  });
});
