import {
  type ChangeOutput,
  canonicalJson,
  PatientDocument,
  PulseError,
  RECORD_KEYS,
  RegisterPatientInput,
} from '@pulseledger/domain';
import { readDocument, writeDocument } from '../store/documents.ts';
import { CHANGED, UNCHANGED } from '../transaction/change.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import { inputOf } from '../transaction/transient.ts';
import { writeRelation } from './treating.ts';

/** A clinician who registers a patient treats the patient from then on. */
async function treatWhomIRegister(call: Call<RegisterPatientInput>): Promise<void> {
  const { caller, input, nowMs } = call;
  const { role, mspId, subjectId: practitionerId } = caller;
  if (practitionerId === undefined || (role !== 'doctor' && role !== 'nurse')) return;
  const { patientId, saltHex } = input;
  const period = { fromMs: nowMs, untilMs: null };
  await writeRelation(call.stub, { patientId, practitionerId, mspId, ...period, saltHex });
}

async function registerPatient(call: Call<RegisterPatientInput>): Promise<ChangeOutput> {
  const { stub, caller, input } = call;
  const key = RECORD_KEYS.patient(input.patientId);
  const known = await readDocument(stub, key, PatientDocument);
  if (known !== undefined) {
    if (canonicalJson(known.basics) === canonicalJson(input.basics)) return UNCHANGED;
    throw new PulseError('conflict', 'The patient is registered otherwise already.');
  }
  const patient: PatientDocument = { ...input, registeredAt: [caller.mspId] };
  await writeDocument(stub, key, patient);
  await treatWhomIRegister(call);
  return CHANGED;
}

export const REGISTER_PATIENT: TransactionFunction<RegisterPatientInput> = {
  name: 'care:RegisterPatient',
  input: inputOf(RegisterPatientInput),
  run: registerPatient,
};
