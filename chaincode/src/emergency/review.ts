import {
  ACCESS_KEYS,
  type ChangeOutput,
  EmergencyNoticeDocument,
  type EmergencyReview,
  MAX_NOTICE_PAGE,
  type MedicReport,
  PulseError,
  REPEATED_FROM,
  type ReportOutput,
  ReviewInput,
  ReviewsInput,
  type ReviewsOutput,
} from '@pulseledger/domain';
import { recorderOf } from '../access/recorder.ts';
import { parseDocument, readDocument, writeDocument } from '../store/documents.ts';
import { entries, rangeEnd, rangeStart } from '../store/range.ts';
import { CHANGED } from '../transaction/change.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import { inputOf } from '../transaction/transient.ts';

/** The notices of the caller's organization in a period. */
async function noticesOf({
  stub,
  caller,
  input,
}: Call<ReviewsInput>): Promise<EmergencyNoticeDocument[]> {
  const { fromMs, toMs } = input;
  const prefix = { objectType: 'emergency-notice', attributes: [caller.mspId] };
  const notices: EmergencyNoticeDocument[] = [];
  for await (const { value } of entries(stub, rangeStart(prefix), rangeEnd(prefix))) {
    const notice = parseDocument(value, EmergencyNoticeDocument);
    if (fromMs <= notice.atMs && notice.atMs < toMs) notices.push(notice);
  }
  return notices;
}

function viewOf(notice: EmergencyNoticeDocument): EmergencyReview {
  const { permitId, medicId, atMs, emergency, committedLateAtMs, review } = notice;
  const verdict = review?.verdict ?? null;
  return { permitId, medicId, atMs, emergency, committedLateAtMs, verdict };
}

async function reviews(call: Call<ReviewsInput>): Promise<ReviewsOutput> {
  const all = (await noticesOf(call)).map(viewOf);
  const rank = ({ verdict }: EmergencyReview): number => (verdict === null ? 0 : 1);
  all.sort((a, b) => rank(a) - rank(b) || b.atMs - a.atMs || (a.permitId < b.permitId ? -1 : 1));
  return { reviews: all.slice(0, MAX_NOTICE_PAGE), isWhole: all.length <= MAX_NOTICE_PAGE };
}

/** A supervisor's verdict; nobody judges the own access. A later verdict replaces an earlier one. */
async function review(call: Call<ReviewInput>): Promise<ChangeOutput> {
  const { stub, caller, input, nowMs } = call;
  const key = ACCESS_KEYS.emergencyNotice(caller.mspId, input.permitId);
  const notice = await readDocument(stub, key, EmergencyNoticeDocument);
  if (notice === undefined) throw new PulseError('not_found', 'There is no such access.');
  const { subjectId: reviewerId } = recorderOf(caller);
  if (reviewerId === notice.medicId) {
    throw new PulseError('access_denied', 'Nobody reviews the own access.');
  }
  const { verdict, text, saltHex } = input;
  const reviewed = { ...notice, review: { verdict, text, reviewerId, atMs: nowMs }, saltHex };
  await writeDocument(stub, key, reviewed);
  return CHANGED;
}

function reportOn(medicId: string, notices: readonly EmergencyNoticeDocument[]): MedicReport {
  return {
    medicId,
    accesses: notices.length,
    unreviewed: notices.filter((notice) => notice.review === null).length,
    unjustified: notices.filter((notice) => notice.review?.verdict === 'unjustified').length,
    isRepeated: notices.length >= REPEATED_FROM,
  };
}

async function report(call: Call<ReviewsInput>): Promise<ReportOutput> {
  const byMedic = Map.groupBy(await noticesOf(call), ({ medicId }) => medicId);
  const medics = [...byMedic].map(([medicId, notices]) => reportOn(medicId, notices));
  medics.sort((a, b) => b.accesses - a.accesses || (a.medicId < b.medicId ? -1 : 1));
  return { medics };
}

export const REVIEWS: TransactionFunction<ReviewsInput> = {
  name: 'emergency:Reviews',
  input: inputOf(ReviewsInput),
  run: reviews,
};

export const REVIEW: TransactionFunction<ReviewInput> = {
  name: 'emergency:Review',
  input: inputOf(ReviewInput),
  run: review,
};

export const REPORT: TransactionFunction<ReviewsInput> = {
  name: 'emergency:Report',
  input: inputOf(ReviewsInput),
  run: report,
};
