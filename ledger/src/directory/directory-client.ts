import {
  AttestQualificationInput,
  type ChangeOutput,
  CloseDisputeInput,
  DirectoryHistoryInput,
  DirectoryHistoryOutput,
  OpenDisputeInput,
  ReadDirectoryInput,
  ReadDirectoryOutput,
  SearchDirectoryInput,
  SearchDirectoryOutput,
  WriteDirectoryInput,
  WriteDirectoryOutput,
} from '@pulseledger/domain';
import type { LedgerCalls } from '../ledger-calls.ts';

/**
 * The directory in business words. Every method throws PulseError only, as `RecordClient` does. Reading and searching are
 * evaluated: nothing is recorded, so the ledger does not know who asked about whom.
 */
export class DirectoryClient {
  readonly #calls: LedgerCalls;

  constructor(calls: LedgerCalls) {
    this.#calls = calls;
  }

  /**
   * `directory:Write`, by an administrator of the organization that answers for the entries, or a doctor for the own contact.
   *
   * @throws PulseError `conflict` for an id that is taken or a career that is overwritten, `precondition_failed` for another
   * version, `access_denied`, `not_found`.
   */
  write(input: WriteDirectoryInput): Promise<WriteDirectoryOutput> {
    return this.#calls.submit('directory:Write', WriteDirectoryInput, input, WriteDirectoryOutput);
  }

  /** `directory:Attest`, by any organization's administrator: a qualification was checked. */
  attestQualification(input: AttestQualificationInput): Promise<ChangeOutput> {
    return this.#calls.change('directory:Attest', AttestQualificationInput, input);
  }

  /** `directory:Dispute`, by an administrator of another organization than the one that answers for the entry. */
  openDispute(input: OpenDisputeInput): Promise<ChangeOutput> {
    return this.#calls.change('directory:Dispute', OpenDisputeInput, input);
  }

  /** `directory:CloseDispute`: who opened it withdraws, who answers for the entry settles. */
  closeDispute(input: CloseDisputeInput): Promise<ChangeOutput> {
    return this.#calls.change('directory:CloseDispute', CloseDisputeInput, input);
  }

  /** `directory:Read`: entries by their ids; those that do not exist are left out. */
  read(input: ReadDirectoryInput): Promise<ReadDirectoryOutput> {
    return this.#calls.read('directory:Read', ReadDirectoryInput, input, ReadDirectoryOutput);
  }

  /** `directory:History`: all versions of an entry, the latest first. */
  history(input: DirectoryHistoryInput): Promise<DirectoryHistoryOutput> {
    const name = 'directory:History';
    return this.#calls.read(name, DirectoryHistoryInput, input, DirectoryHistoryOutput);
  }

  /** `directory:Search`: a page, which may be short or empty and still have a bookmark for the next. */
  search(input: SearchDirectoryInput): Promise<SearchDirectoryOutput> {
    return this.#calls.read('directory:Search', SearchDirectoryInput, input, SearchDirectoryOutput);
  }
}
