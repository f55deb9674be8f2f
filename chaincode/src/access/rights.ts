import {
  type Action,
  decide,
  PulseError,
  type Purpose,
  RECORD_CLASSES,
  type Role,
} from '@pulseledger/domain';
import type { Call } from '../transaction/invoke.ts';
import { gatherFacts, questionFrom } from './facts.ts';

/** The purpose for which a role acts if none is stated. */
const USUAL_PURPOSE: Readonly<Partial<Record<Role, Purpose>>> = {
  patient: 'PATRQT',
  representative: 'PWATRNY',
  'insurance-agent': 'HPAYMT',
  'emergency-medic': 'BTG',
  administrator: 'HOPERAT',
};

/** The purpose for which a role acts if none is stated. */
export function usualPurpose(role: Role): Purpose {
  return USUAL_PURPOSE[role] ?? 'TREAT';
}

/**
 * Go on only for somebody who may do this for the patient, for any class. Only for evaluated
 * functions; a submitted one is given an attestation.
 *
 * @throws PulseError `access_denied`.
 */
export async function requireRight(
  call: Omit<Call<unknown>, 'input'>,
  patientId: string,
  action: Action,
): Promise<void> {
  const facts = await gatherFacts(call, patientId);
  const asked = { action, labels: [], purpose: usualPurpose(call.caller.role), atMs: call.nowMs };
  const isPermitted = RECORD_CLASSES.some(
    (recordClass) =>
      decide(questionFrom(call, facts, { ...asked, recordClass })).outcome === 'permit',
  );
  if (!isPermitted) throw new PulseError('access_denied');
}
