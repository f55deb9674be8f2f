import { PulseError, RECORD_KEYS, TreatingDocument } from '@pulseledger/domain';
import { readDocument } from '../store/documents.ts';
import type { Call } from '../transaction/invoke.ts';
import type { Caller } from './caller.ts';

/** Is a relation live for this caller at this time? It names the organization, not only the person. */
export function isLive(relation: TreatingDocument, caller: Caller, nowMs: number): boolean {
  return (
    relation.mspId === caller.mspId &&
    relation.fromMs <= nowMs &&
    (relation.untilMs === null || nowMs < relation.untilMs)
  );
}

/** May the caller read this patient's record: the patient, or who treats the patient now? */
export async function mayRead(
  { stub, caller, nowMs }: Omit<Call<unknown>, 'input'>,
  patientId: string,
): Promise<boolean> {
  if (caller.role === 'patient') return caller.subjectId === patientId;
  if (caller.role !== 'doctor' && caller.role !== 'nurse') return false;
  if (caller.subjectId === undefined) return false;
  const key = RECORD_KEYS.treating(patientId, caller.subjectId);
  const relation = await readDocument(stub, key, TreatingDocument);
  return relation !== undefined && isLive(relation, caller, nowMs);
}

/**
 * Go on only for a reader of this patient's record.
 *
 * @throws PulseError `access_denied`, for an unknown patient too.
 */
export async function requireReader(
  call: Omit<Call<unknown>, 'input'>,
  patientId: string,
): Promise<void> {
  if (!(await mayRead(call, patientId))) throw new PulseError('access_denied');
}
