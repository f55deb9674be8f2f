/**
 * The `date` search parameter (https://hl7.org/fhir/R4/search.html#date, #prefix).
 *
 * Every value is an interval of its own precision: `2026-01` is the whole month. A value with a zone is compared on
 * the world's clock. A value without one is compared with the wall clock of each reading, at the zone offset the
 * device gave: `date=2026-01-05` is the day the patient lived, wherever that was ("dates do not have time zones, and
 * time zones should not be considered").
 */
import { PulseError } from '@pulseledger/domain';

export const DATE_PREFIXES = ['eq', 'ne', 'gt', 'ge', 'lt', 'le', 'sa', 'eb'] as const;
export type DatePrefix = (typeof DATE_PREFIXES)[number];

/** One `date` value: a prefix and the half-open interval [fromMs, toMs) that the value stands for. */
export interface DateFilter {
  readonly prefix: DatePrefix;
  readonly fromMs: number;
  readonly toMs: number;
  /** True when the value had no zone: the interval then lies on each reading's own wall clock. */
  readonly wallClock: boolean;
}

/** When something was measured: [startMs, endMs), and the zone offset of the device's clock. */
export interface EffectiveTime {
  readonly startMs: number;
  readonly endMs: number;
  readonly zoneOffsetMinutes: number;
}

/** No zone is further from UTC (FHIR R4 dateTime: offsets up to 14:00). */
const WIDEST_ZONE_MS = 14 * 3_600_000;
const MINUTE_MS = 60_000;

const VALUE =
  /^(?<year>\d{4})(?:-(?<month>\d\d)(?:-(?<day>\d\d)(?:T(?<hour>\d\d):(?<minute>\d\d)(?::(?<second>\d\d)(?:\.(?<fraction>\d{1,9}))?)?(?<zone>Z|[+\- ]\d\d:\d\d)?)?)?)?$/;

type Groups = Partial<Record<string, string>>;

/** Throws PulseError `invalid_input` when the value is not a date FHIR knows. */
export function parseDateFilter(text: string): DateFilter {
  const { prefix, value } = splitPrefix(text);
  const groups: Groups | undefined = VALUE.exec(value)?.groups;
  if (groups === undefined) throw badDate();
  const zoneMinutes = parseZone(groups['zone']);
  const local = localInterval(groups);
  const shift = (zoneMinutes ?? 0) * MINUTE_MS;
  return {
    prefix,
    fromMs: local.fromMs - shift,
    toMs: local.toMs - shift,
    wallClock: zoneMinutes === undefined,
  };
}

function splitPrefix(text: string): { prefix: DatePrefix; value: string } {
  const found = /^[a-z]{2}/.exec(text)?.[0];
  if (found === undefined) return { prefix: 'eq', value: text };
  const prefix = DATE_PREFIXES.find((known) => known === found);
  if (prefix === undefined) {
    throw new PulseError(
      'invalid_input',
      `a date prefix is not supported; use one of ${DATE_PREFIXES.join(', ')}`,
    );
  }
  return { prefix, value: text.slice(2) };
}

function badDate(): PulseError {
  return new PulseError(
    'invalid_input',
    'a date value is not a FHIR date; write YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm[:ss[.sss]] with Z or ±hh:mm behind a time',
  );
}

/** Minutes east of UTC; undefined without a zone. A space stands for the plus that form decoding ate. */
function parseZone(zone: string | undefined): number | undefined {
  if (zone === undefined) return undefined;
  if (zone === 'Z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(4, 6));
  const total = hours * 60 + minutes;
  if (minutes > 59 || total * MINUTE_MS > WIDEST_ZONE_MS) throw badDate();
  return zone.startsWith('-') ? -total : total;
}

function localInterval(groups: Groups): { fromMs: number; toMs: number } {
  const year = Number(groups['year']);
  const month = Number(groups['month'] ?? 1);
  const day = Number(groups['day'] ?? 1);
  const midnight = dayMs(year, month, day);
  if (year === 0 || !isSameDay(midnight, month, day)) throw badDate();
  if (groups['month'] === undefined) return { fromMs: midnight, toMs: dayMs(year + 1, 1, 1) };
  if (groups['day'] === undefined) return { fromMs: midnight, toMs: dayMs(year, month + 1, 1) };
  if (groups['hour'] === undefined) return { fromMs: midnight, toMs: dayMs(year, month, day + 1) };
  return timeInterval(midnight, groups);
}

function timeInterval(midnight: number, groups: Groups): { fromMs: number; toMs: number } {
  const hour = Number(groups['hour']);
  const minute = Number(groups['minute']);
  const second = Number(groups['second'] ?? 0);
  // 60 is allowed by FHIR for leap seconds; without a leap-second table it is the next minute's first second.
  if (hour > 23 || minute > 59 || second > 60) throw badDate();
  const fromMs = midnight + hour * 3_600_000 + minute * MINUTE_MS + second * 1000;
  if (groups['second'] === undefined) return { fromMs, toMs: fromMs + MINUTE_MS };
  const fraction = groups['fraction'];
  if (fraction === undefined) return { fromMs, toMs: fromMs + 1000 };
  const start = fromMs + Number(fraction.slice(0, 3).padEnd(3, '0'));
  return { fromMs: start, toMs: start + 10 ** Math.max(0, 3 - fraction.length) };
}

/** Midnight UTC of a day. Not Date.UTC, which takes the years 0 to 99 for 1900 to 1999. */
function dayMs(year: number, month: number, day: number): number {
  return new Date(0).setUTCFullYear(year, month - 1, day);
}

function isSameDay(ms: number, month: number, day: number): boolean {
  const date = new Date(ms);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

type Comparison = (target: EffectiveTime, search: DateFilter) => boolean;

const isWithin: Comparison = (target, search) =>
  target.startMs >= search.fromMs && target.endMs <= search.toMs;
const reachesAbove: Comparison = (target, search) => target.endMs > search.toMs;
const reachesBelow: Comparison = (target, search) => target.startMs < search.fromMs;

const COMPARISONS: Record<DatePrefix, Comparison> = {
  eq: isWithin,
  ne: (target, search) => !isWithin(target, search),
  gt: reachesAbove,
  lt: reachesBelow,
  ge: (target, search) => reachesAbove(target, search) || isWithin(target, search),
  le: (target, search) => reachesBelow(target, search) || isWithin(target, search),
  sa: (target, search) => target.startMs >= search.toMs,
  eb: (target, search) => target.endMs <= search.fromMs,
};

export function matchesDate(filter: DateFilter, target: EffectiveTime): boolean {
  const shift = filter.wallClock ? target.zoneOffsetMinutes * MINUTE_MS : 0;
  const onClock = {
    startMs: target.startMs + shift,
    endMs: target.endMs + shift,
    zoneOffsetMinutes: target.zoneOffsetMinutes,
  };
  return COMPARISONS[filter.prefix](onClock, filter);
}

/** Does a reading match at least one filter of every list (repeated parameters mean "and", commas "or")? */
export function matchesDates(
  lists: readonly (readonly DateFilter[])[],
  target: EffectiveTime,
): boolean {
  return lists.every((filters) => filters.some((filter) => matchesDate(filter, target)));
}

/**
 * Can anything match that lies within a stretch of time? False only when certainly not, so that what is stored there
 * need not be looked at.
 */
export function mayMatchWithin(
  lists: readonly (readonly DateFilter[])[],
  stretch: EffectiveTime,
): boolean {
  return lists.every((filters) =>
    filters.some((filter) => {
      const shift = filter.wallClock ? stretch.zoneOffsetMinutes * MINUTE_MS : 0;
      // What lies within the stretch and matches starts below one bound and ends above the other.
      const starts = boundsOf(filter, 0);
      return stretch.startMs + shift < starts.toMs && stretch.endMs + shift > starts.fromMs;
    }),
  );
}

/** Half-open [fromMs, toMs) on the world's clock. */
export interface Bounds {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Bounds outside which no reading starts that matches all lists of filters. */
export function startBounds(
  lists: readonly (readonly DateFilter[])[],
  longestReadingMs: number,
): Bounds {
  const hulls = lists.map((filters) => {
    const bounds = filters.map((filter) => slackBounds(filter, longestReadingMs));
    return {
      fromMs: Math.min(...bounds.map(({ fromMs }) => fromMs)),
      toMs: Math.max(...bounds.map(({ toMs }) => toMs)),
    };
  });
  return {
    fromMs: Math.max(-Infinity, ...hulls.map(({ fromMs }) => fromMs)),
    toMs: Math.min(Infinity, ...hulls.map(({ toMs }) => toMs)),
  };
}

function slackBounds(filter: DateFilter, longestReadingMs: number): Bounds {
  const slack = filter.wallClock ? WIDEST_ZONE_MS : 0;
  const { fromMs, toMs } = boundsOf(filter, longestReadingMs);
  return { fromMs: fromMs - slack, toMs: toMs + slack };
}

function boundsOf(filter: DateFilter, longestMs: number): Bounds {
  switch (filter.prefix) {
    case 'eq':
      return { fromMs: filter.fromMs, toMs: filter.toMs };
    case 'ne':
      return { fromMs: -Infinity, toMs: Infinity };
    case 'gt':
      return { fromMs: filter.toMs - longestMs, toMs: Infinity };
    case 'ge':
      return { fromMs: Math.min(filter.fromMs, filter.toMs - longestMs), toMs: Infinity };
    case 'sa':
      return { fromMs: filter.toMs, toMs: Infinity };
    case 'lt':
    case 'eb':
      return { fromMs: -Infinity, toMs: filter.fromMs };
    case 'le':
      return { fromMs: -Infinity, toMs: filter.toMs };
  }
}
