import { type Action, type Claims, PulseError, type RecordClass } from '@pulseledger/domain';

/** What a write does, as the attested decisions name it. */
export interface Wanted {
  readonly action: Action;
  readonly recordClass: RecordClass;
  /** Of the record before and after. */
  readonly labels: readonly string[];
}

/**
 * Do the claims permit this? A permit for more labels covers fewer: a label only ever adds reasons to
 * deny.
 */
function isPermitted({ decisions }: Claims, { action, recordClass, labels }: Wanted): boolean {
  return decisions.some(
    (decision) =>
      decision.outcome === 'permit' &&
      decision.action === action &&
      decision.recordClass === recordClass &&
      labels.every((label) => decision.labels.includes(label)),
  );
}

/**
 * Go on only when the claims permit it.
 *
 * @throws PulseError `access_denied`; `gone` when the reason is that the patient's record is erased.
 */
export function requirePermitted(claims: Claims, wanted: Wanted): void {
  if (isPermitted(claims, wanted)) return;
  if (claims.decisions.some(({ reason }) => reason === 'erased')) throw new PulseError('gone');
  throw new PulseError('access_denied');
}
