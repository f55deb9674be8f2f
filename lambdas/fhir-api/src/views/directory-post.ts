/** Entries of the directory as people read them. */
import {
  type DirectoryEntry,
  type DirectoryFacts,
  type DirectoryPost,
  directoryFacts,
  isCurrent,
} from '@pulseledger/domain';
import { z } from 'zod';
import { FhirJson } from '../definitions/fhir-json.ts';
import { namesIn } from './person-name.ts';

/** What does not have FHIR's form is left out of what is shown. */
function listOf<T>(item: z.ZodType<T>): z.ZodType<readonly T[]> {
  return z
    .array(z.unknown())
    .catch([])
    .transform((all) => all.flatMap((one) => item.safeParse(one).data ?? []));
}

const Text = z.string().optional().catch(undefined);
const Concept = z.object({
  text: Text,
  coding: listOf(z.object({ code: Text, display: Text })),
});
const Shown = z.object({
  name: Text,
  code: listOf(Concept),
  specialty: listOf(Concept),
  telecom: listOf(z.object({ system: z.literal('phone'), value: z.string() })),
});
const Qualifications = z.object({
  qualification: listOf(z.object({ code: Concept })),
});

/** How somebody in the directory is called; empty for an entry without a name. */
export function personName({ resource }: DirectoryEntry): string {
  return namesIn(FhirJson.parse(resource))[0] ?? '';
}

export function phonesOf({ resource }: DirectoryEntry): string[] {
  return Shown.parse(resource).telecom.map(({ value }) => value);
}

/** The words for each qualification, in the order of the entry. */
export function qualificationTexts({ resource }: DirectoryEntry): string[] {
  return Qualifications.parse(resource).qualification.map(({ code }) => textOf(code));
}

/** Where a role is practised, by the entries that it names. */
export interface Surroundings {
  readonly organization: DirectoryEntry | undefined;
  readonly locations: readonly DirectoryEntry[];
}

/** A role as a step of a career. */
export function postOf(
  role: DirectoryEntry,
  { organization, locations }: Surroundings,
  nowMs: number,
): DirectoryPost {
  const facts = directoryFacts(role.resource);
  const { code, specialty, telecom } = Shown.parse(role.resource);
  const places = [organization, ...locations].flatMap((entry) => placesOf(entry));
  return {
    role: code.map(textOf).filter(Boolean).join(', '),
    specialties: specialty.map(textOf).filter(Boolean),
    organization: organization === undefined ? '' : (Shown.parse(organization.resource).name ?? ''),
    places: [...new Set(places)],
    start: facts.period.start ?? null,
    end: facts.period.end ?? null,
    isCurrent: isPresent(facts, nowMs),
    acceptsPatients: facts.acceptsPatients ?? null,
    phones: telecom.map(({ value }) => value),
  };
}

function isPresent({ isActive, period }: DirectoryFacts, nowMs: number): boolean {
  return isActive && isCurrent(period, nowMs);
}

/** The town, which comes first in an address, is what people look for. */
function placesOf(entry: DirectoryEntry | undefined): string[] {
  const [town] = entry === undefined ? [] : directoryFacts(entry.resource).places;
  return town === undefined ? [] : [town];
}

function textOf({ text, coding: [first] }: z.infer<typeof Concept>): string {
  return text ?? first?.display ?? first?.code ?? '';
}
