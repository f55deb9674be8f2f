import {
  type DirectoryDocument,
  type DirectoryFacts,
  type DirectoryKind,
  directoryFacts,
  isCurrent,
  matchesAll,
  type SearchDirectoryInput,
  searchTokens,
} from '@pulseledger/domain';
import type { LedgerStub } from '../transaction/ledger-context.ts';
import { readEntry } from './stored-entry.ts';

/** Reads entries once a call. */
export class EntryReader {
  readonly #stub: LedgerStub;
  readonly #known = new Map<string, DirectoryDocument | undefined>();

  constructor(stub: LedgerStub) {
    this.#stub = stub;
  }

  async read(kind: DirectoryKind, id: string): Promise<DirectoryDocument | undefined> {
    const name = `${kind}/${id}`;
    if (!this.#known.has(name)) this.#known.set(name, await readEntry(this.#stub, kind, id));
    return this.#known.get(name);
  }

  async facts(kind: DirectoryKind, id: string): Promise<DirectoryFacts | undefined> {
    const entry = await this.read(kind, id);
    return entry === undefined ? undefined : directoryFacts(entry.resource);
  }
}

/** Where a role is practised: entries with an address, in an order of their own. */
export async function placesOfRole(
  reader: EntryReader,
  facts: DirectoryFacts,
): Promise<{ readonly name: string; readonly words: readonly string[] }[]> {
  const { organizationId } = facts;
  const wanted: [DirectoryKind, string][] = facts.locationIds.map((id) => ['Location', id]);
  if (organizationId !== undefined) wanted.push(['Organization', organizationId]);
  const places: { name: string; words: readonly string[] }[] = [];
  for (const [kind, id] of wanted) {
    const found = await reader.facts(kind, id);
    const words = (found?.places ?? []).flatMap(searchTokens);
    places.push({ name: `${kind}/${id}`, words });
  }
  return places.sort((a, b) => (a.name < b.name ? -1 : 1));
}

type Test = (entry: {
  readonly own: DirectoryFacts;
  /** Of the practitioner, for roles; else the own ones. */
  readonly person: DirectoryFacts | undefined;
  readonly input: SearchDirectoryInput;
  readonly nowMs: number;
}) => boolean;

function isIn(all: readonly string[], wanted: string): boolean {
  return all.some((one) => one.toLowerCase() === wanted.toLowerCase());
}

/** BCP 47: a language and all of its regional forms. */
function speaks({ languages }: DirectoryFacts, wanted: string): boolean {
  const language = wanted.toLowerCase();
  return languages.some((one) => one === language || one.startsWith(`${language}-`));
}

function hasIdentifier({ identifiers }: DirectoryFacts, wanted: string): boolean {
  return identifiers.some(
    ({ system, value }) => wanted === value || wanted === `${system}|${value}`,
  );
}

/** Each says whether an entry has what one parameter asks for; a parameter that is not given holds. */
const TESTS: readonly Test[] = [
  ({ person, input: { name } }) =>
    name === undefined ||
    matchesAll((person?.names ?? []).flatMap(searchTokens), searchTokens(name)),
  ({ person, input: { language } }) =>
    language === undefined || (person !== undefined && speaks(person, language)),
  ({ person, input: { gender } }) => gender === undefined || person?.gender === gender,
  ({ own, input: { specialty } }) => specialty === undefined || isIn(own.specialties, specialty),
  ({ own, input: { acceptsPatients } }) =>
    acceptsPatients === undefined || own.acceptsPatients === acceptsPatients,
  ({ own, input: { identifier } }) => identifier === undefined || hasIdentifier(own, identifier),
  ({ own, input: { practitionerId } }) =>
    practitionerId === undefined || own.practitionerId === practitionerId,
  ({ own, input: { organizationId } }) =>
    organizationId === undefined || own.organizationId === organizationId,
  ({ own, input: { locationId } }) =>
    locationId === undefined || own.locationIds.includes(locationId),
  ({ own, input: { current }, nowMs }) =>
    current !== true || (own.isActive && isCurrent(own.period, nowMs)),
];

async function isAtPlace(
  reader: EntryReader,
  { kind }: DirectoryDocument,
  own: DirectoryFacts,
  place: string,
): Promise<boolean> {
  const asked = searchTokens(place);
  if (kind !== 'PractitionerRole') return matchesAll(own.places.flatMap(searchTokens), asked);
  const places = await placesOfRole(reader, own);
  return places.some(({ words }) => matchesAll(words, asked));
}

/** Does an entry have all that is asked for? */
export async function isWanted(
  reader: EntryReader,
  candidate: DirectoryDocument,
  input: SearchDirectoryInput,
  nowMs: number,
): Promise<boolean> {
  const { kind, resource, updatedAtMs } = candidate;
  if (updatedAtMs < (input.updatedSinceMs ?? 0)) return false;
  const own = directoryFacts(resource);
  const { practitionerId } = own;
  const person =
    kind === 'PractitionerRole' && practitionerId !== undefined
      ? await reader.facts('Practitioner', practitionerId)
      : own;
  if (!TESTS.every((test) => test({ own, person, input, nowMs }))) return false;
  return input.place === undefined || isAtPlace(reader, candidate, own, input.place);
}
