import './quiet.ts';
import { type Role, subjectCommitment } from '@pulseledger/domain';
import type { Context, Contract } from 'fabric-contract-api';
import type { FunctionName } from '../access/rules.ts';
import { sha256 } from '../crypto.ts';
import { contracts } from '../index.ts';
import { type Committed, StubDouble } from './stub-double.ts';

/** A certificate as the contract sees it. */
export interface Identity {
  readonly mspId: string;
  readonly role: Role;
  /** The person; left out for services. */
  readonly subjectId?: string;
}

/** A call of a transaction function. */
export interface Proposal {
  readonly identity: Identity;
  readonly input?: object;
  readonly chunks?: Uint8Array;
  /** When each chunk was received. */
  readonly received?: unknown;
  readonly attestation?: unknown;
  /** Of a medic, for whom an API reads. */
  readonly intent?: unknown;
  readonly nowMs: number;
  /** Whose peer runs it; the identity's own organization's when left out. */
  readonly peerMspId?: string;
  /** Replaces attributes of the certificate. */
  readonly attributes?: Readonly<Record<string, string | null>>;
  /** Replaces the opening of the subject. */
  readonly subject?: object;
}

/** A proposal that was simulated, not yet ordered. */
export interface Endorsement {
  readonly result: string;
  readonly stub: StubDouble;
}

const SUBJECT_SALT = '5a'.repeat(16);
const CONTRACTS: ReadonlyMap<string, Contract> = new Map(
  contracts.map((contract) => {
    const instance = Reflect.construct(contract as () => void, []) as Contract;
    return [instance.getName(), instance];
  }),
);

function transientOf(proposal: Proposal): Map<string, Uint8Array> {
  const { identity, input, chunks, received, subject, attestation, intent } = proposal;
  const transient = new Map<string, Uint8Array>();
  const opening = subject ?? { id: identity.subjectId, saltHex: SUBJECT_SALT };
  if (identity.subjectId !== undefined) transient.set('subject', json(opening));
  if (input !== undefined) transient.set('input', json(input));
  if (chunks !== undefined) transient.set('chunks', chunks);
  if (received !== undefined) transient.set('received', json(received));
  if (attestation !== undefined) transient.set('attestation', json(attestation));
  if (intent !== undefined) transient.set('intent', json(intent));
  return transient;
}

function json(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

function attributesOf({ identity, attributes }: Proposal): Record<string, string | null> {
  const { role, subjectId } = identity;
  const subject =
    subjectId === undefined ? null : subjectCommitment(subjectId, SUBJECT_SALT, sha256);
  return { role, subject, ...attributes };
}

/** A channel with its collections in memory: simulate, order, validate, commit. */
export class LedgerDouble {
  readonly privateData = new Map<string, Committed>();
  readonly publicState = new Map<string, Uint8Array>();
  #commits = 0;
  #proposals = 0;

  /** Run a function against what is committed. */
  async endorse(name: FunctionName, proposal: Proposal): Promise<Endorsement> {
    this.#proposals += 1;
    const txId = String(this.#proposals).padStart(64, '0');
    const { nowMs } = proposal;
    const { privateData, publicState } = this;
    const state = { privateData: new Map(privateData), publicState: new Map(publicState) };
    const creatorMspId = proposal.identity.mspId;
    const stub = new StubDouble(state, {
      ...{ txId, nowMs, transient: transientOf(proposal), creatorMspId },
      peerMspId: proposal.peerMspId ?? creatorMspId,
    });
    const attributes = attributesOf(proposal);
    const clientIdentity = {
      getMSPID: () => proposal.identity.mspId,
      getAttributeValue: (attribute: string) => attributes[attribute] ?? null,
    };
    const [contractName = '', functionName = ''] = name.split(':');
    const contract: object | undefined = CONTRACTS.get(contractName);
    if (contract === undefined) throw new Error(`there is no contract ${contractName}`);
    const run = contract[functionName as keyof typeof contract] as (
      context: Context,
    ) => Promise<string>;
    const context = { stub, clientIdentity } as unknown as Context;
    const result = await run.call(contract, context);
    if (stub.openIterators !== 0) throw new Error('an iterator was left open');
    return { result, stub };
  }

  /** Validate by the versions read, as a peer does, and commit. */
  commit({ stub }: Endorsement): 'VALID' | 'MVCC_READ_CONFLICT' {
    for (const [key, version] of stub.reads) {
      if (this.privateData.get(key)?.version !== version) return 'MVCC_READ_CONFLICT';
    }
    this.#commits += 1;
    for (const [key, value] of stub.privateWrites) {
      this.privateData.set(key, { value, version: this.#commits });
    }
    for (const key of stub.privateDeletes) this.privateData.delete(key);
    for (const [key, value] of stub.publicWrites) this.publicState.set(key, value);
    return 'VALID';
  }

  /** Endorse and commit; the parsed result. */
  async submit(name: FunctionName, proposal: Proposal): Promise<unknown> {
    const endorsement = await this.endorse(name, proposal);
    const status = this.commit(endorsement);
    if (status !== 'VALID') throw new Error(status);
    return JSON.parse(endorsement.result);
  }

  /** Endorse and throw the writes away, of which there should be none. */
  async evaluate(name: FunctionName, proposal: Proposal): Promise<unknown> {
    const { result, stub } = await this.endorse(name, proposal);
    if (stub.privateWrites.size + stub.privateDeletes.size + stub.publicWrites.size > 0) {
      throw new Error('an evaluated function wrote');
    }
    return JSON.parse(result);
  }
}
