/** Unconscious in an ambulance: break-glass in two steps, once more without ordering, and the supervisor's review. */
import {
  type AccessLine,
  EmergencyFindAnswer,
  EmergencyOpenAnswer,
  EmergencyReviewsAnswer,
} from '@pulseledger/domain';
import type { Caller } from '../../lambdas/fhir-api/src/smart/token.ts';
import type { Received } from '../../lambdas/fhir-api/src/testing/api.ts';
import { BORN } from './care.ts';
import type { People } from './people.ts';
import { answered, plain, type Tell } from './tell.ts';

const REASON = { reasonCode: 'unconscious', text: 'found in the street' };

/** What a medic was given. */
export interface Rescue {
  readonly found: EmergencyFindAnswer;
  readonly opened: EmergencyOpenAnswer;
  readonly summary: Received;
}

async function rescue(tell: Tell, medic: Caller): Promise<Rescue> {
  const found = plain(EmergencyFindAnswer, await tell.post(medic, 'emergency/find', BORN));
  const patientId = found.patients[0]?.patientId ?? '';
  const asked = { patientId, ...REASON };
  const opened = plain(EmergencyOpenAnswer, await tell.post(medic, 'emergency/open', asked));
  const summary = answered(await tell.get(medic, `Patient/${patientId}/$summary`));
  return { found, opened, summary };
}

/** What takes ordering away and brings it back. */
export interface Outage {
  readonly cut: () => Promise<void>;
  readonly restore: () => Promise<void>;
  /** Commits what was read meanwhile, as the scheduled function does. @returns how many entries */
  readonly commitLate: () => Promise<number>;
}

export interface Rescues {
  readonly withoutGlass: Received;
  readonly first: Rescue;
  readonly second: Rescue;
  /** The patient's log while nothing could be ordered. */
  readonly meanwhile: readonly AccessLine[];
  readonly committedLate: number;
  readonly reviewsBefore: EmergencyReviewsAnswer;
  readonly reviewsAfter: EmergencyReviewsAnswer;
}

export async function rescues(
  tell: Tell,
  { clinicAdministrator, medic, nightMedic }: People,
  patient: Caller,
  outage: Outage,
): Promise<Rescues> {
  const withoutGlass = await tell.get(medic, `Patient/${patient.subjectId}`);
  const first = await rescue(tell, medic);
  await outage.cut();
  const second = await rescue(tell, nightMedic);
  const meanwhile = await tell.accesses(patient);
  await outage.restore();
  const committedLate = await outage.commitLate();
  const reviews = async (): Promise<EmergencyReviewsAnswer> =>
    plain(EmergencyReviewsAnswer, await tell.get(clinicAdministrator, 'emergency/reviews'));
  const reviewsBefore = await reviews();
  for (const [{ opened }, verdict] of [
    [first, 'justified'],
    [second, 'unclear'],
  ] as const) {
    const review = { verdict, text: 'talked with the crew' };
    answered(await tell.post(clinicAdministrator, `emergency/reviews/${opened.permitId}`, review));
  }
  const reviewsAfter = await reviews();
  return {
    ...{ withoutGlass, first, second, meanwhile, committedLate, reviewsBefore, reviewsAfter },
  };
}
