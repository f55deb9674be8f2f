import { isNpi, NPI_SYSTEM } from './npi.ts';
import type { DirectoryFacts } from './resource.ts';

const DAY_MS = 86_400_000;
/** After so long a directory entry is to be verified again (No Surprises Act, 42 U.S.C. 300gg-115(a)(2)). */
export const ATTESTED_FOR_MS: number = 90 * DAY_MS;

/** An organization's word about one qualification of a practitioner. */
export interface QualificationAttestation {
  readonly attestationId: string;
  /** As {@link DirectoryFacts.qualifications} names it. */
  readonly qualification: string;
  readonly outcome: 'verified' | 'failed';
  /** Where it was checked, e.g. a register of licences. */
  readonly source: string;
  readonly mspId: string;
  readonly atMs: number;
}

/** `claimed` = nobody has checked; `stale` = somebody has, too long ago. */
export type QualificationStatus = 'claimed' | 'verified' | 'failed' | 'stale';

/** A qualification with who says what about it. */
export interface CheckedQualification {
  readonly qualification: string;
  readonly status: QualificationStatus;
  /** When the status changes by itself; null = it does not. */
  readonly dueMs: number | null;
  /** The latest word of each organization. */
  readonly attestations: readonly QualificationAttestation[];
}

function latestOfEach(all: readonly QualificationAttestation[]): QualificationAttestation[] {
  const latest = new Map<string, QualificationAttestation>();
  for (const one of [...all].sort((a, b) => a.atMs - b.atMs)) latest.set(one.mspId, one);
  return [...latest.values()];
}

function statusOf(
  words: readonly QualificationAttestation[],
  nowMs: number,
): Pick<CheckedQualification, 'status' | 'dueMs'> {
  if (words.length === 0) return { status: 'claimed', dueMs: null };
  // A failed check stands until its organization says otherwise: it does not get better by waiting.
  if (words.some(({ outcome }) => outcome === 'failed')) return { status: 'failed', dueMs: null };
  const dueMs = Math.max(...words.map(({ atMs }) => atMs)) + ATTESTED_FOR_MS;
  return nowMs < dueMs ? { status: 'verified', dueMs } : { status: 'stale', dueMs: null };
}

/** What is known about each qualification of a practitioner. */
export function checkedQualifications(
  { qualifications }: Pick<DirectoryFacts, 'qualifications'>,
  attestations: readonly QualificationAttestation[],
  nowMs: number,
): CheckedQualification[] {
  const keys = [...new Set(qualifications.map(({ key }) => key))];
  return keys.map((qualification) => {
    const own = attestations.filter((one) => one.qualification === qualification);
    const words = latestOfEach(own);
    return { qualification, ...statusOf(words, nowMs), attestations: words };
  });
}

/** What the check digit of an NPI says. */
export interface CheckedNpi {
  readonly value: string;
  readonly status: 'well-formed' | 'unverified';
}

/** The NPIs of an entry; one that fails is kept, and shown as unverified. */
export function checkedNpis({ identifiers }: Pick<DirectoryFacts, 'identifiers'>): CheckedNpi[] {
  return identifiers
    .filter(({ system }) => system === NPI_SYSTEM)
    .map(({ value }) => ({ value, status: isNpi(value) ? 'well-formed' : 'unverified' }));
}
