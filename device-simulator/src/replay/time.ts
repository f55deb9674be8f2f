import { LATEST_MOMENT_MS, MAX_ZONE_OFFSET_MINUTES } from '@pulseledger/domain';
import { zoneOffsets } from '../zone-offsets.ts';
import type { Moment } from './types.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** A moment, or why the text is none. */
export type MomentOrProblem = Moment | { readonly problem: string };

interface CivilTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly ms: number;
}

/** The fields as if they were UTC; undefined for a date or time that no calendar has. */
function asUtcMs(t: CivilTime): number | undefined {
  if (t.hour > 23 || t.minute > 59 || t.second > 59) return undefined;
  const ms = Date.UTC(t.year, t.month - 1, t.day, t.hour, t.minute, t.second, t.ms);
  const back = new Date(ms);
  const same =
    back.getUTCFullYear() === t.year &&
    back.getUTCMonth() === t.month - 1 &&
    back.getUTCDate() === t.day;
  return same ? ms : undefined;
}

function withinReach(atMs: number): boolean {
  return atMs >= 0 && atMs <= LATEST_MOMENT_MS;
}

function momentWithOffset(civil: CivilTime, offsetMinutes: number): MomentOrProblem {
  if (civil.second === 60) return { problem: 'a leap second, which no clock here can hold' };
  const utc = asUtcMs(civil);
  if (utc === undefined) return { problem: 'a date or time that does not exist' };
  if (Math.abs(offsetMinutes) > MAX_ZONE_OFFSET_MINUTES) {
    return { problem: 'a zone offset beyond 14 hours' };
  }
  const atMs = utc - offsetMinutes * MINUTE_MS;
  if (!withinReach(atMs)) return { problem: 'a date before 1970' };
  return { atMs, zoneOffsetMinutes: offsetMinutes };
}

/** Civil time in a named zone. A time that the clocks skipped or showed twice is not guessed. */
export function localMoment(civil: CivilTime, zone: string): MomentOrProblem {
  const local = asUtcMs(civil);
  if (local === undefined) return { problem: 'a date or time that does not exist' };
  const zoned = zoneOffsets(zone);
  const offsets = new Set([zoned.at(local - DAY_MS), zoned.at(local + DAY_MS)]);
  const moments = [...offsets]
    .map((offset) => ({ atMs: local - offset * MINUTE_MS, zoneOffsetMinutes: offset }))
    .filter((moment) => zoned.at(moment.atMs) === moment.zoneOffsetMinutes);
  const [moment, other] = moments;
  if (moment === undefined) {
    return { problem: 'a local time that the change to summer time skipped' };
  }
  if (other !== undefined) {
    return { problem: 'a local time that the change to winter time showed twice' };
  }
  if (!withinReach(moment.atMs)) return { problem: 'a date before 1970' };
  return moment;
}

/** A known moment with the offset that its zone had then. */
export function momentInZone(atMs: number, zone: string): Moment {
  return { atMs, zoneOffsetMinutes: Math.round(zoneOffsets(zone).at(atMs)) };
}

function number(text: string | undefined): number {
  return Number(text ?? '0');
}

function milliseconds(fraction: string | undefined): number {
  return Math.floor(number((fraction ?? '0').slice(0, 3).padEnd(3, '0')));
}

function civilFrom(groups: Record<string, string | undefined>): CivilTime {
  return {
    year: number(groups['year']),
    month: number(groups['month']),
    day: number(groups['day']),
    hour: number(groups['hour']),
    minute: number(groups['minute']),
    second: number(groups['second']),
    ms: milliseconds(groups['fraction']),
  };
}

function offsetFrom(groups: Record<string, string | undefined>): number | undefined {
  const sign = groups['sign'];
  if (sign === undefined) return 0;
  const minutes = number(groups['zoneMinute']);
  if (minutes > 59) return undefined;
  return (sign === '-' ? -1 : 1) * (number(groups['zoneHour']) * 60 + minutes) + 0;
}

const RFC3339 =
  /^(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2})[Tt](?<hour>\d{2}):(?<minute>\d{2}):(?<second>\d{2})(?:\.(?<fraction>\d+))?(?<zone>[Zz]|(?<sign>[+-])(?<zoneHour>\d{2}):(?<zoneMinute>\d{2}))?$/;
const APPLE =
  /^(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2}) (?<hour>\d{2}):(?<minute>\d{2}):(?<second>\d{2}) (?<sign>[+-])(?<zoneHour>\d{2})(?<zoneMinute>\d{2})$/;
const US =
  /^(?<month>\d{1,2})\/(?<day>\d{1,2})\/(?<year>\d{4}) (?<hour>\d{1,2}):(?<minute>\d{2})(?::(?<second>\d{2}))? (?<half>[AaPp])[Mm]$/;

function withOwnOffset(groups: Record<string, string | undefined>): MomentOrProblem {
  const offset = offsetFrom(groups);
  if (offset === undefined) return { problem: 'a zone offset that does not exist' };
  return momentWithOffset(civilFrom(groups), offset);
}

/**
 * An RFC 3339 date-time.
 *
 * @param zone For a text without an offset; without it such a text is a problem.
 */
export function parseRfc3339(text: string, zone?: string): MomentOrProblem {
  const groups = RFC3339.exec(text)?.groups;
  if (groups === undefined) return { problem: 'not an RFC 3339 date-time' };
  if (groups['zone'] !== undefined) return withOwnOffset(groups);
  if (zone === undefined) return { problem: 'a date-time without a zone offset' };
  return localMoment(civilFrom(groups), zone);
}

/** A time of Apple Health: `2016-04-15 07:27:26 +0100`. */
export function parseAppleTime(text: string): MomentOrProblem {
  const groups = APPLE.exec(text)?.groups;
  if (groups === undefined) {
    return { problem: 'not a time of Apple Health (2016-04-15 07:27:26 +0100)' };
  }
  return withOwnOffset(groups);
}

/** A time as Fitbit's exports have it: US order, 12-hour clock, no offset: `5/10/2016 6:55:26 AM`. */
export function parseUsTime(text: string, zone: string): MomentOrProblem {
  const groups = US.exec(text)?.groups;
  if (groups === undefined) {
    return { problem: 'not a time in US form with AM or PM (5/10/2016 6:55:26 AM)' };
  }
  const civil = civilFrom(groups);
  if (civil.hour < 1 || civil.hour > 12) return { problem: 'an hour outside 1 to 12' };
  const afternoon = groups['half']?.toLowerCase() === 'p';
  return localMoment({ ...civil, hour: (civil.hour % 12) + (afternoon ? 12 : 0) }, zone);
}
