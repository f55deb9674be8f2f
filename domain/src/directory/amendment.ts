import { canonicalJson } from '../canonical-json.ts';
import type { FhirResource } from '../clinical/resource.ts';
import type { DirectoryKind } from './resource.ts';

/** Members of a role that make it a step of a career; another place or office is another role. */
const CAREER_MEMBERS = ['practitioner', 'organization', 'code', 'specialty'] as const;
/** What a doctor may change of the own entries. */
const OWN_MEMBERS: Readonly<Record<DirectoryKind, readonly string[]>> = {
  Practitioner: ['telecom', 'address', 'communication', 'photo'],
  PractitionerRole: ['telecom', 'availableTime', 'notAvailable', 'availabilityExceptions'],
  Organization: [],
  Location: [],
};

function same(one: unknown, other: unknown): boolean {
  return canonicalJson(one ?? null) === canonicalJson(other ?? null);
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}

/** A period as it was, but that an open one may get an end. */
function isSamePeriodOrEnded(before: unknown, after: unknown): boolean {
  const { end: oldEnd, ...old } = objectOf(before);
  const { end: newEnd, ...now } = objectOf(after);
  return same(old, now) && (oldEnd === undefined || same(oldEnd, newEnd));
}

function isEnded(resource: FhirResource): boolean {
  return objectOf(resource['period'])['end'] !== undefined;
}

function keepsCareer(before: FhirResource, after: FhirResource): boolean {
  if (isEnded(before)) return same(before, after);
  return (
    CAREER_MEMBERS.every((member) => same(before[member], after[member])) &&
    isSamePeriodOrEnded(before['period'], after['period'])
  );
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Every qualification is still there; one without an end may have got one. */
function keepsQualifications(before: FhirResource, after: FhirResource): boolean {
  const left = [...listOf(after['qualification'])];
  return listOf(before['qualification']).every((old) => {
    const { period: oldPeriod, ...oldRest } = objectOf(old);
    const index = left.findIndex((one) => {
      const { period, ...rest } = objectOf(one);
      return same(oldRest, rest) && isSamePeriodOrEnded(oldPeriod, period);
    });
    if (index < 0) return false;
    left.splice(index, 1);
    return true;
  });
}

/**
 * Does a new version keep the career that the former told? Roles and qualifications get an end, and what follows is a new
 * entry; nothing of them is overwritten.
 */
export function keepsHistory(
  kind: DirectoryKind,
  before: FhirResource,
  after: FhirResource,
): boolean {
  switch (kind) {
    case 'PractitionerRole':
      return keepsCareer(before, after);
    case 'Practitioner':
      return keepsQualifications(before, after);
    case 'Organization':
    case 'Location':
      return true;
  }
}

/** Does a new version change nothing but what the doctor it is about may change? */
export function isOwnContactChange(
  kind: DirectoryKind,
  before: FhirResource,
  after: FhirResource,
): boolean {
  const own = OWN_MEMBERS[kind];
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].every((name) => own.includes(name) || same(before[name], after[name]));
}
