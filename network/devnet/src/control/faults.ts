import { setTimeout as delay } from 'node:timers/promises';
import { type common, peer } from '@hyperledger/fabric-protos';
import type { CommitInterventions, ValidationCode } from '../ledger/types.ts';
import { BoundedCache } from '../msp/bounded-cache.ts';
import type { OrderingFault } from '../orderer/orderer.ts';
import { ControlError } from './errors.ts';
import type { Fault, FaultKind, FaultMatch, ListedFault } from './fault-types.ts';
import { endorsedTransaction, type Invocation } from './invocation.ts';

const MAX_FAULTS = 1_000;
/** Transactions whose fate at the commit, or at their endorsers, is remembered. */
const MAX_REMEMBERED = 100_000;

interface Registered {
  readonly id: number;
  readonly fault: FaultKind;
  readonly match: FaultMatch;
  left: number;
}

function matches(wanted: FaultMatch, invocation: Invocation): boolean {
  return (
    (wanted.chaincode ?? invocation.chaincode) === invocation.chaincode &&
    (wanted.functionName ?? invocation.functionName) === invocation.functionName &&
    (wanted.creatorMspId ?? invocation.mspId) === invocation.mspId &&
    (wanted.txId ?? invocation.txId) === invocation.txId
  );
}

/** Where a fault shows: each stage looks for its own. */
function stageOf(fault: FaultKind): 'simulation' | 'endorsement' | 'ordering' {
  if (fault.kind === 'endorsement-mismatch') return 'endorsement';
  return fault.kind === 'delay' && fault.at === 'simulation' ? 'simulation' : 'ordering';
}

/** Faults that developers ask for, and what they do to single transactions. Costs nothing while there are none. */
export class Faults implements CommitInterventions {
  #registered: Registered[] = [];
  #nextId = 1;
  /** By transaction: what was decided when it was first seen at a stage. */
  readonly #simulations = new BoundedCache<number>(MAX_REMEMBERED);
  readonly #firstEndorsers = new BoundedCache<string>(MAX_REMEMBERED);
  readonly #conflicts = new Set<string>();
  readonly #pastConflicts = new BoundedCache<true>(MAX_REMEMBERED);
  readonly #losses = new Map<string, Set<string>>();

  /** @throws ControlError when there are too many already. */
  add({ fault, times, match }: Fault): ListedFault {
    if (this.#registered.length >= MAX_FAULTS) {
      throw new ControlError(
        `There are ${MAX_FAULTS} faults already. Clear those that are done with.`,
      );
    }
    const registered = { id: this.#nextId, fault, match, left: times };
    this.#nextId += 1;
    this.#registered.push(registered);
    return { ...registered };
  }

  list(): readonly ListedFault[] {
    return this.#registered.map((each) => ({ ...each }));
  }

  /** One, or all. Answers how many there were. */
  clear(id?: number): number {
    const kept = this.#registered.filter((each) => id !== undefined && each.id !== id);
    const cleared = this.#registered.length - kept.length;
    this.#registered = kept;
    return cleared;
  }

  /** Waits as long as a fault says; the same for each endorser of a transaction. */
  async beforeSimulation(read: () => Invocation): Promise<void> {
    if (!this.#has('simulation')) return;
    const invocation = read();
    const known = this.#simulations.get(invocation.txId);
    const ms = known ?? this.#takeDelay('simulation', invocation);
    this.#simulations.set(invocation.txId, ms);
    if (ms > 0) await delay(ms);
  }

  /** Whether this endorser must answer something else than the first one did. */
  mismatches(read: () => Invocation, endorserMspId: string): boolean {
    if (!this.#has('endorsement')) return false;
    const invocation = read();
    const first = this.#firstEndorsers.get(invocation.txId);
    if (first === undefined) this.#firstEndorsers.set(invocation.txId, endorserMspId);
    if (first === undefined || first === endorserMspId) return false;
    return this.#take(invocation, (fault) => stageOf(fault) === 'endorsement') !== undefined;
  }

  /** What becomes of an envelope that the orderer has accepted; also decides what happens at its commit. */
  readonly atOrdering = (envelope: common.Envelope): OrderingFault | undefined => {
    if (!this.#has('ordering')) return undefined;
    const invocation = endorsedTransaction(envelope)?.invocation;
    if (invocation === undefined) return undefined;
    if (this.#take(invocation, ({ kind }) => kind === 'drop') !== undefined)
      return { kind: 'drop' };
    if (this.#take(invocation, ({ kind }) => kind === 'conflict') !== undefined) {
      this.#conflicts.add(invocation.txId);
    }
    this.#takeLosses(invocation);
    const ms = this.#takeDelay('ordering', invocation);
    return ms > 0 ? { kind: 'delay', ms } : undefined;
  };

  codeOf(txId: string): ValidationCode | undefined {
    return this.#conflicts.has(txId) ? peer.TxValidationCode.MVCC_READ_CONFLICT : undefined;
  }

  losesPrivateData(txId: string, mspId: string): boolean {
    return this.#losses.get(txId)?.has(mspId) === true;
  }

  /** Call when a transaction is committed; afterwards only {@link wasConflict} knows of it. */
  committed(txId: string): void {
    if (this.#conflicts.delete(txId)) this.#pastConflicts.set(txId, true);
    this.#losses.delete(txId);
  }

  /** Whether a transaction's conflict was made by a fault. */
  wasConflict(txId: string): boolean {
    return this.#pastConflicts.get(txId) === true;
  }

  #has(stage: ReturnType<typeof stageOf>): boolean {
    return this.#registered.some(({ fault }) => stageOf(fault) === stage);
  }

  /** Uses up one of a fault's times; undefined when there is none for this transaction. */
  #take(invocation: Invocation, isWanted: (fault: FaultKind) => boolean): FaultKind | undefined {
    const found = this.#registered.find(
      ({ fault, match }) => isWanted(fault) && matches(match, invocation),
    );
    if (found === undefined) return undefined;
    found.left -= 1;
    if (found.left === 0) this.#registered = this.#registered.filter((each) => each !== found);
    return found.fault;
  }

  #takeDelay(at: 'simulation' | 'ordering', invocation: Invocation): number {
    const fault = this.#take(invocation, (each) => each.kind === 'delay' && each.at === at);
    return fault?.kind === 'delay' ? fault.ms : 0;
  }

  #takeLosses(invocation: Invocation): void {
    const lost = new Set<string>();
    for (;;) {
      const fault = this.#take(
        invocation,
        (each) => each.kind === 'lose-private-data' && !lost.has(each.peerMspId),
      );
      if (fault?.kind !== 'lose-private-data') break;
      lost.add(fault.peerMspId);
    }
    if (lost.size > 0) this.#losses.set(invocation.txId, lost);
  }
}
