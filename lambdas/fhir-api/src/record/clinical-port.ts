/**
 * The clinical record as one caller may use it. The ledger's client has this shape; each method is the contract
 * function of the same name and decides itself whether the caller may. All throw PulseError.
 */
import type {
  AttestQualificationInput,
  ChangeOutput,
  DirectoryWrite,
  FindByKeyInput,
  FindByKeyOutput,
  FindUniqueInput,
  HistoryInput,
  HistoryOutput,
  LocateInput,
  Place,
  Purpose,
  ReadRecordsInput,
  ReadRecordsOutput,
  ReadVersionInput,
  RecordView,
  WriteRecordsInput,
  WriteRecordsOutput,
} from '@pulseledger/domain';
import type { Charts } from '@pulseledger/ledger';
import type { FhirJson } from '../definitions/fhir-json.ts';
import type { DirectoryType } from '../definitions/served-types.ts';

/**
 * Opens charts and remembers which are open: looking at one is one entry in the patient's log, however many requests it
 * takes. The ledger's client has this shape.
 */
export type ChartsPort = Pick<Charts, 'permits' | 'reading'>;

/** The version of each record, and the time of the transaction where it is told. */
export type Written = WriteRecordsOutput & { readonly writtenAtMs?: number | undefined };

export interface ClinicalPort {
  writeRecords(input: WriteRecordsInput, purpose: Purpose): Promise<Written>;
  /** Gives a patient who was registered without FHIR the record of class `basics`. */
  writeFirstBasics(input: WriteRecordsInput): Promise<Written>;
  readRecords(input: ReadRecordsInput): Promise<ReadRecordsOutput>;
  readVersion(input: ReadVersionInput): Promise<RecordView>;
  recordHistory(input: HistoryInput): Promise<HistoryOutput>;
  locateRecord(input: LocateInput): Promise<Place>;
  findByKey(input: FindByKeyInput): Promise<FindByKeyOutput>;
  findUnique(input: FindUniqueInput): Promise<Place>;
}

/** One entry of the directory as it is stored now. */
export interface DirectoryEntry {
  readonly type: DirectoryType;
  readonly id: string;
  readonly version: number;
  readonly lastUpdatedMs: number;
  readonly resource: FhirJson;
}

/** Who works where: public, for anybody. What nobody may know is who asked. */
export interface DirectoryPort {
  /** All entries of a type that may fit the hints. */
  list(type: DirectoryType, hints: DirectoryHints): Promise<readonly DirectoryEntry[]>;
  /** @throws PulseError `not_found` */
  read(type: DirectoryType, id: string): Promise<DirectoryEntry>;
  /** Those of these that there are. */
  readAll(type: DirectoryType, ids: readonly string[]): Promise<readonly DirectoryEntry[]>;
  /** Newest first. @throws PulseError `not_found` */
  history(type: DirectoryType, id: string): Promise<readonly DirectoryEntry[]>;
}

/** What narrows a search by an index; what remains is filtered. */
export interface DirectoryHints {
  readonly name?: string;
  readonly identifier?: string;
  readonly specialty?: string;
}

/** Adds entries, or new versions of them: an organization's administrators. */
export interface DirectoryWriter {
  /** @returns the version of each @throws PulseError */
  write(writes: readonly DirectoryWrite[]): Promise<readonly number[]>;
  /** In the name of the own organization. @throws PulseError `not_found` for no such entry or qualification */
  attestQualification(input: AttestQualificationInput): Promise<ChangeOutput>;
}
