import {
  type AttestedCopy,
  type AttestedShare,
  aliasOf,
  CLINICAL_KEYS,
  CONSENT_KEYS,
  type ConsentTerms,
  type CopiedRecord,
  canonicalJson,
  coversRecord,
  EXTRACT_COLLECTION,
  hexFromBytes,
  narrowedScope,
  PatientDocument,
  PulseError,
  RECORD_CLASSES,
  RECORD_KEYS,
  type RecordClass,
  RecordDocument,
  SharedDocument,
  type SharedPlace,
  sharedDocument,
} from '@pulseledger/domain';
import { sha256 } from '../crypto.ts';
import { ledgerKey, parseDocument, readDocument, writeDocument } from '../store/documents.ts';
import { entries, rangeAfter, rangeEnd, rangeStart } from '../store/range.ts';
import type { Call } from '../transaction/invoke.ts';
import type { LedgerStub } from '../transaction/ledger-context.ts';
import { consentFactsOf, isShareLive, readShare } from './facts.ts';

/** SHA-256 of a copy's canonical JSON, as claims name it. */
export function digestOfCopy(copy: SharedDocument): string {
  return hexFromBytes(sha256(Buffer.from(canonicalJson(copy))));
}

/** Where to go on among the records that a share covers. */
export interface CopyPosition {
  readonly recordClass: RecordClass;
  readonly recordId: string;
}

/** A record and its copy for a share. */
export interface CoveredRecord extends CopyPosition {
  readonly copy: SharedDocument;
}

/** Whose records a share covers, and which. */
export interface Covered extends AttestedShare {
  readonly patientId: string;
}

/** What terms towards an insurer cover, narrowed by what the patient denies. Only for evaluated functions. */
export async function coveredBy(
  stub: LedgerStub,
  terms: ConsentTerms,
  atMs: number,
): Promise<Covered | undefined> {
  const { patientId, share, grantee, fromMs, untilMs } = terms;
  if (share === null) return undefined;
  const consents = await consentFactsOf(stub, patientId);
  const scope = narrowedScope(terms, consents, { mspId: grantee.mspId, atMs });
  return { patientId, ...share, ...scope, fromMs, untilMs };
}

/** Patients who were registered without a record of class `basics` have their name in this form. */
async function basicsAsRecord(
  stub: LedgerStub,
  patientId: string,
): Promise<CopiedRecord | undefined> {
  const patient = await readDocument(stub, RECORD_KEYS.patient(patientId), PatientDocument);
  if (patient === undefined) return undefined;
  const { family, given, birthDate, gender } = patient.basics;
  const name = [{ family, given }];
  const resource = { resourceType: 'Patient', id: patientId, name, birthDate, gender };
  return { recordClass: 'basics', recordId: patientId, version: 1, resource, mspId: '' };
}

async function* recordsOfClass(
  stub: LedgerStub,
  { patientId, classes, labels }: Covered,
  recordClass: RecordClass,
  after: string | undefined,
): AsyncGenerator<CopiedRecord> {
  const prefix = { objectType: 'record', attributes: [patientId, recordClass] };
  const start =
    after === undefined
      ? rangeStart(prefix)
      : rangeAfter(CLINICAL_KEYS.record(patientId, recordClass, after));
  let isEmpty = after === undefined;
  for await (const { value } of entries(stub, start, rangeEnd(prefix))) {
    const record = parseDocument(value, RecordDocument);
    isEmpty = false;
    const isCovered = coversRecord({ classes, labels }, recordClass, record.labels);
    if (record.resource !== null && isCovered) yield { ...record, resource: record.resource };
  }
  if (recordClass !== 'basics' || !isEmpty) return;
  const basics = await basicsAsRecord(stub, patientId);
  if (basics !== undefined) yield basics;
}

/**
 * Everything that a share covers now, as copies, in the order of class and record id. Only for
 * evaluated functions: a transaction that read these records would tell which of the transactions
 * before it are about this patient.
 */
export async function* coveredRecords(
  stub: LedgerStub,
  share: Covered,
  from?: CopyPosition,
): AsyncGenerator<CoveredRecord> {
  const covered = RECORD_CLASSES.filter((one) => coversRecord(share, one, []));
  for (const recordClass of covered.sort()) {
    if (from !== undefined && recordClass < from.recordClass) continue;
    const after = recordClass === from?.recordClass ? from.recordId : undefined;
    for await (const record of recordsOfClass(stub, share, recordClass, after)) {
      const copy = sharedDocument(share, record, sha256);
      yield { recordClass, recordId: record.recordId, copy };
    }
  }
}

/** The copies of a share, by `class.alias`. Only for evaluated functions. */
export async function* copiesIn(stub: LedgerStub, shareId: string): AsyncGenerator<SharedDocument> {
  const prefix = { objectType: 'shared', attributes: [shareId] };
  const range = entries(stub, rangeStart(prefix), rangeEnd(prefix), EXTRACT_COLLECTION);
  for await (const { value } of range) yield parseDocument(value, SharedDocument);
}

/**
 * Write copies that both organizations attested.
 *
 * @throws PulseError `access_denied` for a copy that none attested.
 */
export async function writeCopies(
  stub: LedgerStub,
  shareId: string,
  copies: readonly SharedDocument[],
  attested: readonly AttestedCopy[],
): Promise<void> {
  for (const copy of copies) {
    const digestHex = digestOfCopy(copy);
    const { recordClass, alias } = copy;
    const isAttested = attested.some(
      (one) =>
        one.recordClass === recordClass && one.alias === alias && one.digestHex === digestHex,
    );
    if (!isAttested || copy.shareId !== shareId) {
      throw new PulseError('access_denied', 'A copy is not what the organizations attested.');
    }
    const key = CONSENT_KEYS.shared(shareId, recordClass, alias);
    await writeDocument(stub, key, copy, EXTRACT_COLLECTION);
  }
}

/** Purge copies of a share: at once and with their history, at every member. */
export async function purgeCopies(
  stub: LedgerStub,
  shareId: string,
  places: readonly SharedPlace[],
): Promise<void> {
  for (const { recordClass, alias } of places) {
    const key = ledgerKey(stub, CONSENT_KEYS.shared(shareId, recordClass, alias));
    await stub.purgePrivateData(EXTRACT_COLLECTION, key);
  }
}

/** A write of the record, before and after. */
export interface RecordChange {
  readonly before: RecordDocument | undefined;
  readonly after: RecordDocument;
}

function isCopied(share: AttestedShare, record: RecordDocument | undefined): boolean {
  if (record === undefined || record.resource === null) return false;
  return coversRecord(share, record.recordClass, record.labels);
}

/**
 * Let the copies of a record follow its write. The share's own document is read, so that a revoke that
 * is ordered first makes this transaction fail; and only when something is copied, because reading it
 * tells the insurer that the transaction is about this share's patient.
 *
 * @throws PulseError `attestation_stale` when the share has ended since it was attested.
 */
export async function copyToExtract(
  { stub, nowMs }: Pick<Call<unknown>, 'stub' | 'nowMs'>,
  shares: readonly AttestedShare[],
  { before, after }: RecordChange,
): Promise<void> {
  for (const share of shares) {
    const [was, is] = [isCopied(share, before), isCopied(share, after)];
    if (!was && !is) continue;
    const { shareId } = share;
    const document = await readShare(stub, shareId);
    if (document === undefined || !isShareLive(document, nowMs)) {
      throw new PulseError('attestation_stale', 'A consent has ended meanwhile.');
    }
    const { resource } = after;
    if (is && resource !== null) {
      const copy = sharedDocument(share, { ...after, resource }, sha256);
      const key = CONSENT_KEYS.shared(shareId, copy.recordClass, copy.alias);
      await writeDocument(stub, key, copy, EXTRACT_COLLECTION);
    } else {
      const { recordClass, recordId } = after;
      const alias = aliasOf(share.aliasSaltHex, recordId, sha256);
      await purgeCopies(stub, shareId, [{ recordClass, alias }]);
    }
  }
}
