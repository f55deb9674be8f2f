import {
  type Decision,
  decide,
  PulseError,
  type Purpose,
  RECORD_CLASSES,
  type RecordClass,
} from '@pulseledger/domain';
import type { Caller } from '../access/caller.ts';
import { gatherFacts, questionFrom } from '../access/facts.ts';
import type { Call } from '../transaction/invoke.ts';

type SharingCall = Pick<Call<unknown>, 'stub' | 'caller' | 'nowMs'>;

/** For which classes the caller would consent; `any` = for at least one. */
export interface Sharing {
  readonly patientId: string;
  readonly classes: readonly RecordClass[] | 'all' | 'any';
  readonly atMs: number;
}

/** What `all` covers: psychotherapy notes are no part of anybody's consent to all. */
const ALL = RECORD_CLASSES.filter((one) => one !== 'psychotherapy-note');

function purposeOf({ role }: Caller): Purpose {
  return role === 'representative' ? 'PWATRNY' : 'PATRQT';
}

/**
 * May the caller consent for this patient, by the one policy: the patient, or who represents them
 * for these classes? Only for evaluated functions.
 */
export async function sharingOf(
  { stub, caller, nowMs }: SharingCall,
  { patientId, classes, atMs }: Sharing,
): Promise<Decision> {
  const facts = await gatherFacts({ stub, caller, nowMs }, patientId);
  const asked = { action: 'share', labels: [], purpose: purposeOf(caller), atMs } as const;
  const wanted = typeof classes === 'string' ? ALL : classes;
  const decisions = wanted.map((recordClass) =>
    decide(questionFrom({ caller }, facts, { ...asked, recordClass })),
  );
  const wish = classes === 'any' ? 'permit' : 'deny';
  const telling = decisions.find(({ outcome }) => outcome === wish) ?? decisions[0];
  return telling ?? { outcome: 'deny', reason: 'not_permitted' };
}

/**
 * Go on only for somebody who may consent for this patient.
 *
 * @throws PulseError `access_denied`.
 */
export async function requireSharing(call: SharingCall, patientId: string): Promise<void> {
  const { outcome } = await sharingOf(call, { patientId, classes: 'any', atMs: call.nowMs });
  if (outcome === 'deny') throw new PulseError('access_denied');
}
