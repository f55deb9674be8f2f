import { type Claims, PulseError, type RecordClass, type Recorder } from '@pulseledger/domain';
import type { Caller } from './caller.ts';

/**
 * Who does something that is recorded with the name.
 *
 * @throws PulseError `access_denied` for a service.
 */
export function recorderOf({ subjectId, role, mspId }: Caller): Recorder {
  if (subjectId === undefined) throw new PulseError('access_denied');
  return { subjectId, role, mspId };
}

/**
 * The patient whom the claims are about, when they permit the action.
 *
 * @throws PulseError `access_denied`.
 */
export function permittedPatient(
  claims: Claims,
  action: Claims['decisions'][number]['action'],
  recordClass: RecordClass = 'basics',
): string {
  const isPermitted = claims.decisions.some(
    (decision) =>
      decision.action === action &&
      decision.recordClass === recordClass &&
      decision.outcome === 'permit',
  );
  if (!isPermitted || claims.patientId === null) throw new PulseError('access_denied');
  return claims.patientId;
}
