import {
  ACCESS_KEYS,
  type ChangeOutput,
  Claims,
  EndRepresentativeInput,
  ListRepresentativesOutput,
  PatientInput,
  PulseError,
  RepresentativeDocument,
  SetRepresentativeInput,
} from '@pulseledger/domain';
import { parseDocument, readDocument, writeDocument } from '../store/documents.ts';
import { entries, rangeEnd, rangeStart } from '../store/range.ts';
import { CHANGED, UNCHANGED } from '../transaction/change.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import { inputOf } from '../transaction/transient.ts';
import { verifyAttestation } from './attestation.ts';
import { permittedPatient, recorderOf } from './recorder.ts';
import { requireRight } from './rights.ts';

/** A proxy is named by the patient; who is guardian by law is recorded by an administrator. */
const NAMED_BY = { proxy: 'patient', guardian: 'administrator' } as const;

async function setRepresentative(call: Call<SetRepresentativeInput>): Promise<ChangeOutput> {
  const { stub, caller, input } = call;
  const patientId = permittedPatient(await verifyAttestation(call, Claims), 'represent');
  const { representativeId } = input;
  const isOther = representativeId !== patientId && representativeId !== caller.subjectId;
  if (caller.role !== NAMED_BY[input.kind] || !isOther) {
    throw new PulseError('access_denied', 'The caller may not name this representative.');
  }
  if (input.untilMs !== null && input.untilMs <= input.fromMs) {
    throw new PulseError('invalid_input', 'The representation ends before it starts.');
  }
  const document: RepresentativeDocument = { patientId, ...input, recordedBy: recorderOf(caller) };
  await writeDocument(stub, ACCESS_KEYS.representative(patientId, representativeId), document);
  return CHANGED;
}

async function endRepresentative(call: Call<EndRepresentativeInput>): Promise<ChangeOutput> {
  const { stub, caller, input } = call;
  const patientId = permittedPatient(await verifyAttestation(call, Claims), 'represent');
  const key = ACCESS_KEYS.representative(patientId, input.representativeId);
  const known = await readDocument(stub, key, RepresentativeDocument);
  if (known === undefined) throw new PulseError('not_found', 'There is no such representative.');
  if (known.untilMs !== null && known.untilMs <= input.untilMs) return UNCHANGED;
  const ended = { ...known, untilMs: input.untilMs, recordedBy: recorderOf(caller) };
  await writeDocument(stub, key, ended);
  return CHANGED;
}

async function list(call: Call<PatientInput>): Promise<ListRepresentativesOutput> {
  const { patientId } = call.input;
  await requireRight(call, patientId, 'represent');
  const prefix = { objectType: 'representative', attributes: [patientId] };
  const representatives: RepresentativeDocument[] = [];
  for await (const { value } of entries(call.stub, rangeStart(prefix), rangeEnd(prefix))) {
    representatives.push(parseDocument(value, RepresentativeDocument));
  }
  return { representatives };
}

export const SET_REPRESENTATIVE: TransactionFunction<SetRepresentativeInput> = {
  name: 'access:SetRepresentative',
  input: inputOf(SetRepresentativeInput),
  run: setRepresentative,
};

export const END_REPRESENTATIVE: TransactionFunction<EndRepresentativeInput> = {
  name: 'access:EndRepresentative',
  input: inputOf(EndRepresentativeInput),
  run: endRepresentative,
};

export const LIST_REPRESENTATIVES: TransactionFunction<PatientInput> = {
  name: 'access:ListRepresentatives',
  input: inputOf(PatientInput),
  run: list,
};
