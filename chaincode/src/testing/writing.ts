import { randomBytes } from 'node:crypto';
import { type RecordWrite, testsOrdered, type Want, WriteRecordsOutput } from '@pulseledger/domain';
import { attest } from './attesting.ts';
import type { Identity, LedgerDouble } from './ledger-double.ts';
import { NOON_MS, PATIENT_ID, SALT_HEX } from './story.ts';

/** An id that occurs nowhere else. */
export function newId(): string {
  return randomBytes(16).toString('hex');
}

/** A write with what tests seldom care about filled in. */
export function writeOf(
  write: Pick<RecordWrite, 'recordClass' | 'resource'> & Partial<RecordWrite>,
): RecordWrite {
  return { recordId: newId(), ifVersion: null, labels: [], saltHex: SALT_HEX, ...write };
}

/** What must be permitted for a write. */
export function wantOf({ recordClass, ifVersion, resource, labels }: RecordWrite): Want {
  if (resource === null) return { action: 'delete', recordClass, labels };
  const isNew = ifVersion === null;
  if (recordClass === 'basics') return { action: isNew ? 'register' : 'amend', recordClass };
  return { action: isNew ? 'create' : 'amend', recordClass, labels };
}

/** Who writes about whom, and when; the story's patient at noon unless said otherwise. */
export interface Writing {
  readonly patientId?: string;
  readonly nowMs?: number;
  readonly wants?: readonly Want[];
}

/** Attest and simulate `record:Write`. */
export async function endorseWrites(
  ledger: LedgerDouble,
  identity: Identity,
  writes: readonly RecordWrite[],
  { patientId = PATIENT_ID, nowMs = NOON_MS, wants }: Writing = {},
): Promise<Awaited<ReturnType<LedgerDouble['endorse']>>> {
  const needed = new Map(writes.map(wantOf).map((want) => [JSON.stringify(want), want]));
  const tests = writes.flatMap(({ recordClass, resource }) =>
    recordClass === 'order' ? testsOrdered(null, resource) : [],
  );
  const asked = { patientId, wants: wants ?? [...needed.values()], tests };
  const attestation = await attest(ledger, identity, asked, nowMs);
  const input = { patientId, writes };
  return ledger.endorse('record:Write', { identity, input, attestation, nowMs });
}

/** Attest, simulate and commit `record:Write`; the versions. */
export async function writeRecords(
  ledger: LedgerDouble,
  identity: Identity,
  writes: readonly RecordWrite[],
  writing: Writing = {},
): Promise<readonly number[]> {
  const endorsement = await endorseWrites(ledger, identity, writes, writing);
  const status = ledger.commit(endorsement);
  if (status !== 'VALID') throw new Error(status);
  return WriteRecordsOutput.parse(JSON.parse(endorsement.result)).versions;
}
