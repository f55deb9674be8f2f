import { MSP_IDS, ORGANIZATIONS } from '@pulseledger/domain';
import { TEXT } from '../text/en.ts';

const SHORT_ID = 8;

/** An organization by its MSP id, in words. */
export function organizationName(mspId: string): string {
  const known = ORGANIZATIONS.find((name) => MSP_IDS[name] === mspId);
  return known === undefined ? mspId : TEXT.organizations[known];
}

/** A day as people of this locale write it. */
export function dayText(atMs: number): string {
  return new Intl.DateTimeFormat(navigator.language, { dateStyle: 'medium' }).format(atMs);
}

/** A moment as people of this locale write it. */
export function momentText(atMs: number): string {
  const format = new Intl.DateTimeFormat(navigator.language, {
    dateStyle: 'medium',
    timeStyle: 'short',
  });
  return format.format(atMs);
}

/** Enough of an id to tell it from others on a page. */
export function shortId(id: string): string {
  return id.slice(0, SHORT_ID);
}

/** The end of a day that a date field names, Unix milliseconds; null for none. */
export function endOfDay(date: string | undefined): number | null {
  const atMs = Date.parse(`${date ?? ''}T23:59:59`);
  return Number.isNaN(atMs) ? null : atMs;
}
