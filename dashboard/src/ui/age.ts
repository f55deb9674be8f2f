const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long ago something was, in the words of the locale. */
export function ageText(atMs: number, nowMs: number, locale: string): string {
  const format = new Intl.RelativeTimeFormat(locale, { numeric: 'always', style: 'short' });
  const age = Math.max(0, nowMs - atMs);
  if (age < MINUTE) return format.format(-Math.floor(age / SECOND), 'second');
  if (age < HOUR) return format.format(-Math.floor(age / MINUTE), 'minute');
  if (age < 2 * DAY) return format.format(-Math.floor(age / HOUR), 'hour');
  return format.format(-Math.floor(age / DAY), 'day');
}

/** How much a value of that age may be relied on as the present one. */
export type Freshness = 'fresh' | 'ageing' | 'old';

/** @param windowMs how far apart the device's messages are; two of them may be missing before a value counts as old */
export function freshness(atMs: number, nowMs: number, windowMs: number): Freshness {
  const age = nowMs - atMs;
  if (age <= 1.5 * windowMs) return 'fresh';
  return age <= 3 * windowMs ? 'ageing' : 'old';
}

/** Whole years since a FHIR date, which may be a year or a month only. */
export function yearsSince(date: string, nowMs: number): number | undefined {
  const [year = '', month = '01', day = '01'] = date.split('-');
  if (!/^\d{4}$/.test(year)) return undefined;
  const now = new Date(nowMs);
  const today = (now.getUTCMonth() + 1) * 100 + now.getUTCDate();
  const birthday = Number(month) * 100 + Number(day);
  return now.getUTCFullYear() - Number(year) - (today < birthday ? 1 : 0);
}
