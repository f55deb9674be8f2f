/** Why somebody looks: what they say, else what their role is there for. */
import { PURPOSES, PulseError, type Purpose } from '@pulseledger/domain';
import type { Caller } from '../smart/token.ts';

const USUAL: Partial<Record<Caller['role'], Purpose>> = {
  patient: 'PATRQT',
  representative: 'PWATRNY',
  'insurance-agent': 'HPAYMT',
  administrator: 'HOPERAT',
  'emergency-medic': 'BTG',
};

/** @throws PulseError `invalid_input` for a purpose that is none */
export function purposeOf(role: Caller['role'], given: string | undefined): Purpose {
  if (given === undefined) return USUAL[role] ?? 'TREAT';
  const purpose = PURPOSES.find((known) => known === given);
  if (purpose === undefined) {
    throw new PulseError('invalid_input', `X-Purpose-Of-Use is one of ${PURPOSES.join(', ')}`);
  }
  return purpose;
}
