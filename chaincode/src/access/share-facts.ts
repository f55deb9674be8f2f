import type { ConsentFact, PatientFacts } from '@pulseledger/domain';
import { readShare } from '../consent/facts.ts';
import type { LedgerStub } from '../transaction/ledger-context.ts';
import type { AccessFacts } from './facts.ts';

/** Of a patient of whom an insurer knows no more than the share; erasure purges the share itself. */
const BEHIND_A_SHARE: PatientFacts = {
  registeredAt: [],
  birthDate: null,
  emergencyOptOut: false,
  restricted: false,
  erased: false,
};

/** What an insurer's decision rests on: the share's own document in `extract`. */
export async function shareFacts(stub: LedgerStub, shareId: string): Promise<AccessFacts> {
  const share = await readShare(stub, shareId);
  const consents: ConsentFact[] = [];
  if (share !== undefined) {
    const { grantee, classes, labels, purposes, fromMs, untilMs } = share;
    consents.push({ effect: 'permit', grantee, classes, labels, purposes, fromMs, untilMs });
  }
  return {
    patient: BEHIND_A_SHARE,
    isKnown: share !== undefined,
    relations: [],
    consents,
    authorGroups: [],
  };
}
