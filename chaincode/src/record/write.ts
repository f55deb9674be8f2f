import {
  type Action,
  CLINICAL_KEYS,
  type Claims,
  PulseError,
  RecordDocument,
  type RecordWrite,
  WriteRecordsInput,
  type WriteRecordsOutput,
} from '@pulseledger/domain';
import { requireAttestation } from '../access/attestation.ts';
import { copyToExtract } from '../consent/copies.ts';
import { readDocument, writeDocument } from '../store/documents.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import { inputOf } from '../transaction/transient.ts';
import { amendPatient, isRegistering, registerPatient, requireRegistration } from './basics.ts';
import { actionOf, checkWrite, requireDistinct, requireOwn } from './check-write.ts';
import { placeOrder } from './orders.ts';
import { requirePermitted } from './permission.ts';
import { movePlaces } from './places.ts';
import { requireReason } from './repeat-reason.ts';

type WriteCall = Call<WriteRecordsInput>;

/** The record that the write changes; undefined when it creates one. */
async function knownRecord(
  { stub, input }: WriteCall,
  { recordClass, recordId, ifVersion }: RecordWrite,
): Promise<RecordDocument | undefined> {
  const key = CLINICAL_KEYS.record(input.patientId, recordClass, recordId);
  const known = await readDocument(stub, key, RecordDocument);
  if (known === undefined && ifVersion !== null) throw new PulseError('not_found');
  if ((known?.version ?? null) !== ifVersion) throw new PulseError('precondition_failed');
  return known;
}

const NOTHING = { uniqueKey: null, indexKeys: [], attachments: [] } as const;

/** What stands beside the resource: as the write says, else as before; a deleted record has none of it. */
function beside(
  write: RecordWrite,
  known: RecordDocument | undefined,
): Pick<RecordDocument, 'labels' | 'uniqueKey' | 'indexKeys' | 'attachments'> {
  const before = known ?? { labels: [], ...NOTHING };
  if (write.resource === null) return { labels: before.labels, ...NOTHING };
  const { uniqueKey = before.uniqueKey, indexKeys = before.indexKeys, attachments = [] } = write;
  return { labels: [...new Set(write.labels)].sort(), uniqueKey, indexKeys, attachments };
}

/** Of an order and of what answers it; it stays with the record. */
function ordering(
  { orderId, orderFor, repeat }: RecordWrite,
  known: RecordDocument | undefined,
): Pick<RecordDocument, 'orderId' | 'orderFor' | 'repeat'> {
  return {
    orderId: orderId ?? known?.orderId ?? null,
    orderFor: orderFor ?? known?.orderFor ?? null,
    repeat: repeat ?? known?.repeat ?? null,
  };
}

function newVersion(
  { caller, input, nowMs }: WriteCall,
  write: RecordWrite,
  known: RecordDocument | undefined,
): RecordDocument {
  if (caller.subjectId === undefined) throw new PulseError('access_denied');
  const { recordClass, recordId, resource, saltHex } = write;
  return {
    patientId: input.patientId,
    ...{ recordClass, recordId, resource, saltHex },
    version: (known?.version ?? 0) + 1,
    ...beside(write, known),
    ...ordering(write, known),
    authorId: caller.subjectId,
    authorRole: caller.role,
    mspId: caller.mspId,
    writtenAtMs: nowMs,
  };
}

/** What the claims must permit. Registering a patient is creating their basics. */
function neededAction(write: RecordWrite, isNewPatient: boolean): Action {
  if (write.recordClass !== 'basics' || write.resource === null) return actionOf(write);
  return isNewPatient ? 'register' : 'amend';
}

async function keepPatient(
  call: WriteCall,
  write: RecordWrite,
  isNewPatient: boolean,
): Promise<void> {
  if (write.recordClass !== 'basics') return;
  const { patientId } = call.input;
  if (isNewPatient) await registerPatient(call, patientId, write);
  else await amendPatient(call, patientId, write);
}

/** Write one record: the version that it replaces is kept, and its places follow. */
async function writeRecord(
  call: WriteCall,
  claims: Claims,
  write: RecordWrite,
): Promise<RecordDocument> {
  const { stub, caller, input } = call;
  const { recordClass } = write;
  const isNewPatient = isRegistering(claims);
  const action = neededAction(write, isNewPatient);
  // Before anything is read, so that nobody learns what is there by trying.
  requirePermitted(claims, { action, recordClass, labels: write.labels });
  const known = await knownRecord(call, write);
  requireReason(claims, write, known);
  const after = newVersion(call, write, known);
  if (known !== undefined) {
    requireOwn(caller, claims, known, write);
    requirePermitted(claims, { action, recordClass, labels: [...known.labels, ...after.labels] });
    const { patientId, recordId, version } = known;
    await writeDocument(
      stub,
      CLINICAL_KEYS.version(patientId, recordClass, recordId, version),
      known,
    );
  }
  const key = CLINICAL_KEYS.record(input.patientId, recordClass, after.recordId);
  await writeDocument(stub, key, after);
  await movePlaces(stub, known, after);
  if (recordClass === 'order') await placeOrder(stub, known, after);
  await keepPatient(call, write, isNewPatient);
  await copyToExtract(call, claims.shares, { before: known, after });
  return after;
}

/** All writes or none: create, amend, delete. Nothing is overwritten; the answer tells versions only. */
async function write(call: WriteCall): Promise<WriteRecordsOutput> {
  const { patientId, writes } = call.input;
  requireDistinct(writes);
  const claims = await requireAttestation(call, { patientId });
  for (const each of writes) checkWrite(call.caller, claims, patientId, each);
  if (isRegistering(claims)) await requireRegistration(call, patientId, writes);
  const versions: number[] = [];
  for (const each of writes) versions.push((await writeRecord(call, claims, each)).version);
  return { versions, writtenAtMs: call.nowMs };
}

export const WRITE: TransactionFunction<WriteRecordsInput> = {
  name: 'record:Write',
  input: inputOf(WriteRecordsInput),
  run: write,
};
