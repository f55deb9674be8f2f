/** The patient asks to be forgotten; what is read afterwards says that it is erased, and the log stays. */
import {
  type AccessLine,
  ErasureProgress,
  ErasureRequested,
  ErasuresAnswer,
} from '@pulseledger/domain';
import type { Caller } from '../../lambdas/fhir-api/src/smart/token.ts';
import type { Received } from '../../lambdas/fhir-api/src/testing/api.ts';
import type { People } from './people.ts';
import { answered, plain, type Tell } from './tell.ts';

const MAX_STEPS = 50;

export interface Forgotten {
  /** To the doctor, before anything is purged. */
  readonly onceGranted: Received;
  readonly erasures: ErasuresAnswer;
  readonly byPatient: Received;
  readonly byClinic: Received;
  readonly results: Received;
  readonly log: readonly AccessLine[];
}

export async function erasure(
  tell: Tell,
  { administrator, doctor, clinicDoctor }: People,
  patient: Caller,
): Promise<Forgotten> {
  const { subjectId } = patient;
  const erasures = `patients/${subjectId}/erasures`;
  const asked = await tell.post(patient, erasures, { scope: 'clinical' });
  const { requestId } = plain(ErasureRequested, asked, 201);
  // The patient is registered at the hospital only, whose retention has ended.
  const granted = { refusal: null, retainUntilMs: 0 };
  answered(await tell.post(administrator, `${erasures}/${requestId}/answer`, granted));
  const onceGranted = await tell.get(doctor, `Patient/${subjectId}`);
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const carried = await tell.post(administrator, `${erasures}/${requestId}/carry-out`, {});
    if (plain(ErasureProgress, carried).done) break;
  }
  return {
    onceGranted,
    erasures: plain(ErasuresAnswer, await tell.get(patient, erasures)),
    byPatient: await tell.get(patient, `Patient/${subjectId}`),
    byClinic: await tell.get(clinicDoctor, `Patient/${subjectId}`),
    results: await tell.get(patient, `Observation?patient=${subjectId}&category=laboratory`),
    log: await tell.accesses(patient),
  };
}
