/** Times in a resource as intervals, by their precision: https://hl7.org/fhir/R4/search.html#date */
import { isObject } from '../definitions/fhir-json.ts';
import { type DateFilter, type EffectiveTime, parseDateFilter } from './date-search.ts';

const MINUTE_MS = 60_000;

/** Of a date, dateTime, instant, Period or Timing; nothing for what is none. */
export function periodsOf(value: unknown): EffectiveTime[] {
  if (typeof value === 'string') return [momentOf(value)].filter((time) => time !== undefined);
  if (!isObject(value)) return [];
  const { event, repeat, start, end } = value;
  if (Array.isArray(event)) return event.flatMap(periodsOf);
  if (isObject(repeat)) return periodsOf(repeat['boundsPeriod']);
  return periodBetween(momentIn(start), momentIn(end));
}

function momentIn(value: unknown): EffectiveTime | undefined {
  return typeof value === 'string' ? momentOf(value) : undefined;
}

/** Open at the side that is not given. */
function periodBetween(
  from: EffectiveTime | undefined,
  to: EffectiveTime | undefined,
): EffectiveTime[] {
  const known = from ?? to;
  if (known === undefined) return [];
  return [
    {
      startMs: from?.startMs ?? -Infinity,
      endMs: to?.endMs ?? Infinity,
      zoneOffsetMinutes: known.zoneOffsetMinutes,
    },
  ];
}

function momentOf(text: string): EffectiveTime | undefined {
  const parsed = parsedDate(text);
  if (parsed === undefined) return undefined;
  const { fromMs, toMs } = parsed;
  return { startMs: fromMs, endMs: toMs, zoneOffsetMinutes: zoneOf(text) };
}

function parsedDate(text: string): DateFilter | undefined {
  try {
    return /^\d/.test(text) ? parseDateFilter(text) : undefined;
  } catch {
    return undefined;
  }
}

/** Minutes east of UTC; a date without a zone is its own wall clock. */
function zoneOf(text: string): number {
  const [, sign, hours, minutes] = /T.*([+-])(\d\d):(\d\d)$/.exec(text) ?? [];
  if (sign === undefined) return 0;
  const total = Number(hours) * 60 + Number(minutes);
  return sign === '-' ? -total : total;
}

/** Where something begins on the world's clock, for sorting; undefined without a time. */
export function startOf(value: unknown): number | undefined {
  const [first] = periodsOf(value);
  if (first === undefined) return undefined;
  return Number.isFinite(first.startMs) ? first.startMs : first.endMs - MINUTE_MS;
}
