import { z } from 'zod';
import { LabelList, RecordClassSchema } from '../access/attestation.ts';
import type { RecordClass } from '../access/vocabulary.ts';
import { DigestHex, Identifier, MomentMs, SaltHex } from '../identifiers.ts';
import {
  Attachment,
  IndexKey,
  MAX_ATTACHMENTS,
  MAX_INDEX_KEYS,
  OrderFor,
  Repeat,
} from './documents.ts';
import { FhirResource } from './resource.ts';

/** Most records written in one transaction. */
export const MAX_WRITES_PER_TRANSACTION = 250;
/** Longest input of one transaction, resources and all. */
export const MAX_WRITE_INPUT_BYTES: number = 512 * 1024;

/** One record to create (`ifVersion` null), amend or delete (`resource` null). */
export interface RecordWrite {
  readonly recordClass: RecordClass;
  /** Random, made by the writer; of class `basics` the patient's id. */
  readonly recordId: string;
  /** The version that the change is made to; null = there must be none. */
  readonly ifVersion: number | null;
  readonly resource: FhirResource | null;
  /** Sensitivity and confidentiality codes. */
  readonly labels: readonly string[];
  /** Of a conditional create: only one record of the patient has it (of class `basics`: of all). */
  readonly uniqueKey?: string | undefined;
  readonly indexKeys?: readonly IndexKey[] | undefined;
  readonly attachments?: readonly Attachment[] | undefined;
  /** Of a laboratory's result: the order that it answers. */
  readonly orderId?: string | undefined;
  /** Of an order. */
  readonly orderFor?: OrderFor | undefined;
  /** Of an order for which there was an equivalent recent result. */
  readonly repeat?: Repeat | undefined;
  readonly saltHex: string;
}
export const RecordWrite: z.ZodType<RecordWrite> = z.strictObject({
  recordClass: RecordClassSchema,
  recordId: Identifier,
  ifVersion: z.int().min(1).nullable(),
  resource: FhirResource.nullable(),
  labels: LabelList,
  uniqueKey: DigestHex.optional(),
  indexKeys: z.array(IndexKey).max(MAX_INDEX_KEYS).optional(),
  attachments: z.array(Attachment).max(MAX_ATTACHMENTS).optional(),
  orderId: Identifier.optional(),
  orderFor: OrderFor.optional(),
  repeat: Repeat.optional(),
  saltHex: SaltHex,
});

/** Input of `record:Write`: all writes or none. */
export interface WriteRecordsInput {
  readonly patientId: string;
  readonly writes: readonly RecordWrite[];
}
export const WriteRecordsInput: z.ZodType<WriteRecordsInput> = z.strictObject({
  patientId: Identifier,
  writes: z.array(RecordWrite).min(1).max(MAX_WRITES_PER_TRANSACTION),
});

/** Public answer of `record:Write`: the version of each record, in the order of the writes. */
export interface WriteRecordsOutput {
  readonly versions: readonly number[];
  /** Time of the transaction, which is public anyway. */
  readonly writtenAtMs: number;
}
export const WriteRecordsOutput: z.ZodType<WriteRecordsOutput> = z.object({
  versions: z.array(z.int().min(1)),
  writtenAtMs: MomentMs,
});

/** Input of `record:SetIndexSecret`, once, by an administrator. */
export interface SetIndexSecretInput {
  /** 32 random bytes. */
  readonly secretHex: string;
  readonly saltHex: string;
}
export const SetIndexSecretInput: z.ZodType<SetIndexSecretInput> = z.strictObject({
  secretHex: DigestHex,
  saltHex: SaltHex,
});
