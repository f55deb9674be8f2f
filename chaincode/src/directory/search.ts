import {
  DIRECTORY_COLLECTION,
  DIRECTORY_KEYS,
  type DirectoryDocument,
  type DirectoryEntry,
  directoryFacts,
  indexEntries,
  matchesAll,
  PulseError,
  SearchDirectoryInput,
  type SearchDirectoryOutput,
  searchTokens,
  splitCompositeKey,
} from '@pulseledger/domain';
import { sha256 } from '../crypto.ts';
import { entries, rangeAfter, rangeEnd, rangeStart } from '../store/range.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import { inputOf } from '../transaction/transient.ts';
import { type Driver, driversOf, isFirstValue } from './drivers.ts';
import { EntryReader, isWanted, placesOfRole } from './filter.ts';
import { entryView } from './stored-entry.ts';

/** Index entries that one call looks at. */
const MAX_SCANNED = 500;
/** Roles of one practitioner, or at one place, that are looked at. */
const MAX_ROLES = 500;

/** A place in a driver's index. */
interface Place {
  readonly value: string;
  readonly id: string;
}

/** After the last index entry that was looked at: number of the driver, value, id. */
function bookmarkOf(driver: number, { value, id }: Place): string {
  return [String(driver), encodeURIComponent(value), id].join('/');
}

function placeAt(bookmark: string | undefined): { driver: number; after?: Place } {
  if (bookmark === undefined) return { driver: 0 };
  const parts = /^(\d)\/([^/]*)\/([0-9a-f]{32})$/.exec(bookmark);
  if (parts === null) throw new PulseError('invalid_input', 'The bookmark is not one of ours.');
  const [, driver = '', value = '', id = ''] = parts;
  try {
    return { driver: Number(driver), after: { value: decodeURIComponent(value), id } };
  } catch {
    throw new PulseError('invalid_input', 'The bookmark is not one of ours.');
  }
}

/** Sorts after every character of our index values. */
const AFTER_ALL = '\u{10ffff}';

function rangeOf({ source, index, value, isPrefix, from }: Driver): { start: string; end: string } {
  const objectType = 'directory-index';
  if (!isPrefix) {
    const exact = { objectType, attributes: [source, index, value] };
    return { start: rangeStart(exact), end: rangeEnd(exact) };
  }
  // Values of an index stand at the end of this text: their beginnings are beginnings of keys.
  const all = rangeStart({ objectType, attributes: [source, index] });
  return { start: all + (from ?? value), end: all + value + AFTER_ALL };
}

/** One search, from where its bookmark says until its page is full. */
class Search {
  readonly #call: Call<SearchDirectoryInput>;
  readonly #reader: EntryReader;
  readonly #found: DirectoryEntry[] = [];
  #scanned = 0;

  constructor(call: Call<SearchDirectoryInput>) {
    this.#call = call;
    this.#reader = new EntryReader(call.stub);
  }

  async run(): Promise<SearchDirectoryOutput> {
    const { input } = this.#call;
    const drivers = driversOf(input);
    const start = placeAt(input.bookmark);
    for (const [number, driver] of drivers.entries()) {
      if (number < start.driver) continue;
      const stop = await this.#drive(driver, number === start.driver ? start.after : undefined);
      if (stop !== undefined) return { entries: this.#found, bookmark: bookmarkOf(number, stop) };
    }
    return { entries: this.#found };
  }

  /** Goes through a driver's index; where it stopped, undefined at the end. */
  async #drive(driver: Driver, after: Place | undefined): Promise<Place | undefined> {
    const { start, end } = rangeOf(driver);
    const { source, index } = driver;
    const from =
      after === undefined
        ? start
        : rangeAfter(DIRECTORY_KEYS.index(source, index, after.value, after.id));
    for await (const { key } of entries(this.#call.stub, from, end, DIRECTORY_COLLECTION)) {
      const [, , value = '', id = ''] = splitCompositeKey(key)?.attributes ?? [];
      await this.#look(driver, { value, id });
      this.#scanned += 1;
      const isFull = this.#found.length >= this.#call.input.pageSize;
      if (isFull || this.#scanned >= MAX_SCANNED) return { value, id };
    }
    return undefined;
  }

  async #look(driver: Driver, { value, id }: Place): Promise<void> {
    const { input, nowMs } = this.#call;
    const source = await this.#reader.read(driver.source, id);
    if (source === undefined) return;
    const { kind, resource, updatedAtMs } = source;
    const own = indexEntries(kind, resource, updatedAtMs, sha256)
      .filter((one) => one.index === driver.index)
      .map((one) => one.value);
    if (!isFirstValue(driver, value, own)) return;
    for (const candidate of await this.#candidates(driver, source)) {
      if (await isWanted(this.#reader, candidate, input, nowMs)) {
        this.#found.push(await entryView(this.#call, candidate));
      }
    }
  }

  async #candidates(driver: Driver, source: DirectoryDocument): Promise<DirectoryDocument[]> {
    const { rolesBy } = driver;
    if (rolesBy === undefined) return [source];
    const prefix = {
      objectType: 'directory-index',
      attributes: ['PractitionerRole', rolesBy, source.id],
    };
    const range = entries(
      this.#call.stub,
      rangeStart(prefix),
      rangeEnd(prefix),
      DIRECTORY_COLLECTION,
    );
    const roles: DirectoryDocument[] = [];
    for await (const { key } of range) {
      const [, , , id = ''] = splitCompositeKey(key)?.attributes ?? [];
      const role = await this.#reader.read('PractitionerRole', id);
      if (role !== undefined && (await this.#isFirstPlace(driver, source, role))) roles.push(role);
      if (roles.length === MAX_ROLES) break;
    }
    return roles;
  }

  /** A role with several places that match comes once: by the first of them. */
  async #isFirstPlace(
    { index }: Driver,
    source: DirectoryDocument,
    role: DirectoryDocument,
  ): Promise<boolean> {
    const { place } = this.#call.input;
    if (index !== 'place' || place === undefined) return true;
    const asked = searchTokens(place);
    const places = await placesOfRole(this.#reader, directoryFacts(role.resource));
    const first = places.find(({ words }) => matchesAll(words, asked));
    return first?.name === `${source.kind}/${source.id}`;
  }
}

function search(call: Call<SearchDirectoryInput>): Promise<SearchDirectoryOutput> {
  return new Search(call).run();
}

export const SEARCH_DIRECTORY: TransactionFunction<SearchDirectoryInput> = {
  name: 'directory:Search',
  input: inputOf(SearchDirectoryInput),
  run: search,
};
