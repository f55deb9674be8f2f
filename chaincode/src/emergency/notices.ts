import {
  ACCESS_KEYS,
  type AccessEntryDocument,
  EmergencyNoticeDocument,
  type Verdict,
} from '@pulseledger/domain';
import { readDocument, writeDocument } from '../store/documents.ts';
import type { LedgerStub } from '../transaction/ledger-context.ts';

/** Tell the supervisor of the medic's organization of an emergency access, refused or not. */
export async function notifySupervisor(
  stub: LedgerStub,
  patientId: string,
  entry: AccessEntryDocument,
): Promise<void> {
  const { permitId, mspId, subjectId, atMs, emergency, committedLateAtMs, saltHex } = entry;
  if (emergency === null) return;
  const notice: EmergencyNoticeDocument = {
    ...{ permitId, patientId, mspId, atMs, emergency, committedLateAtMs, saltHex },
    medicId: subjectId,
    review: null,
  };
  await writeDocument(stub, ACCESS_KEYS.emergencyNotice(mspId, permitId), notice);
}

/** What the supervisor thought of an emergency access; null before the review. */
export async function verdictOn(
  stub: LedgerStub,
  { mspId, permitId }: Pick<AccessEntryDocument, 'mspId' | 'permitId'>,
): Promise<Verdict | null> {
  const key = ACCESS_KEYS.emergencyNotice(mspId, permitId);
  const notice = await readDocument(stub, key, EmergencyNoticeDocument);
  return notice?.review?.verdict ?? null;
}
