import {
  checkedNpis,
  checkedQualifications,
  type DirectoryEntry,
  type DirectoryWrite,
  directoryFacts,
  isCurrent,
  matchesAll,
  searchTokens,
} from '@pulseledger/domain';
import type { PeopleDirectory } from '../record/people-directory.ts';

/** The directory in memory: by name of the practitioner and by practitioner, as far as the API's own part goes. */
export function memoryPeople(
  writes: readonly DirectoryWrite[],
  now: () => number,
): PeopleDirectory {
  const entries = writes.map((write) => entryOf(write, now()));
  const namesOf = (id: string | undefined): string[] =>
    entries
      .filter((entry) => entry.id === id)
      .flatMap((entry) => directoryFacts(entry.resource).names);
  return {
    read: (input) =>
      Promise.resolve({
        entries: input.entries.flatMap(
          ({ kind, id }) => entries.find((entry) => entry.kind === kind && entry.id === id) ?? [],
        ),
      }),
    search: ({ kind, name, practitionerId, current }) =>
      Promise.resolve({
        entries: entries.filter((entry) => {
          const facts = directoryFacts(entry.resource);
          const words = namesOf(facts.practitionerId).flatMap(searchTokens);
          return (
            entry.kind === kind &&
            (practitionerId === undefined || facts.practitionerId === practitionerId) &&
            (current !== true || isCurrent(facts.period, now())) &&
            (name === undefined || matchesAll(words, searchTokens(name)))
          );
        }),
      }),
  };
}

function entryOf({ kind, id, resource }: DirectoryWrite, nowMs: number): DirectoryEntry {
  const facts = directoryFacts(resource);
  return {
    ...{ kind, id, resource, custodian: 'HospitalMSP', version: 1, updatedAtMs: nowMs },
    updatedBy: { mspId: 'HospitalMSP', role: 'administrator' },
    npis: checkedNpis(facts),
    qualifications: checkedQualifications(facts, [], nowMs),
    disputes: [],
  };
}
