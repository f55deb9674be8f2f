import {
  type AttestQualificationInput,
  type ChangeOutput,
  checkedNpis,
  checkedQualifications,
  type DirectoryEntry,
  type DirectoryWrite,
  directoryFacts,
  isCurrent,
  MSP_IDS,
  matchesAll,
  PulseError,
  type QualificationAttestation,
  searchTokens,
} from '@pulseledger/domain';
import type { DirectoryWriter } from '../record/clinical-port.ts';
import type { PeopleDirectory } from '../record/people-directory.ts';
import type { Caller } from '../smart/token.ts';

export interface MemoryPeople extends PeopleDirectory {
  /** As the contract has it: administrators attest, of qualifications that there are. */
  writerFor(caller: Caller): Pick<DirectoryWriter, 'attestQualification'>;
}

/** The directory in memory: by name of the practitioner and by practitioner, as far as the API's own part goes. */
export function memoryPeople(writes: readonly DirectoryWrite[], now: () => number): MemoryPeople {
  const entries = writes.map((write) => entryOf(write, now()));
  const attestations = new Map<string, QualificationAttestation[]>();
  const withWords = (entry: DirectoryEntry): DirectoryEntry => {
    const words = attestations.get(entry.id) ?? [];
    const facts = directoryFacts(entry.resource);
    return { ...entry, qualifications: checkedQualifications(facts, words, now()) };
  };
  const attest = (mspId: string, input: AttestQualificationInput): ChangeOutput => {
    const { practitionerId, attestationId, qualification, outcome, source } = input;
    const entry = entries.find(({ id }) => id === practitionerId);
    const known = entry === undefined ? [] : withWords(entry).qualifications;
    if (!known.some((checked) => checked.qualification === qualification)) {
      throw new PulseError('not_found', 'The practitioner has no such qualification.');
    }
    const words = attestations.get(practitionerId) ?? [];
    const word = { attestationId, qualification, outcome, source, mspId, atMs: now() };
    attestations.set(practitionerId, [...words, word]);
    return { status: 'changed' };
  };
  const namesOf = (id: string | undefined): string[] =>
    entries
      .filter((entry) => entry.id === id)
      .flatMap((entry) => directoryFacts(entry.resource).names);
  return {
    read: (input) =>
      Promise.resolve({
        entries: input.entries
          .flatMap(
            ({ kind, id }) => entries.find((entry) => entry.kind === kind && entry.id === id) ?? [],
          )
          .map(withWords),
      }),
    writerFor: ({ role, organization }) => ({
      attestQualification: async (input) => {
        await Promise.resolve();
        if (role !== 'administrator') throw new PulseError('access_denied');
        return attest(MSP_IDS[organization], input);
      },
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
