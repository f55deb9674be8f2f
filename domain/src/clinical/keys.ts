import type { RecordClass } from '../access/vocabulary.ts';
import type { RecordKey } from '../record/keys.ts';
import type { IndexName } from './documents.ts';

const VERSION_DIGITS = 6;

/** A version in a key or a bookmark, so that the order of texts is that of numbers. */
export function versionAttribute(version: number): string {
  return String(version).padStart(VERSION_DIGITS, '0');
}

/** Keys of the clinical record, all in the providers' collection. Each has a random part, or one that is mixed with a secret. */
export const CLINICAL_KEYS: {
  /** Latest version of a record. */
  readonly record: (patientId: string, recordClass: RecordClass, recordId: string) => RecordKey;
  /** An earlier version. */
  readonly version: (
    patientId: string,
    recordClass: RecordClass,
    recordId: string,
    version: number,
  ) => RecordKey;
  readonly located: (recordId: string) => RecordKey;
  /** That there was such a record and it was erased; it names nobody. */
  readonly erased: (recordId: string) => RecordKey;
  /** Of a conditional create; the scope is the patient's id, or `registry` for patients themselves. */
  readonly unique: (scope: string, uniqueKey: string) => RecordKey;
  readonly index: (
    name: IndexName,
    valueHash: string,
    patientId: string,
    recordId: string,
  ) => RecordKey;
  /** Order that a laboratory has to answer. */
  readonly ordered: (mspId: string, patientId: string, orderId: string) => RecordKey;
  readonly authorGroup: (groupId: string) => RecordKey;
  readonly author: (subjectId: string, groupId: string) => RecordKey;
  readonly indexSecret: () => RecordKey;
  readonly erasure: (patientId: string) => RecordKey;
  /** What a patient says is wrong; the answer stands under a key of its own, so that the two share none. */
  readonly correction: (patientId: string, correctionId: string) => RecordKey;
  readonly correctionAnswer: (patientId: string, correctionId: string) => RecordKey;
} = {
  record: (patientId, recordClass, recordId) => ({
    objectType: 'record',
    attributes: [patientId, recordClass, recordId],
  }),
  version: (patientId, recordClass, recordId, version) => ({
    objectType: 'version',
    attributes: [patientId, recordClass, recordId, versionAttribute(version)],
  }),
  located: (recordId) => ({ objectType: 'located', attributes: [recordId] }),
  erased: (recordId) => ({ objectType: 'erased', attributes: [recordId] }),
  unique: (scope, uniqueKey) => ({ objectType: 'unique', attributes: [scope, uniqueKey] }),
  index: (name, valueHash, patientId, recordId) => ({
    objectType: 'index',
    attributes: [name, valueHash, patientId, recordId],
  }),
  ordered: (mspId, patientId, orderId) => ({
    objectType: 'ordered',
    attributes: [mspId, patientId, orderId],
  }),
  authorGroup: (groupId) => ({ objectType: 'author-group', attributes: [groupId] }),
  author: (subjectId, groupId) => ({ objectType: 'author', attributes: [subjectId, groupId] }),
  indexSecret: () => ({ objectType: 'index-secret', attributes: [] }),
  erasure: (patientId) => ({ objectType: 'erasure', attributes: [patientId] }),
  correction: (patientId, correctionId) => ({
    objectType: 'correction',
    attributes: [patientId, correctionId],
  }),
  correctionAnswer: (patientId, correctionId) => ({
    objectType: 'correction-answer',
    attributes: [patientId, correctionId],
  }),
};

/** Scope of the unique keys of patients themselves. */
export const REGISTRY_SCOPE = 'registry';
