import { z } from 'zod';
import { LabelList, RecordClassSchema } from '../access/attestation.ts';
import { RECORD_CLASSES, type RecordClass } from '../access/vocabulary.ts';
import { DigestHex, Identifier, MomentMs } from '../identifiers.ts';
import { ROLES, type Role } from '../record/roles.ts';
import { Attachment, type IndexName, IndexNameSchema, Repeat } from './documents.ts';
import { FhirResource } from './resource.ts';

/** Most records on a page; a page also ends at `MAX_PAGE_BYTES`. */
export const MAX_RECORDS_PER_PAGE = 1_000;
/** Most places that one search by an index key answers. */
export const MAX_FOUND = 50;

const Bookmark: z.ZodType<string> = z.string().regex(/^[a-z-]{1,20}\.[0-9a-f]{32}(\.\d{6})?$/);
const Version: z.ZodType<number> = z.int().min(1).max(999_999);

/** A record as its readers see it. */
export interface RecordView {
  readonly recordClass: RecordClass;
  readonly recordId: string;
  readonly version: number;
  readonly deleted: boolean;
  readonly resource: FhirResource | null;
  readonly labels: readonly string[];
  readonly authorId: string;
  readonly authorRole: Role;
  readonly mspId: string;
  readonly writtenAtMs: number;
  readonly attachments: readonly Attachment[];
  readonly orderId: string | null;
  readonly repeat: Repeat | null;
}
export const RecordView: z.ZodType<RecordView> = z.object({
  recordClass: RecordClassSchema,
  recordId: Identifier,
  version: Version,
  deleted: z.boolean(),
  resource: FhirResource.nullable(),
  labels: LabelList,
  authorId: Identifier,
  authorRole: z.enum(ROLES),
  mspId: z.string(),
  writtenAtMs: MomentMs,
  attachments: z.array(Attachment),
  orderId: Identifier.nullable(),
  repeat: Repeat.nullable(),
});

/** Input of `record:Read`: the patient's compartment page by page, or one record. */
export interface ReadRecordsInput {
  readonly patientId: string;
  readonly permitId: string;
  /** All classes of the permit when left out. */
  readonly recordClasses?: readonly RecordClass[] | undefined;
  /** One record, with one class; deleted ones too. */
  readonly recordId?: string | undefined;
  /** Of the compartment: every version, deleted ones too, of each record that was written then or later. */
  readonly history?: { readonly sinceMs: number } | undefined;
  readonly pageSize: number;
  readonly bookmark?: string | undefined;
}
export const ReadRecordsInput: z.ZodType<ReadRecordsInput> = z.strictObject({
  patientId: Identifier,
  permitId: Identifier,
  recordClasses: z.array(RecordClassSchema).min(1).max(RECORD_CLASSES.length).optional(),
  recordId: Identifier.optional(),
  history: z.strictObject({ sinceMs: MomentMs }).optional(),
  pageSize: z.int().min(1).max(MAX_RECORDS_PER_PAGE),
  bookmark: Bookmark.optional(),
});

/** Answer of `record:Read` and `record:History`; there may be more when there is a bookmark. */
export interface ReadRecordsOutput {
  readonly records: readonly RecordView[];
  readonly bookmark?: string | undefined;
}
export const ReadRecordsOutput: z.ZodType<ReadRecordsOutput> = z.object({
  records: z.array(RecordView),
  bookmark: Bookmark.optional(),
});

/** Input of `record:ReadVersion`. */
export interface ReadVersionInput {
  readonly patientId: string;
  readonly permitId: string;
  readonly recordClass: RecordClass;
  readonly recordId: string;
  readonly version: number;
}
export const ReadVersionInput: z.ZodType<ReadVersionInput> = z.strictObject({
  patientId: Identifier,
  permitId: Identifier,
  recordClass: RecordClassSchema,
  recordId: Identifier,
  version: Version,
});

/** Input of `record:History`: the versions of one record, newest first. */
export interface HistoryInput {
  readonly patientId: string;
  readonly permitId: string;
  readonly recordClass: RecordClass;
  readonly recordId: string;
  readonly pageSize: number;
  /** Only versions before this one. */
  readonly beforeVersion?: number | undefined;
}
export const HistoryInput: z.ZodType<HistoryInput> = z.strictObject({
  patientId: Identifier,
  permitId: Identifier,
  recordClass: RecordClassSchema,
  recordId: Identifier,
  pageSize: z.int().min(1).max(100),
  beforeVersion: Version.optional(),
});

/** Answer of `record:History`; older versions follow when `more`. */
export interface HistoryOutput {
  readonly versions: readonly RecordView[];
  readonly more: boolean;
}
export const HistoryOutput: z.ZodType<HistoryOutput> = z.object({
  versions: z.array(RecordView),
  more: z.boolean(),
});

/** Where a record is. */
export interface Place {
  readonly patientId: string;
  readonly recordClass: RecordClass;
  readonly recordId: string;
}
export const Place: z.ZodType<Place> = z.object({
  patientId: Identifier,
  recordClass: RecordClassSchema,
  recordId: Identifier,
});

/** Input of `record:Locate`. */
export interface LocateInput {
  readonly recordId: string;
}
export const LocateInput: z.ZodType<LocateInput> = z.strictObject({ recordId: Identifier });

/** Input of `record:FindByKey`: places whose record has this index entry, as far as the caller may read there. */
export interface FindByKeyInput {
  readonly indexName: IndexName;
  readonly valueHash: string;
}
export const FindByKeyInput: z.ZodType<FindByKeyInput> = z.strictObject({
  indexName: IndexNameSchema,
  valueHash: DigestHex,
});

/** Answer of `record:FindByKey`; `more` when there are too many to tell. */
export interface FindByKeyOutput {
  readonly places: readonly Place[];
  readonly more: boolean;
}
export const FindByKeyOutput: z.ZodType<FindByKeyOutput> = z.object({
  places: z.array(Place).max(MAX_FOUND),
  more: z.boolean(),
});

/** Input of `record:FindUnique`: who has this unique key; without a patient, of class `basics`. */
export interface FindUniqueInput {
  readonly patientId?: string | undefined;
  readonly uniqueKey: string;
}
export const FindUniqueInput: z.ZodType<FindUniqueInput> = z.strictObject({
  patientId: Identifier.optional(),
  uniqueKey: DigestHex,
});
