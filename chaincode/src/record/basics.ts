import {
  basicsOfPatient,
  type Claims,
  PatientDocument,
  PulseError,
  RECORD_KEYS,
  type RecordWrite,
} from '@pulseledger/domain';
import { exists, readDocument, writeDocument } from '../store/documents.ts';
import type { Call } from '../transaction/invoke.ts';

/** Is the caller allowed more because the patient is registered with this very transaction? */
export function isRegistering({ decisions }: Claims): boolean {
  return decisions.some(({ action, outcome }) => action === 'register' && outcome === 'permit');
}

/**
 * A registration and what is written with it come together: claims that permit writing because the
 * caller registers the patient are void without the registration.
 *
 * @throws PulseError `conflict` when the patient is known already or not registered here.
 */
export async function requireRegistration(
  { stub }: Call<unknown>,
  patientId: string,
  writes: readonly RecordWrite[],
): Promise<void> {
  const isPresent = writes.some(
    ({ recordClass, ifVersion }) => recordClass === 'basics' && ifVersion === null,
  );
  if (!isPresent || (await exists(stub, RECORD_KEYS.patient(patientId)))) {
    throw new PulseError('conflict', 'The attestation is for registering a new patient.');
  }
}

/** Register the patient of a `Patient` resource; a clinician who does so treats the patient from now on. */
export async function registerPatient(
  { stub, caller, nowMs }: Call<unknown>,
  patientId: string,
  { resource, saltHex }: RecordWrite,
): Promise<void> {
  if (resource === null) return;
  const { role, subjectId: practitionerId, mspId } = caller;
  const basics = basicsOfPatient(resource);
  const patient: PatientDocument = { patientId, basics, registeredAt: [mspId], saltHex };
  await writeDocument(stub, RECORD_KEYS.patient(patientId), patient);
  if (practitionerId === undefined || (role !== 'doctor' && role !== 'nurse')) return;
  const relation = { patientId, practitionerId, mspId, fromMs: nowMs, untilMs: null, saltHex };
  await writeDocument(stub, RECORD_KEYS.treating(patientId, practitionerId), relation);
  await writeDocument(stub, RECORD_KEYS.treated(practitionerId, patientId), relation);
}

/** Name, birth date and gender follow the `Patient` resource. */
export async function amendPatient(
  { stub }: Call<unknown>,
  patientId: string,
  { resource }: RecordWrite,
): Promise<void> {
  if (resource === null) {
    throw new PulseError('conflict', 'A patient is not deleted; ask for erasure.');
  }
  const key = RECORD_KEYS.patient(patientId);
  const known = await readDocument(stub, key, PatientDocument);
  if (known === undefined) throw new PulseError('not_found', 'There is no such patient.');
  const amended: PatientDocument = { ...known, basics: basicsOfPatient(resource) };
  await writeDocument(stub, key, amended);
}
