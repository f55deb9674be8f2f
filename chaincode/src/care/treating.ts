import {
  type ChangeOutput,
  EndTreatingInput,
  type ListTreatingOutput,
  PatientInput,
  PROVIDER_MSP_IDS,
  PulseError,
  RECORD_KEYS,
  SetTreatingInput,
  TreatingDocument,
  type TreatingRelation,
} from '@pulseledger/domain';
import { requireRight } from '../access/rights.ts';
import { parseDocument, readDocument, writeDocument } from '../store/documents.ts';
import { entries, rangeEnd, rangeStart } from '../store/range.ts';
import { CHANGED, UNCHANGED } from '../transaction/change.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import type { LedgerStub } from '../transaction/ledger-context.ts';
import { inputOf } from '../transaction/transient.ts';

/**
 * A relation is set by the patient, or by an administrator of the organization the practitioner
 * works for, and never by the practitioner, who would gain from it.
 *
 * @throws PulseError `access_denied`.
 */
function requireSetter(
  { caller }: Call<unknown>,
  relation: Pick<TreatingDocument, 'patientId' | 'practitionerId' | 'mspId'>,
): void {
  const { role, subjectId, mspId } = caller;
  const byPatient = role === 'patient' && subjectId === relation.patientId;
  const byAdministrator = role === 'administrator' && mspId === relation.mspId;
  if (!(byPatient || byAdministrator) || subjectId === relation.practitionerId) {
    throw new PulseError('access_denied', 'The caller may not decide who treats this patient.');
  }
}

/** Write a relation where the patient's readers and where the practitioner's worklist look. */
export async function writeRelation(stub: LedgerStub, relation: TreatingDocument): Promise<void> {
  const { patientId, practitionerId } = relation;
  await writeDocument(stub, RECORD_KEYS.treating(patientId, practitionerId), relation);
  await writeDocument(stub, RECORD_KEYS.treated(practitionerId, patientId), relation);
}

function sameInterval(a: SetTreatingInput, b: TreatingDocument | undefined): boolean {
  return a.mspId === b?.mspId && a.fromMs === b.fromMs && a.untilMs === b.untilMs;
}

/** Whether there is such a patient is not asked: all relations of a patient would read that one key. */
async function setTreating(call: Call<SetTreatingInput>): Promise<ChangeOutput> {
  const { stub, input } = call;
  requireSetter(call, input);
  if (!PROVIDER_MSP_IDS.includes(input.mspId)) {
    throw new PulseError('invalid_input', 'Only an organization that treats people can treat.');
  }
  if (input.untilMs !== null && input.untilMs <= input.fromMs) {
    throw new PulseError('invalid_input', 'The relation ends before it starts.');
  }
  const key = RECORD_KEYS.treating(input.patientId, input.practitionerId);
  const known = await readDocument(stub, key, TreatingDocument);
  if (sameInterval(input, known)) return UNCHANGED;
  // The relation at another organization is not this administrator's to replace.
  if (known !== undefined) requireSetter(call, known);
  await writeRelation(stub, input);
  return CHANGED;
}

async function endTreating(call: Call<EndTreatingInput>): Promise<ChangeOutput> {
  const { stub, input } = call;
  const { patientId, practitionerId, untilMs } = input;
  const key = RECORD_KEYS.treating(patientId, practitionerId);
  const known = await readDocument(stub, key, TreatingDocument);
  // Without a relation, the answer is as for a relation that is none of the caller's business.
  requireSetter(call, known ?? { ...input, mspId: '' });
  if (known === undefined) throw new PulseError('not_found', 'There is no such relation.');
  if (known.untilMs !== null && known.untilMs <= untilMs) return UNCHANGED;
  await writeRelation(stub, { ...known, untilMs });
  return CHANGED;
}

/** Most relations of one patient that are shown, live and ended. */
const MAX_SHOWN = 200;

/**
 * Who treats the patient, or did: for the patient, who acts for them, and who treats them too.
 *
 * @throws PulseError `access_denied`.
 */
async function listTreating(call: Call<PatientInput>): Promise<ListTreatingOutput> {
  const { patientId } = call.input;
  const isClinician = call.caller.role === 'doctor' || call.caller.role === 'nurse';
  await requireRight(call, patientId, isClinician ? 'read' : 'account');
  const prefix = { objectType: 'treating', attributes: [patientId] };
  const relations: TreatingRelation[] = [];
  for await (const { value } of entries(call.stub, rangeStart(prefix), rangeEnd(prefix))) {
    const { practitionerId, mspId, fromMs, untilMs } = parseDocument(value, TreatingDocument);
    relations.push({ practitionerId, mspId, fromMs, untilMs });
    if (relations.length === MAX_SHOWN) break;
  }
  return { relations };
}

export const LIST_TREATING: TransactionFunction<PatientInput> = {
  name: 'care:ListTreating',
  input: inputOf(PatientInput),
  run: listTreating,
};

export const SET_TREATING: TransactionFunction<SetTreatingInput> = {
  name: 'care:SetTreating',
  input: inputOf(SetTreatingInput),
  run: setTreating,
};

export const END_TREATING: TransactionFunction<EndTreatingInput> = {
  name: 'care:EndTreating',
  input: inputOf(EndTreatingInput),
  run: endTreating,
};
