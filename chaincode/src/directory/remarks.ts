import {
  type AttestationDocument,
  AttestQualificationInput,
  type ChangeOutput,
  CloseDisputeInput,
  canonicalJson,
  DIRECTORY_COLLECTION,
  DIRECTORY_KEYS,
  type DirectoryDocument,
  type DirectoryKind,
  type Dispute,
  DisputeDocument,
  directoryFacts,
  OpenDisputeInput,
  PulseError,
} from '@pulseledger/domain';
import { readDocument, writeDocument } from '../store/documents.ts';
import { CHANGED, UNCHANGED } from '../transaction/change.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import { inputOf } from '../transaction/transient.ts';
import { readEntry } from './stored-entry.ts';

async function existingEntry(
  { stub }: Call<unknown>,
  kind: DirectoryKind,
  id: string,
): Promise<DirectoryDocument> {
  const entry = await readEntry(stub, kind, id);
  if (entry === undefined) throw new PulseError('not_found', 'There is no such entry.');
  return entry;
}

/** An organization says that it checked a qualification; earlier words stay. */
async function attest(call: Call<AttestQualificationInput>): Promise<ChangeOutput> {
  const { stub, caller, input, nowMs } = call;
  const { saltHex, practitionerId, ...said } = input;
  const { resource } = await existingEntry(call, 'Practitioner', practitionerId);
  const { qualifications } = directoryFacts(resource);
  if (!qualifications.some(({ key }) => key === said.qualification)) {
    throw new PulseError('not_found', 'The practitioner has no such qualification.');
  }
  const document: AttestationDocument = {
    attestation: { ...said, mspId: caller.mspId, atMs: nowMs },
    saltHex,
  };
  const key = DIRECTORY_KEYS.attestation(practitionerId, nowMs, said.attestationId);
  await writeDocument(stub, key, document, DIRECTORY_COLLECTION);
  return CHANGED;
}

/** Another organization than the custodian objects to a member of an entry. */
async function openDispute(call: Call<OpenDisputeInput>): Promise<ChangeOutput> {
  const { stub, caller, input, nowMs } = call;
  const { saltHex, ...objection } = input;
  const { kind, id, disputeId } = objection;
  const { custodian, version } = await existingEntry(call, kind, id);
  if (custodian === caller.mspId) {
    throw new PulseError('access_denied', 'Who answers for an entry changes it instead.');
  }
  const key = DIRECTORY_KEYS.dispute(kind, id, disputeId);
  const known = await readDocument(stub, key, DisputeDocument, DIRECTORY_COLLECTION);
  if (known !== undefined) throw new PulseError('conflict', 'There is such a dispute already.');
  const dispute: Dispute = {
    ...objection,
    version,
    mspId: caller.mspId,
    openedAtMs: nowMs,
    status: 'open',
    closedAtMs: null,
    answer: null,
  };
  const document: DisputeDocument = { dispute, saltHex };
  await writeDocument(stub, key, document, DIRECTORY_COLLECTION);
  return CHANGED;
}

/** Who closes a dispute decides what it ends as. */
function closingOf(dispute: Dispute, custodian: string, mspId: string): Dispute['status'] {
  if (dispute.mspId === mspId) return 'withdrawn';
  if (custodian === mspId) return 'settled';
  throw new PulseError('access_denied', 'The dispute is between two other organizations.');
}

async function closeDispute(call: Call<CloseDisputeInput>): Promise<ChangeOutput> {
  const { stub, caller, input, nowMs } = call;
  const { kind, id, disputeId, answer } = input;
  const { custodian } = await existingEntry(call, kind, id);
  const key = DIRECTORY_KEYS.dispute(kind, id, disputeId);
  const known = await readDocument(stub, key, DisputeDocument, DIRECTORY_COLLECTION);
  if (known === undefined) throw new PulseError('not_found', 'There is no such dispute.');
  const { dispute, saltHex } = known;
  const status = closingOf(dispute, custodian, caller.mspId);
  if (dispute.status !== 'open') {
    const repeated = canonicalJson([dispute.status, dispute.answer]);
    if (repeated === canonicalJson([status, answer])) return UNCHANGED;
    throw new PulseError('conflict', 'The dispute is closed already.');
  }
  const closed: DisputeDocument = {
    dispute: { ...dispute, status, answer, closedAtMs: nowMs },
    saltHex,
  };
  await writeDocument(stub, key, closed, DIRECTORY_COLLECTION);
  return CHANGED;
}

export const ATTEST_QUALIFICATION: TransactionFunction<AttestQualificationInput> = {
  name: 'directory:Attest',
  input: inputOf(AttestQualificationInput),
  run: attest,
};

export const OPEN_DISPUTE: TransactionFunction<OpenDisputeInput> = {
  name: 'directory:Dispute',
  input: inputOf(OpenDisputeInput),
  run: openDispute,
};

export const CLOSE_DISPUTE: TransactionFunction<CloseDisputeInput> = {
  name: 'directory:CloseDispute',
  input: inputOf(CloseDisputeInput),
  run: closeDispute,
};
