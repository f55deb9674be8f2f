import { z } from 'zod';
import { LabelList, RecordClassSchema } from '../access/attestation.ts';
import type { RecordClass } from '../access/vocabulary.ts';
import { DigestHex, Identifier, MomentMs, SaltHex } from '../identifiers.ts';
import { ROLES, type Role } from '../record/roles.ts';
import { FhirResource } from './resource.ts';

/** Most attachments of one record. */
export const MAX_ATTACHMENTS = 20;
/** Largest attachment, plain. */
export const MAX_ATTACHMENT_BYTES: number = 5 * 1024 * 1024;
/** Most index entries of one record. */
export const MAX_INDEX_KEYS = 20;

/**
 * Bytes of a document, encrypted off the ledger. The key stands in the private record only: to purge
 * the record is to make every copy of the bytes unreadable.
 */
export interface Attachment {
  /** Name in the object store, random. */
  readonly objectId: string;
  /** SHA-256 of the encrypted bytes. */
  readonly digestHex: string;
  /** AES-256-GCM key. */
  readonly keyHex: string;
  /** Length of the plain bytes. */
  readonly sizeBytes: number;
  readonly contentType: string;
}
export const Attachment: z.ZodType<Attachment> = z.strictObject({
  objectId: Identifier,
  digestHex: DigestHex,
  keyHex: DigestHex,
  sizeBytes: z.int().min(0).max(MAX_ATTACHMENT_BYTES),
  contentType: z.string().min(1).max(200),
});

/** Indexes by which records are found without knowing the patient; nothing else is searched across patients. */
export const INDEX_NAMES = [
  'patient-identifier',
  'patient-name-birthdate',
  'record-identifier',
] as const;
export type IndexName = (typeof INDEX_NAMES)[number];
export const IndexNameSchema: z.ZodType<IndexName> = z.enum(INDEX_NAMES);

/** One entry of an index; the hash is that of `indexValueHash`. */
export interface IndexKey {
  readonly name: IndexName;
  readonly valueHash: string;
}
export const IndexKey: z.ZodType<IndexKey> = z.strictObject({
  name: IndexNameSchema,
  valueHash: DigestHex,
});

/** Why a test is ordered again although there is an equivalent recent result. */
export const REPEAT_REASONS = [
  'clinical-change',
  'result-in-doubt',
  'follow-up',
  'protocol',
  'other',
] as const;
export type RepeatReason = (typeof REPEAT_REASONS)[number];

/** The reason, and the results that were shown, by record id. */
export interface Repeat {
  readonly reason: RepeatReason;
  readonly text: string;
  readonly shown: readonly string[];
}
export const Repeat: z.ZodType<Repeat> = z.strictObject({
  reason: z.enum(REPEAT_REASONS),
  text: z.string().min(3).max(500),
  shown: z.array(Identifier).max(50),
});

/** To which laboratory an order goes. */
export interface OrderFor {
  /** MSP of the laboratory's organization. */
  readonly mspId: string;
  /** The laboratory may answer until then. */
  readonly untilMs: number;
}
export const OrderFor: z.ZodType<OrderFor> = z.strictObject({
  mspId: z.string().min(1).max(64),
  untilMs: MomentMs,
});

/** One version of a record, as stored: the resource as given, and beside it who wrote it when. */
export interface RecordDocument {
  readonly patientId: string;
  readonly recordClass: RecordClass;
  readonly recordId: string;
  /** 1, 2, 3 … */
  readonly version: number;
  /** Null for a deleted record. */
  readonly resource: FhirResource | null;
  readonly labels: readonly string[];
  readonly authorId: string;
  readonly authorRole: Role;
  readonly mspId: string;
  readonly writtenAtMs: number;
  readonly uniqueKey: string | null;
  readonly indexKeys: readonly IndexKey[];
  readonly attachments: readonly Attachment[];
  /** Of a laboratory's result: the order that it answers. */
  readonly orderId: string | null;
  /** Of an order: its laboratory. */
  readonly orderFor: OrderFor | null;
  readonly repeat: Repeat | null;
  readonly saltHex: string;
}
export const RecordDocument: z.ZodType<RecordDocument> = z.object({
  patientId: Identifier,
  recordClass: RecordClassSchema,
  recordId: Identifier,
  version: z.int().min(1),
  resource: FhirResource.nullable(),
  labels: LabelList,
  authorId: Identifier,
  authorRole: z.enum(ROLES),
  mspId: z.string(),
  writtenAtMs: MomentMs,
  uniqueKey: DigestHex.nullable(),
  indexKeys: z.array(IndexKey),
  attachments: z.array(Attachment),
  orderId: Identifier.nullable(),
  orderFor: OrderFor.nullable(),
  repeat: Repeat.nullable(),
  saltHex: SaltHex,
});

/** Where a record is: the value of an index entry, of a unique key and of `located`. */
export interface LocatedDocument {
  readonly patientId: string;
  readonly recordClass: RecordClass;
  readonly recordId: string;
  readonly saltHex: string;
}
export const LocatedDocument: z.ZodType<LocatedDocument> = z.object({
  patientId: Identifier,
  recordClass: RecordClassSchema,
  recordId: Identifier,
  saltHex: SaltHex,
});

/** What is left of a record that was erased: neither whose it was nor what. */
export interface ErasedDocument {
  readonly saltHex: string;
}
export const ErasedDocument: z.ZodType<ErasedDocument> = z.strictObject({ saltHex: SaltHex });

/** An order that a laboratory has to answer, as stored by the laboratory's organization. */
export interface OrderedDocument {
  readonly patientId: string;
  readonly orderId: string;
  readonly mspId: string;
  readonly fromMs: number;
  /** Half-open; the order is closed or ended by then. */
  readonly untilMs: number | null;
  readonly saltHex: string;
}
export const OrderedDocument: z.ZodType<OrderedDocument> = z.object({
  patientId: Identifier,
  orderId: Identifier,
  mspId: z.string(),
  fromMs: MomentMs,
  untilMs: MomentMs.nullable(),
  saltHex: SaltHex,
});

/** Random bytes of the providers, mixed into keys that somebody outside could guess otherwise. */
export interface IndexSecretDocument {
  readonly secretHex: string;
  readonly saltHex: string;
}
export const IndexSecretDocument: z.ZodType<IndexSecretDocument> = z.object({
  secretHex: DigestHex,
  saltHex: SaltHex,
});
