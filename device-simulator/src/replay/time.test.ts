import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { IANAZone } from 'luxon';
import { localMoment, momentInZone, parseAppleTime, parseRfc3339, parseUsTime } from './time.ts';

const zones = fc.constantFrom(
  'Europe/Paris',
  'America/New_York',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'America/St_Johns',
  'UTC',
);
const moments = fc.integer({ min: 0, max: Date.UTC(2035, 0, 1) / 1_000 }).map((s) => s * 1_000);

function two(value: number): string {
  return String(value).padStart(2, '0');
}

describe('times of recordings', () => {
  test('RFC 3339 keeps the offset it states', () => {
    expect(parseRfc3339('2020-02-05T07:25:00-08:00')).toEqual({
      atMs: Date.UTC(2020, 1, 5, 15, 25),
      zoneOffsetMinutes: -480,
    });
    expect(parseRfc3339('2013-02-05T07:25:00.123Z')).toEqual({
      atMs: Date.UTC(2013, 1, 5, 7, 25, 0, 123),
      zoneOffsetMinutes: 0,
    });
    expect(parseRfc3339('2013-02-05T07:25:00.9999Z')).toMatchObject({
      atMs: Date.UTC(2013, 1, 5, 7, 25, 0, 999),
    });
  });

  test('what no calendar or clock has is a problem, never another date', () => {
    for (const text of [
      '2021-02-30T10:00:00Z',
      '2021-02-29T10:00:00Z',
      '2021-13-01T10:00:00Z',
      '2021-00-10T10:00:00Z',
      '2021-01-01T24:00:00Z',
      '2021-01-01T10:60:00Z',
      '2016-12-31T23:59:60Z',
      '2021-01-01T10:00:00+25:00',
      '2021-01-01T10:00:00+01:75',
      '1969-12-31T23:59:59Z',
      '2021-01-01',
      '2021-01-01 10:00:00Z',
      '201-02-05T07:25:00Z',
      '',
    ]) {
      expect([text, 'problem' in parseRfc3339(text)]).toEqual([text, true]);
    }
  });

  test('a date-time without an offset needs a zone', () => {
    expect(parseRfc3339('2021-07-01T10:00:00')).toHaveProperty('problem');
    expect(parseRfc3339('2021-07-01T10:00:00', 'Europe/Paris')).toEqual({
      atMs: Date.UTC(2021, 6, 1, 8),
      zoneOffsetMinutes: 120,
    });
  });

  test("Apple's form keeps its offset", () => {
    expect(parseAppleTime('2016-04-15 07:27:26 +0100')).toEqual({
      atMs: Date.UTC(2016, 3, 15, 6, 27, 26),
      zoneOffsetMinutes: 60,
    });
    expect(parseAppleTime('2016-04-15 07:27:26 -0330')).toMatchObject({ zoneOffsetMinutes: -210 });
    expect(parseAppleTime('2016-04-15 07:27:26')).toHaveProperty('problem');
    expect(parseAppleTime('2016-04-31 07:27:26 +0100')).toHaveProperty('problem');
  });

  test('the US form: midnight and noon are where Americans put them', () => {
    const at = (text: string): unknown => {
      const moment = parseUsTime(text, 'UTC');
      return 'problem' in moment ? moment.problem : new Date(moment.atMs).toISOString();
    };
    expect(at('5/10/2016 6:55:26 AM')).toBe('2016-05-10T06:55:26.000Z');
    expect(at('4/12/2016 12:00:00 AM')).toBe('2016-04-12T00:00:00.000Z');
    expect(at('4/12/2016 12:00:00 PM')).toBe('2016-04-12T12:00:00.000Z');
    expect(at('4/12/2016 12:59:59 pm')).toBe('2016-04-12T12:59:59.000Z');
    expect(at('4/12/2016 11:59 PM')).toBe('2016-04-12T23:59:00.000Z');
    expect(at('13/4/2016 6:00:00 AM')).toContain('does not exist');
    expect(at('4/12/2016 0:10:00 AM')).toContain('hour');
    expect(at('4/12/2016 13:10:00 PM')).toContain('hour');
    expect(at('4/12/2016 18:10:00')).toContain('AM or PM');
    expect(at('4/12/16 6:00:00 AM')).toContain('US form');
    expect(at('4/12/2016')).toContain('US form');
  });

  test('hours that summer time skipped or winter time repeated are named, not guessed', () => {
    expect(parseUsTime('3/27/2016 2:30:00 AM', 'Europe/Paris')).toEqual({
      problem: 'a local time that the change to summer time skipped',
    });
    expect(parseUsTime('10/30/2016 2:30:00 AM', 'Europe/Paris')).toEqual({
      problem: 'a local time that the change to winter time showed twice',
    });
    expect(parseUsTime('10/30/2016 3:00:00 AM', 'Europe/Paris')).toMatchObject({
      zoneOffsetMinutes: 60,
    });
    expect(parseUsTime('10/30/2016 1:59:59 AM', 'Europe/Paris')).toMatchObject({
      zoneOffsetMinutes: 120,
    });
    // Lord Howe moves its clocks by half an hour, Samoa left out a whole day.
    expect(parseUsTime('4/3/2016 1:45:00 AM', 'Australia/Lord_Howe')).toHaveProperty('problem');
    expect(parseUsTime('12/30/2011 10:00:00 AM', 'Pacific/Apia')).toHaveProperty('problem');
  });

  test('every moment written in US form is read back, or is in an hour shown twice', () => {
    fc.assert(
      fc.property(moments, zones, (atMs, zone) => {
        const offset = IANAZone.create(zone).offset(atMs);
        const local = new Date(atMs + offset * 60_000);
        const hour = local.getUTCHours();
        const text =
          `${local.getUTCMonth() + 1}/${local.getUTCDate()}/${local.getUTCFullYear()} ` +
          `${hour % 12 === 0 ? 12 : hour % 12}:${two(local.getUTCMinutes())}:${two(local.getUTCSeconds())} ` +
          (hour < 12 ? 'AM' : 'PM');
        const read = parseUsTime(text, zone);
        if (local.getTime() < 0) return;
        expect('problem' in read ? read.problem : read).toEqual(
          'problem' in read
            ? 'a local time that the change to winter time showed twice'
            : { atMs, zoneOffsetMinutes: offset },
        );
      }),
    );
  });

  test('a local time is accepted exactly when one moment has it', () => {
    const nearChange = fc.integer({ min: -180, max: 180 }).map((minutes) => minutes * 60_000);
    const changes = fc.constantFrom(
      ['Europe/Paris', Date.UTC(2024, 2, 31, 1)] as const,
      ['Europe/Paris', Date.UTC(2024, 9, 27, 1)] as const,
      ['Australia/Lord_Howe', Date.UTC(2024, 3, 6, 15)] as const,
      ['America/New_York', Date.UTC(2024, 10, 3, 6)] as const,
    );
    fc.assert(
      fc.property(changes, nearChange, ([zone, change], shift) => {
        const local = change + IANAZone.create(zone).offset(change) * 60_000 + shift;
        const date = new Date(local);
        // The plain truth: look at every minute around.
        const matches = Array.from({ length: 1_800 }, (_, i) => change + (i - 900) * 60_000).filter(
          (utc) => utc + IANAZone.create(zone).offset(utc) * 60_000 === local,
        );
        const found = localMoment(
          {
            year: date.getUTCFullYear(),
            month: date.getUTCMonth() + 1,
            day: date.getUTCDate(),
            hour: date.getUTCHours(),
            minute: date.getUTCMinutes(),
            second: 0,
            ms: 0,
          },
          zone,
        );
        if (matches.length === 1) expect(found).toMatchObject({ atMs: matches[0] });
        else expect(found).toHaveProperty('problem');
      }),
      { numRuns: 60 },
    );
  });

  test('no text crashes a parser', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), zones, (text, zone) => {
        for (const result of [
          parseRfc3339(text, zone),
          parseAppleTime(text),
          parseUsTime(text, zone),
        ]) {
          expect('problem' in result || Number.isInteger(result.atMs)).toBe(true);
        }
      }),
    );
  });

  test('a moment gets the offset of its zone', () => {
    const noon = Date.UTC(2026, 6, 1, 12);
    expect(momentInZone(noon, 'Asia/Kolkata')).toEqual({ atMs: noon, zoneOffsetMinutes: 330 });
  });
});
