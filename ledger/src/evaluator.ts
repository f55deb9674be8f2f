import { setTimeout as delay } from 'node:timers/promises';
import type { Gateway, Proposal } from '@hyperledger/fabric-gateway';
import type { LedgerConnection } from './connection.ts';
import { callOptions } from './deadlines.ts';
import { classify, type Fault } from './faults.ts';
import { type LedgerTransaction, newProposal } from './messages.ts';
import { waitMs } from './retry.ts';
import type { Signatory, SignatorySource } from './signatory.ts';

/** Tries of one evaluation, the first included; nothing is changed by trying again. */
const TRIES = 3;

/** Options of {@link Evaluator}. */
export interface EvaluatorOptions {
  readonly connection: LedgerConnection;
  readonly signatories: SignatorySource;
  readonly sleep?: (ms: number) => Promise<void>;
  readonly random?: () => number;
}

/** Makes the proposal of one try. */
export type Propose = (gateway: Gateway, signatory: Signatory) => Proposal;

type Answer = { readonly bytes: Uint8Array } | { readonly fault: Fault };

/**
 * Asks the contract without changing anything. Only the peers of one organization are asked, the connection's own
 * unless said otherwise: without that name an evaluation may fall through to another organization's peer.
 */
export class Evaluator {
  readonly #options: EvaluatorOptions;

  constructor(options: EvaluatorOptions) {
    this.#options = options;
  }

  /**
   * The contract's answer. A peer that is away or busy is asked again, with growing random waits; a refused identity
   * is replaced once. A contract error and a missed deadline are final.
   * @param mspId - whose peers are asked; the connection's own organization's when left out.
   * @throws PulseError the contract's own code; `unauthenticated`, `throttled`, `timeout`, `unavailable`.
   */
  evaluate(transaction: LedgerTransaction, mspId?: string): Promise<Uint8Array> {
    const { connection } = this.#options;
    const organizations = [mspId ?? connection.mspId];
    return this.ask((gateway, signatory) =>
      newProposal(gateway, { connection, signatory, transaction, organizations }),
    );
  }

  /** The answer to any proposal, with the same patience. @throws PulseError as `evaluate` */
  async ask(propose: Propose): Promise<Uint8Array> {
    const { signatories } = this.#options;
    const signatory = await signatories.current();
    const first = await this.#patiently(signatory, propose);
    if ('bytes' in first) {
      return first.bytes;
    }
    const refused = first.fault.kind === 'identity';
    const other = refused ? await signatories.afterRefusal(signatory) : undefined;
    const second = other === undefined ? first : await this.#patiently(other, propose);
    if ('bytes' in second) {
      return second.bytes;
    }
    throw second.fault.error;
  }

  async #patiently(signatory: Signatory, propose: Propose): Promise<Answer> {
    const { sleep = delay, random = Math.random } = this.#options;
    for (let tries = 1; ; tries += 1) {
      const answer = await this.#once(signatory, propose);
      const again =
        'fault' in answer &&
        (answer.fault.kind === 'unreachable' || answer.fault.kind === 'busy') &&
        tries < TRIES;
      if (!again) {
        return answer;
      }
      await sleep(waitMs(tries, random()));
    }
  }

  async #once(signatory: Signatory, propose: Propose): Promise<Answer> {
    const { connection } = this.#options;
    try {
      const bytes = await connection.call(signatory, (gateway) =>
        propose(gateway, signatory).evaluate(callOptions('evaluate', Date.now())),
      );
      return { bytes };
    } catch (error) {
      return { fault: classify('evaluate', error) };
    }
  }
}
