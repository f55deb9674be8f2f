import {
  decide,
  PulseError,
  type Purpose,
  type RecordClass,
  type RecordDocument,
  type Role,
  SealedNote,
} from '@pulseledger/domain';
import type { Caller } from '../access/caller.ts';
import { gatherFacts, questionFrom } from '../access/facts.ts';
import { openReader, type Reader } from '../access/reader.ts';
import type { Call } from '../transaction/invoke.ts';
import { erasureFacts } from './erasure-facts.ts';

type AnyCall = Omit<Call<unknown>, 'input'>;
/** What of a record decides who may see it. */
type Seen = Pick<RecordDocument, 'recordClass' | 'recordId' | 'labels' | 'resource'>;

/** Who has opened a patient's chart, and what they see of it. */
export interface ChartReader {
  /** Is there anything of this class for the reader at all? */
  canReadClass(recordClass: RecordClass): boolean;
  /** What must not be seen is left out without a trace. */
  canRead(record: Seen): boolean;
}

/** A laboratory sees its orders only, an author the notes of the own groups only. */
function isOwn(
  { role }: Caller,
  { orders, authorGroups }: Pick<Reader, 'orders' | 'authorGroups'>,
  { recordClass, recordId, resource }: Seen,
): boolean {
  if (role === 'laboratory') return orders.includes(recordId);
  if (recordClass !== 'psychotherapy-note') return true;
  // A deleted note is for nobody: its tombstone no longer says whose it was.
  const note = SealedNote.safeParse(resource);
  return note.success && authorGroups.includes(note.data.groupId);
}

/**
 * The chart that the caller has opened.
 *
 * @throws PulseError `chart_closed`; `gone` when the patient's record is erased, with or without a permit.
 */
export async function chartReader(
  call: AnyCall,
  patientId: string,
  permitId: string,
): Promise<ChartReader> {
  const { erased } = await erasureFacts(call.stub, patientId);
  if (erased) throw new PulseError('gone');
  const reader = await openReader(call, patientId, permitId);
  const mayRead = (recordClass: RecordClass, labels: readonly string[]): boolean =>
    reader.decide(recordClass, labels).outcome === 'permit';
  return {
    canReadClass: (recordClass) => mayRead(recordClass, []),
    canRead: (record) =>
      mayRead(record.recordClass, record.labels) && isOwn(call.caller, reader, record),
  };
}

/** For which purpose somebody looks a record's place up. */
const PURPOSE_OF: Readonly<Partial<Record<Role, Purpose>>> = {
  doctor: 'TREAT',
  nurse: 'TREAT',
  laboratory: 'TREAT',
  patient: 'PATRQT',
  representative: 'PWATRNY',
};

/**
 * Could the caller open this record? Asked where only a place is told and nothing of the record.
 *
 * @throws PulseError `gone` when the patient's record is erased.
 */
export async function mayReadRecord(call: AnyCall, record: RecordDocument): Promise<boolean> {
  const { caller, nowMs: atMs } = call;
  const purpose = PURPOSE_OF[caller.role];
  if (purpose === undefined) return false;
  const { patientId, recordClass, labels } = record;
  const facts = await gatherFacts(call, patientId);
  const asked = { action: 'read', recordClass, labels, purpose, atMs } as const;
  const { outcome, reason } = decide(questionFrom(call, facts, asked));
  if (reason === 'erased') throw new PulseError('gone');
  const orders = facts.relations.flatMap(({ recordId }) => recordId ?? []);
  return outcome === 'permit' && isOwn(caller, { ...facts, orders }, record);
}
