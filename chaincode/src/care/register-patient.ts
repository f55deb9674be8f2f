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

async function registerPatient({ stub, input }: Call<RegisterPatientInput>): Promise<ChangeOutput> {
  const key = RECORD_KEYS.patient(input.patientId);
  const known = await readDocument(stub, key, PatientDocument);
  if (known !== undefined) {
    if (canonicalJson(known.basics) === canonicalJson(input.basics)) return UNCHANGED;
    throw new PulseError('conflict', 'The patient is registered otherwise already.');
  }
  await writeDocument(stub, key, input);
  return CHANGED;
}

export const REGISTER_PATIENT: TransactionFunction<RegisterPatientInput> = {
  name: 'care:RegisterPatient',
  input: inputOf(RegisterPatientInput),
  run: registerPatient,
};
