import {
  codeValue,
  type DirectoryIndex,
  type DirectoryKind,
  directoryMoment,
  identifierValue,
  matchesAll,
  type SearchDirectoryInput,
  searchTokens,
} from '@pulseledger/domain';
import { sha256 } from '../crypto.ts';

/** How a search comes by its candidates: a part of one index, in the order of its keys. */
export interface Driver {
  /** Type of the entries in the index. */
  readonly source: DirectoryKind;
  readonly index: DirectoryIndex;
  /** What the index values must begin with, or be. */
  readonly value: string;
  readonly isPrefix: boolean;
  /** Index values before this one are passed over. */
  readonly from?: string;
  /** The candidates are the roles that refer to the entry; undefined = the entry itself. */
  readonly rolesBy?: 'practitioner' | 'location' | 'organization';
}

function whole(source: DirectoryKind, index: DirectoryIndex, value: string): Driver {
  return { source, index, value, isPrefix: false };
}

function beginning(source: DirectoryKind, index: DirectoryIndex, value: string): Driver {
  return { source, index, value, isPrefix: true };
}

/** The longest word narrows the search most. */
function longestWord(text: string): string | undefined {
  return searchTokens(text).sort((a, b) => b.length - a.length || (a < b ? -1 : 1))[0];
}

/** `system|value`, or a value of any system. */
function identifierDriver({ kind, identifier }: SearchDirectoryInput): Driver | undefined {
  if (identifier === undefined) return undefined;
  const at = identifier.indexOf('|');
  const [system, value] =
    at < 0 ? ['', identifier] : [identifier.slice(0, at), identifier.slice(at + 1)];
  return whole(kind, 'identifier', identifierValue(system, value, sha256));
}

function referenceDriver(input: SearchDirectoryInput): Driver | undefined {
  const { kind, practitionerId, locationId, organizationId } = input;
  if (kind === 'PractitionerRole') {
    if (practitionerId !== undefined) return whole(kind, 'practitioner', practitionerId);
    if (locationId !== undefined) return whole(kind, 'location', locationId);
  }
  const isHeld = kind === 'PractitionerRole' || kind === 'Location';
  return isHeld && organizationId !== undefined
    ? whole(kind, 'organization', organizationId)
    : undefined;
}

function nameDriver({ kind, name }: SearchDirectoryInput): Driver | undefined {
  const word = name === undefined ? undefined : longestWord(name);
  if (word === undefined) return undefined;
  return kind === 'PractitionerRole'
    ? { ...beginning('Practitioner', 'name', word), rolesBy: 'practitioner' }
    : beginning(kind, 'name', word);
}

function specialtyDriver({ kind, specialty }: SearchDirectoryInput): Driver | undefined {
  return kind === 'PractitionerRole' && specialty !== undefined
    ? whole(kind, 'specialty', codeValue(specialty))
    : undefined;
}

function placeDrivers({ kind, place }: SearchDirectoryInput): readonly Driver[] | undefined {
  const word = place === undefined ? undefined : longestWord(place);
  if (word === undefined) return undefined;
  if (kind === 'Location' || kind === 'Organization') return [beginning(kind, 'place', word)];
  if (kind === 'Practitioner') return undefined;
  return [
    { ...beginning('Location', 'place', word), rolesBy: 'location' },
    { ...beginning('Organization', 'place', word), rolesBy: 'organization' },
  ];
}

function languageDriver({ kind, language }: SearchDirectoryInput): Driver | undefined {
  if (language === undefined) return undefined;
  const driver = beginning('Practitioner', 'language', codeValue(language));
  if (kind === 'Practitioner') return driver;
  return kind === 'PractitionerRole' ? { ...driver, rolesBy: 'practitioner' } : undefined;
}

/** The drivers of a search, one after the other; of all that would do, those that narrow it most. */
export function driversOf(input: SearchDirectoryInput): readonly Driver[] {
  const { kind, updatedSinceMs } = input;
  const all = beginning(kind, 'updated', '');
  if (updatedSinceMs !== undefined) return [{ ...all, from: directoryMoment(updatedSinceMs) }];
  const one =
    identifierDriver(input) ??
    referenceDriver(input) ??
    nameDriver(input) ??
    specialtyDriver(input);
  if (one !== undefined) return [one];
  const driver = languageDriver(input) ?? all;
  return placeDrivers(input) ?? [driver];
}

/** Is this the first of an entry's own index values that the driver finds it by? Then it comes once. */
export function isFirstValue(driver: Driver, value: string, own: readonly string[]): boolean {
  if (!driver.isPrefix) return true;
  const found = own.filter((one) => matchesAll([one], [driver.value])).sort();
  return found[0] === value;
}
