import { hexFromBytes } from '../bytes.ts';
import type { FhirResource } from '../clinical/resource.ts';
import type { Sha256 } from '../merkle.ts';
import { type DirectoryIndex, directoryMoment } from './keys.ts';
import { type DirectoryFacts, type DirectoryKind, directoryFacts } from './resource.ts';
import { searchTokens } from './search-text.ts';

/** One place of an entry in an index. */
export interface IndexEntry {
  readonly index: DirectoryIndex;
  readonly value: string;
}

const encoder = new TextEncoder();

/** An identifier in its index, where it is found whole only: with its system, and without. */
export function identifierValue(system: string, value: string, sha256: Sha256): string {
  return hexFromBytes(sha256(encoder.encode(`${system}|${value}`)));
}

/** A code in its index: of any system. */
export function codeValue(code: string): string {
  return encodeURIComponent(code.toLowerCase()).slice(0, 100);
}

/** Which indexes stand for which type; nothing else can be searched. */
export const DIRECTORY_SEARCHES: Readonly<Record<DirectoryKind, readonly DirectoryIndex[]>> = {
  Practitioner: ['identifier', 'name', 'language', 'updated'],
  PractitionerRole: [
    'identifier',
    'practitioner',
    'organization',
    'location',
    'specialty',
    'updated',
  ],
  Organization: ['identifier', 'name', 'place', 'updated'],
  Location: ['identifier', 'organization', 'name', 'place', 'updated'],
};

interface Indexed {
  readonly facts: DirectoryFacts;
  readonly updatedAtMs: number;
  readonly sha256: Sha256;
}

const VALUES: Readonly<Record<DirectoryIndex, (entry: Indexed) => readonly string[]>> = {
  identifier: ({ facts, sha256 }) =>
    facts.identifiers.flatMap(({ system, value }) => [
      identifierValue(system, value, sha256),
      identifierValue('', value, sha256),
    ]),
  practitioner: ({ facts: { practitionerId } }) =>
    practitionerId === undefined ? [] : [practitionerId],
  organization: ({ facts: { organizationId } }) =>
    organizationId === undefined ? [] : [organizationId],
  location: ({ facts }) => facts.locationIds,
  name: ({ facts }) => facts.names.flatMap(searchTokens),
  specialty: ({ facts }) => facts.specialties.map(codeValue),
  place: ({ facts }) => facts.places.flatMap(searchTokens),
  language: ({ facts }) => facts.languages.map(codeValue),
  updated: ({ updatedAtMs }) => [directoryMoment(updatedAtMs)],
};

/** Everything that an entry is found by, each once. */
export function indexEntries(
  kind: DirectoryKind,
  resource: FhirResource,
  updatedAtMs: number,
  sha256: Sha256,
): IndexEntry[] {
  const entry = { facts: directoryFacts(resource), updatedAtMs, sha256 };
  return DIRECTORY_SEARCHES[kind].flatMap((index) =>
    [...new Set(VALUES[index](entry))].map((value) => ({ index, value })),
  );
}
