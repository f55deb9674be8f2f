import {
  ACCESS_KEYS,
  AccessEntryDocument,
  AnswerCorrectionInput,
  type AttestedRecord,
  type ChangeOutput,
  CLINICAL_KEYS,
  type Claims,
  Correction,
  CorrectionAnswerDocument,
  CorrectionDocument,
  canonicalJson,
  MAX_OPEN_CORRECTIONS,
  PulseError,
  ReadCorrectionsInput,
  type ReadCorrectionsOutput,
  RecordDocument,
  RequestCorrectionInput,
} from '@pulseledger/domain';
import { requireAttestation } from '../access/attestation.ts';
import { recorderOf } from '../access/recorder.ts';
import { readDocument, writeDocument } from '../store/documents.ts';
import { CHANGED, UNCHANGED } from '../transaction/change.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import { inputOf } from '../transaction/transient.ts';
import { chartReader } from './chart-reader.ts';
import { correctionsOf, type KnownCorrection } from './correction-facts.ts';
import { requirePermitted } from './permission.ts';

type Named = Pick<RequestCorrectionInput, 'recordClass' | 'recordId'>;

/** The record as both providers attest it: the transaction itself reads no key of it. */
function attestedRecord({ corrects }: Claims, { recordClass, recordId }: Named): AttestedRecord {
  if (corrects?.recordClass === recordClass && corrects.recordId === recordId) return corrects;
  throw new PulseError('not_found', 'There is no such record.');
}

/** An entry of the patient's log. It ends as it begins, so that nothing is read with it. */
async function enter(
  { stub, caller, input }: Call<Named & { readonly patientId: string; readonly saltHex: string }>,
  { decisions, purpose, atMs }: Claims,
  permitId: string,
  correction: 'asked' | 'answered',
): Promise<void> {
  const { patientId, recordClass, saltHex } = input;
  const key = ACCESS_KEYS.access(patientId, permitId);
  if ((await readDocument(stub, key, AccessEntryDocument)) !== undefined) {
    throw new PulseError('conflict', 'There is another entry with this id.');
  }
  const classes = decisions
    .filter((each) => each.recordClass === recordClass && each.outcome === 'permit')
    .map(({ outcome, reason }) => ({ recordClass, outcome, reason }));
  const entry: AccessEntryDocument = {
    ...{ permitId, ...recorderOf(caller), purpose, classes, correction, saltHex },
    ...{ atMs, untilMs: atMs, emergency: null, committedLateAtMs: null },
  };
  await writeDocument(stub, key, entry);
}

/**
 * The patient says what is wrong in the latest version of a record. It reads and writes keys of its
 * own only, so that it shares none with the visit at which the record was written.
 */
async function requestCorrection(call: Call<RequestCorrectionInput>): Promise<ChangeOutput> {
  const { stub, caller, input, nowMs } = call;
  const { patientId, correctionId, recordClass, version } = input;
  const claims = await requireAttestation(call, { patientId });
  requirePermitted(claims, { action: 'correct', recordClass, labels: [] });
  const record = attestedRecord(claims, input);
  const key = CLINICAL_KEYS.correction(patientId, correctionId);
  const known = await readDocument(stub, key, CorrectionDocument);
  const { subjectId: askedBy } = recorderOf(caller);
  const asked: CorrectionDocument = { ...input, mspId: record.mspId, askedBy, askedAtMs: nowMs };
  if (known !== undefined) {
    const isSame = canonicalJson({ ...known, askedAtMs: nowMs }) === canonicalJson(asked);
    if (isSame) return UNCHANGED;
    throw new PulseError('conflict', 'There is another request with this id.');
  }
  if (version !== record.version) throw new PulseError('precondition_failed');
  if (record.open.length >= MAX_OPEN_CORRECTIONS) {
    throw new PulseError('too_costly', 'There are too many open requests about this record.');
  }
  await writeDocument(stub, key, asked);
  await enter(call, claims, correctionId, 'asked');
  return CHANGED;
}

/**
 * Somebody of the organization that wrote the version, who may amend the record, says that it is
 * corrected, and in which later version, or why it stays.
 */
async function answerCorrection(call: Call<AnswerCorrectionInput>): Promise<ChangeOutput> {
  const { stub, caller, input, nowMs } = call;
  const { patientId, correctionId, recordClass, correctedIn, refusal, entryId, saltHex } = input;
  const claims = await requireAttestation(call, { patientId });
  requirePermitted(claims, { action: 'amend', recordClass, labels: [] });
  const record = attestedRecord(claims, input);
  const asked = record.open.find((each) => each.correctionId === correctionId);
  if (asked === undefined) throw new PulseError('not_found', 'There is no such open request.');
  if (asked.mspId !== caller.mspId) {
    throw new PulseError('access_denied', 'The organization that wrote the record answers.');
  }
  const isLater =
    correctedIn === null || (asked.version < correctedIn && correctedIn <= record.version);
  if (!isLater) throw new PulseError('conflict', 'The record has no such later version.');
  const key = CLINICAL_KEYS.correctionAnswer(patientId, correctionId);
  // Its own key: of two answers at once, which both saw the request open, one is committed.
  if ((await readDocument(stub, key, CorrectionAnswerDocument)) !== undefined) {
    throw new PulseError('conflict', 'The request is answered already.');
  }
  const answeredBy = recorderOf(caller).subjectId;
  const answer: CorrectionAnswerDocument = {
    ...{ correctedIn, refusal, answeredBy, saltHex },
    atMs: nowMs,
  };
  await writeDocument(stub, key, answer);
  await enter(call, claims, entryId, 'answered');
  return CHANGED;
}

/** Without the salts. */
function shown({ asked, answer }: KnownCorrection): Correction {
  return Correction.parse({ ...asked, answer: answer ?? null });
}

/** Requests about records that the reader may see; an organization's people see those made to it. */
async function readCorrections(call: Call<ReadCorrectionsInput>): Promise<ReadCorrectionsOutput> {
  const { stub, caller, input } = call;
  const { patientId, permitId } = input;
  const reader = await chartReader(call, patientId, permitId);
  const isClinician = caller.role === 'doctor' || caller.role === 'nurse';
  const corrections: Correction[] = [];
  for (const known of await correctionsOf(stub, patientId)) {
    const { recordClass, recordId, mspId } = known.asked;
    if (isClinician && mspId !== caller.mspId) continue;
    const key = CLINICAL_KEYS.record(patientId, recordClass, recordId);
    const record = await readDocument(stub, key, RecordDocument);
    if (record !== undefined && reader.canRead(record)) corrections.push(shown(known));
  }
  return { corrections: corrections.sort((a, b) => b.askedAtMs - a.askedAtMs) };
}

export const REQUEST_CORRECTION: TransactionFunction<RequestCorrectionInput> = {
  name: 'record:RequestCorrection',
  input: inputOf(RequestCorrectionInput),
  run: requestCorrection,
};

export const ANSWER_CORRECTION: TransactionFunction<AnswerCorrectionInput> = {
  name: 'record:AnswerCorrection',
  input: inputOf(AnswerCorrectionInput),
  run: answerCorrection,
};

export const READ_CORRECTIONS: TransactionFunction<ReadCorrectionsInput> = {
  name: 'record:ReadCorrections',
  input: inputOf(ReadCorrectionsInput),
  run: readCorrections,
};
