import {
  livePseudonym,
  PatientDocument,
  type PatientView,
  PulseError,
  RECORD_KEYS,
  ReadPatientInput,
} from '@pulseledger/domain';
import { requireReader } from '../access/reader.ts';
import { sha256 } from '../crypto.ts';
import { readDocument } from '../store/documents.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import { inputOf } from '../transaction/transient.ts';

/** Name of the patient's live hint topic. */
function pseudonymOf({ patientId, saltHex }: PatientDocument): string {
  return livePseudonym(patientId, saltHex, sha256);
}

/** A patient as readers see it. */
export function patientView(patient: PatientDocument): PatientView {
  const { patientId, basics } = patient;
  return { patientId, basics, pseudonym: pseudonymOf(patient) };
}

async function readPatient(call: Call<ReadPatientInput>): Promise<PatientView> {
  const { stub, input } = call;
  await requireReader(call, input, 'basics');
  const key = RECORD_KEYS.patient(input.patientId);
  const patient = await readDocument(stub, key, PatientDocument);
  if (patient === undefined) throw new PulseError('not_found', 'There is no such patient.');
  return patientView(patient);
}

export const READ_PATIENT: TransactionFunction<ReadPatientInput> = {
  name: 'care:ReadPatient',
  input: inputOf(ReadPatientInput),
  run: readPatient,
};
