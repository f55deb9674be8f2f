/** The directory as people look through it: who works where, with what has been checked. Read with the API's own identity. */
import {
  ReadDirectoryInput,
  ReadDirectoryOutput,
  SearchDirectoryInput,
  SearchDirectoryOutput,
} from '@pulseledger/domain';
import type { LedgerCalls } from '@pulseledger/ledger';

/** Public, for anybody; nobody learns who asked about whom. Both throw PulseError. */
export interface PeopleDirectory {
  search(input: SearchDirectoryInput): Promise<SearchDirectoryOutput>;
  /** Those of these that there are. */
  read(input: ReadDirectoryInput): Promise<ReadDirectoryOutput>;
}

export function ledgerPeople(calls: () => LedgerCalls): PeopleDirectory {
  return {
    search: (input) =>
      calls().read('directory:Search', SearchDirectoryInput, input, SearchDirectoryOutput),
    read: (input) => calls().read('directory:Read', ReadDirectoryInput, input, ReadDirectoryOutput),
  };
}
