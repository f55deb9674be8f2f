import {
  type Action,
  type Claims,
  hidesPrescription,
  isAboutAnother,
  isOfClass,
  PulseError,
  parseInput,
  type RecordDocument,
  type RecordWrite,
  requireResourceSize,
  SealedNote,
} from '@pulseledger/domain';
import type { Caller } from '../access/caller.ts';

/** What a write does to the record. */
export function actionOf({ ifVersion, resource }: RecordWrite): Action {
  if (resource === null) return 'delete';
  return ifVersion === null ? 'create' : 'amend';
}

/** A record can be written only once in a transaction: it would not see its own change. */
export function requireDistinct(writes: readonly RecordWrite[]): void {
  const ids = new Set(writes.map(({ recordId }) => recordId));
  const uniqueKeys = writes.flatMap(({ uniqueKey }) => uniqueKey ?? []);
  if (ids.size < writes.length || new Set(uniqueKeys).size < uniqueKeys.length) {
    throw new PulseError('invalid_input', 'A record is written twice in one transaction.');
  }
}

function requireFiledRight({ resource, recordClass }: RecordWrite, patientId: string): void {
  if (resource === null) return;
  requireResourceSize(resource);
  if (!isOfClass(resource, recordClass) || hidesPrescription(resource, recordClass)) {
    throw new PulseError(
      'invalid_input',
      'The resource does not belong to the class of the write.',
    );
  }
  if (isAboutAnother(resource, patientId)) {
    throw new PulseError('invalid_input', 'The resource is about another patient.');
  }
}

/** A note is sealed, and beside it stands nothing that could tell what is in it. */
function requireSealed(write: RecordWrite, { authorGroups }: Claims): void {
  const { resource, attachments = [], indexKeys = [], uniqueKey, orderId } = write;
  if (
    attachments.length + indexKeys.length > 0 ||
    uniqueKey !== undefined ||
    orderId !== undefined
  ) {
    throw new PulseError('invalid_input', 'A psychotherapy note stands alone.');
  }
  if (resource === null) return;
  const { groupId } = parseInput(SealedNote, resource);
  if (!authorGroups.includes(groupId)) throw new PulseError('access_denied');
}

/** A laboratory writes what answers an order that it has. */
function requireOrder({ orderId }: RecordWrite, { orders }: Claims): void {
  if (orderId === undefined || !orders.includes(orderId)) {
    throw new PulseError('access_denied', 'A laboratory writes results of its orders only.');
  }
}

/**
 * Check a write by itself, before anything is read.
 *
 * @throws PulseError `invalid_input`, `oversize`, `access_denied`.
 */
export function checkWrite(
  { role }: Caller,
  claims: Claims,
  patientId: string,
  write: RecordWrite,
): void {
  if (write.resource === null && write.ifVersion === null) {
    throw new PulseError('invalid_input', 'What is not there cannot be deleted.');
  }
  if ((write.recordClass === 'basics') !== (write.recordId === patientId)) {
    throw new PulseError('invalid_input', 'The record of class basics has the patient’s id.');
  }
  if (write.orderFor !== undefined && write.recordClass !== 'order') {
    throw new PulseError('invalid_input', 'Only an order goes to a laboratory.');
  }
  if (role === 'laboratory') requireOrder(write, claims);
  if (write.recordClass === 'psychotherapy-note') requireSealed(write, claims);
  else requireFiledRight(write, patientId);
}

/** What only its author, or the laboratory that answered the order, may change. */
export function requireOwn(
  caller: Caller,
  { authorGroups }: Claims,
  known: RecordDocument,
  write: RecordWrite,
): void {
  const isNote = known.recordClass === 'note';
  if (isNote && known.authorId !== caller.subjectId) {
    throw new PulseError('access_denied', 'A note is changed by its author only.');
  }
  if (caller.role === 'laboratory' && known.orderId !== write.orderId) {
    throw new PulseError('access_denied', 'The result belongs to another order.');
  }
  if (known.recordClass === 'psychotherapy-note' && known.resource !== null) {
    const { groupId } = SealedNote.parse(known.resource);
    if (!authorGroups.includes(groupId)) throw new PulseError('access_denied');
    if (write.resource !== null && write.resource['groupId'] !== groupId) {
      throw new PulseError('access_denied', 'A note stays with its authors’ group.');
    }
  }
}
