import {
  type AttestedRecord,
  type AttestRequest,
  CLINICAL_KEYS,
  CorrectionAnswerDocument,
  CorrectionDocument,
  decide,
  RecordDocument,
} from '@pulseledger/domain';
import { type AccessFacts, questionFrom } from '../access/facts.ts';
import { parseDocument, readDocument } from '../store/documents.ts';
import { entries, rangeEnd, rangeStart } from '../store/range.ts';
import type { Call } from '../transaction/invoke.ts';
import type { LedgerStub } from '../transaction/ledger-context.ts';

/** A request with its answer, if there is one. */
export interface KnownCorrection {
  readonly asked: CorrectionDocument;
  readonly answer: CorrectionAnswerDocument | undefined;
}

/** All requests of a patient. Only for evaluated functions. */
export async function correctionsOf(
  stub: LedgerStub,
  patientId: string,
): Promise<KnownCorrection[]> {
  const prefix = { objectType: 'correction', attributes: [patientId] };
  const found: KnownCorrection[] = [];
  for await (const { value } of entries(stub, rangeStart(prefix), rangeEnd(prefix))) {
    const asked = parseDocument(value, CorrectionDocument);
    const key = CLINICAL_KEYS.correctionAnswer(patientId, asked.correctionId);
    found.push({ asked, answer: await readDocument(stub, key, CorrectionAnswerDocument) });
  }
  return found;
}

/**
 * The record that is asked about, for who may ask for its correction or amend it. What is hidden
 * from the caller by a label is told as if it were not there; a psychotherapy note is for nobody to
 * correct (45 CFR 164.526(a)(2)(iii)), and a deleted record has nothing to correct.
 * Only for evaluated functions.
 */
export async function attestCorrection(
  call: Call<AttestRequest>,
  facts: AccessFacts,
): Promise<AttestedRecord | null> {
  const { patientId, corrects, wants, purpose, atMs } = call.input.question;
  const want = wants.find(({ action }) => action === 'correct' || action === 'amend');
  if (patientId === undefined || corrects === undefined || want === undefined) return null;
  const { action, recordClass } = want;
  if (recordClass === 'psychotherapy-note') return null;
  const key = CLINICAL_KEYS.record(patientId, recordClass, corrects);
  const record = await readDocument(call.stub, key, RecordDocument);
  if (record === undefined || (action === 'correct' && record.resource === null)) return null;
  const { recordId, version, mspId, labels } = record;
  const asked = { action, recordClass, labels, purpose, atMs };
  if (decide(questionFrom(call, facts, asked)).outcome === 'deny') return null;
  const open = (await correctionsOf(call.stub, patientId))
    .filter((each) => each.answer === undefined && each.asked.recordId === recordId)
    .map((each) => ({
      correctionId: each.asked.correctionId,
      version: each.asked.version,
      mspId: each.asked.mspId,
    }));
  return { recordClass, recordId, version, mspId, open };
}
