import { CLINICAL_KEYS, type Erasure, ErasureDocument } from '@pulseledger/domain';
import { readDocument } from '../store/documents.ts';
import type { LedgerStub } from '../transaction/ledger-context.ts';

/** What erasures mean for who wants to read or write. */
export interface ErasureFacts {
  /** Granted, and kept until the end of retention only. */
  readonly restricted: boolean;
  /** Nothing of the clinical record is left, or it is being purged. */
  readonly erased: boolean;
  /** Readings of wearables before this moment are erased; 0 when none are. */
  readonly readingsErasedUntilMs: number;
  /** Where the patient was registered; empty without a request. */
  readonly registeredAt: readonly string[];
}

function isGone({ state }: Erasure): boolean {
  return state === 'destroying' || state === 'destroyed';
}

/** The facts of a patient's erasures: one read. */
export async function erasureFacts(stub: LedgerStub, patientId: string): Promise<ErasureFacts> {
  const key = CLINICAL_KEYS.erasure(patientId);
  const document = await readDocument(stub, key, ErasureDocument);
  const erasures = document?.erasures ?? [];
  const clinical = erasures.filter(({ scope }) => scope === 'clinical');
  const gone = erasures.filter(isGone);
  return {
    restricted: clinical.some(({ state }) => state === 'restricted'),
    erased: clinical.some(isGone),
    readingsErasedUntilMs: Math.max(0, ...gone.map(({ requestedAtMs }) => requestedAtMs)),
    registeredAt: document?.registeredAt ?? [],
  };
}
