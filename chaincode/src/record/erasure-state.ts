import {
  type AnswerErasureInput,
  CLINICAL_KEYS,
  type Erasure,
  ErasureDocument,
  MAX_ERASURES,
  PulseError,
} from '@pulseledger/domain';
import { readDocument, writeDocument } from '../store/documents.ts';
import type { LedgerStub } from '../transaction/ledger-context.ts';

/** Digest before the first key. */
export const NOTHING_PURGED: string = '0'.repeat(64);

/** A patient's requests; none yet when the document is not there. */
export function readErasures(
  stub: LedgerStub,
  patientId: string,
): Promise<ErasureDocument | undefined> {
  return readDocument(stub, CLINICAL_KEYS.erasure(patientId), ErasureDocument);
}

/**
 * The request of this id.
 *
 * @throws PulseError `not_found`.
 */
export function erasureOf(document: ErasureDocument | undefined, requestId: string): Erasure {
  const erasure = document?.erasures.find((each) => each.requestId === requestId);
  if (erasure === undefined) throw new PulseError('not_found', 'There is no such request.');
  return erasure;
}

/** Put a request in the place of the one with the same id, or after the others. */
export async function writeErasure(
  stub: LedgerStub,
  document: ErasureDocument,
  erasure: Erasure,
): Promise<void> {
  const { patientId } = document;
  const others = document.erasures.filter(({ requestId }) => requestId !== erasure.requestId);
  if (others.length >= MAX_ERASURES) {
    throw new PulseError('too_costly', 'There are too many requests for this patient.');
  }
  const changed: ErasureDocument = { ...document, erasures: [...others, erasure] };
  await writeDocument(stub, CLINICAL_KEYS.erasure(patientId), changed);
}

/** A request with one more answer: refused by one custodian is refused; granted is granted by all. */
export function answered(
  erasure: Erasure,
  { refusal, retainUntilMs }: AnswerErasureInput,
  by: { readonly mspId: string; readonly subjectId: string; readonly atMs: number },
  custodians: readonly string[],
): Erasure {
  if (erasure.state !== 'requested') {
    throw new PulseError('conflict', 'The request is decided already.');
  }
  if (erasure.answers.some(({ mspId }) => mspId === by.mspId)) {
    throw new PulseError('conflict', 'This organization has answered already.');
  }
  const answer = {
    mspId: by.mspId,
    answeredBy: by.subjectId,
    atMs: by.atMs,
    refusal,
    retainUntilMs,
  };
  const answers = [...erasure.answers, answer];
  if (refusal !== null) return { ...erasure, answers, state: 'refused' };
  const isGranted = custodians.every((one) => answers.some(({ mspId }) => mspId === one));
  return { ...erasure, answers, state: isGranted ? 'restricted' : 'requested' };
}

/**
 * Go on only when the request may be carried out now: readings at once, the clinical record when all
 * custodians granted it and the longer retention is over.
 *
 * @throws PulseError `conflict`.
 */
export function requireDue({ state, scope, answers }: Erasure, nowMs: number): void {
  if (state === 'destroying') return;
  const isDue =
    scope === 'wearable'
      ? state === 'requested'
      : state === 'restricted' && answers.every(({ retainUntilMs }) => retainUntilMs <= nowMs);
  if (!isDue) throw new PulseError('conflict', 'The record is to be kept still.');
}
