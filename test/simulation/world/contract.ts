import { createHash } from 'node:crypto';
import { subjectCommitment } from '@pulseledger/domain';
import { REGISTER_PATIENT } from '../../../chaincode/src/care/register-patient.ts';
import { ASSIGN_DEVICE } from '../../../chaincode/src/device/assign.ts';
import { REGISTER_DEVICE } from '../../../chaincode/src/device/register.ts';
import { DEVICE_STATUS } from '../../../chaincode/src/device/status.ts';
import { REPORT_LOST } from '../../../chaincode/src/device/withdraw.ts';
import { type Committed, StubDouble } from '../../../chaincode/src/testing/stub-double.ts';
import { invoke, type TransactionFunction } from '../../../chaincode/src/transaction/invoke.ts';
import { RECORD_CHUNKS } from '../../../chaincode/src/vitals/record-chunks.ts';

const SUBJECT_SALT = '5a'.repeat(16);

/** A certificate as the contract sees it. */
export interface Identity {
  readonly mspId: string;
  readonly role: string;
  readonly subjectId?: string;
}

export const INGEST: Identity = { mspId: 'HospitalMSP', role: 'ingest' };
export const ADMINISTRATOR: Identity = {
  mspId: 'HospitalMSP',
  role: 'administrator',
  subjectId: 'ad'.repeat(16),
};

/** A call of a contract function. */
export interface ContractCall {
  readonly name: string;
  readonly transactionId: string;
  readonly identity: Identity;
  readonly atMs: number;
  readonly transient: ReadonlyMap<string, Uint8Array>;
}

/** What a peer signs: the result, what was read in which version, and what is to be written. */
export interface Simulated {
  readonly result: string;
  readonly reads: ReadonlyMap<string, number | undefined>;
  readonly writes: ReadonlyMap<string, Uint8Array>;
}

const FUNCTIONS = new Map<string, (context: never) => Promise<string>>(
  [RECORD_CHUNKS, DEVICE_STATUS, REPORT_LOST, REGISTER_DEVICE, ASSIGN_DEVICE, REGISTER_PATIENT].map(
    (one) => [one.name, (context) => invoke(context, one as TransactionFunction<unknown>)],
  ),
);

/**
 * Runs the contract's own code on what one peer has committed. It waits for nothing but settled promises, so that it is
 * done before the next event.
 * @throws Error with the text that the chaincode would answer.
 */
export async function simulate(
  state: ReadonlyMap<string, Committed>,
  call: ContractCall,
): Promise<Simulated> {
  const { transactionId: txId, atMs: nowMs, identity } = call;
  const run = FUNCTIONS.get(call.name);
  if (run === undefined) throw new Error(`not_found: ${call.name}`);
  const transient = new Map(call.transient);
  const { subjectId } = identity;
  if (subjectId !== undefined) {
    const opening = JSON.stringify({ id: subjectId, saltHex: SUBJECT_SALT });
    transient.set('subject', Buffer.from(opening));
  }
  const { mspId } = identity;
  const stub = new StubDouble(
    { privateData: state, publicState: new Map() },
    { ...{ txId, nowMs, transient }, creatorMspId: mspId, peerMspId: mspId },
  );
  const subject =
    subjectId === undefined ? null : subjectCommitment(subjectId, SUBJECT_SALT, sha256);
  const attributes: Record<string, string | null> = { role: identity.role, subject };
  const clientIdentity = {
    getMSPID: () => mspId,
    getAttributeValue: (name: string) => attributes[name] ?? null,
  };
  const result = await run({ stub, clientIdentity } as never);
  return { result, reads: stub.reads, writes: stub.privateWrites };
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}

/** JSON in the transient field `input`. */
export function inputField(input: object): ReadonlyMap<string, Uint8Array> {
  return new Map([['input', Buffer.from(JSON.stringify(input))]]);
}
