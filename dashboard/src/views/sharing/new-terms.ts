import type { ConsentTerms, RecordClass } from '@pulseledger/domain';
import { randomHex } from '../../passkey/passkey.ts';

const DAY_MS = 86_400_000;
/** The contract judges by the time of the transaction, which may be a little earlier. */
const EARLIER_MS = 60_000;

/** What a patient chose on the form. */
export interface Choice {
  readonly patientId: string;
  readonly classes: readonly RecordClass[];
  readonly days: number;
}

/** Terms of a consent towards the insurer: for payment and coverage, from now on, for some days. */
export function insurerTerms({ patientId, classes, days }: Choice, nowMs: number): ConsentTerms {
  return {
    v: 1,
    consentId: randomHex(),
    patientId,
    effect: 'permit',
    grantee: { mspId: 'InsurerMSP', subjectId: null },
    classes: [...classes],
    labels: [],
    purposes: ['HPAYMT', 'COVAUTH'],
    fromMs: nowMs - EARLIER_MS,
    untilMs: nowMs + days * DAY_MS,
    share: { shareId: randomHex(), aliasSaltHex: randomHex() },
    saltHex: randomHex(),
  };
}

/** What an insurer can be given, in the order of the form; never psychotherapy notes. */
export const SHAREABLE: readonly RecordClass[] = [
  'encounter',
  'condition',
  'procedure',
  'medication',
  'immunization',
  'report',
  'result',
  'allergy',
];
