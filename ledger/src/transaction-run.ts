import type { PulseError } from '@pulseledger/domain';
import type { LedgerConnection } from './connection.ts';
import { callOptions } from './deadlines.ts';
import { classify, type Stage } from './faults.ts';
import {
  type LedgerTransaction,
  newCommitRequest,
  newProposal,
  type SignedMessage,
  signMessages,
  toUnsigned,
} from './messages.ts';
import { type SubmissionObserver, SubmissionWatch } from './observer.ts';
import {
  decide,
  type FailureKind,
  FIRST_STATE,
  FIRST_STEP,
  type RetryEvent,
  type Step,
  waitMs,
} from './retry.ts';
import type { Signatory } from './signatory.ts';

/** Time spent in each stage of a transaction, all tries together, in milliseconds. */
export interface StageTimes {
  endorseMs: number;
  submitMs: number;
  commitMs: number;
  /** From the first step to the outcome, waits included. */
  totalMs: number;
}

/**
 * What became of a transaction.
 *
 * - `committed`: valid in a block. `result` is what the contract returned.
 * - `failed`: certainly without effect on the ledger.
 * - `unknown`: it may or may not take effect; ask later, or repeat something that the contract takes twice.
 */
export type TransactionOutcome = {
  readonly transactionId: string;
  readonly times: Readonly<StageTimes>;
  /** Steps taken; 4 when everything went well at once. */
  readonly steps: number;
} & (
  | { readonly status: 'committed'; readonly result: Uint8Array; readonly blockNumber: bigint }
  | { readonly status: 'failed'; readonly kind: FailureKind; readonly error: PulseError }
  | { readonly status: 'unknown'; readonly error: PulseError }
);

/** What all runs of one batch share. */
export interface RunContext {
  readonly connection: LedgerConnection;
  readonly signatory: Signatory;
  /** MSP ids of all organizations that must endorse. */
  readonly endorsers: readonly string[];
  /** Unix milliseconds after which no further step is begun. */
  readonly giveUpAtMs: number;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly random: () => number;
  /** Runs an endorsement when it is its turn. */
  readonly endorsing: <T>(work: () => Promise<T>) => Promise<T>;
  readonly observer: SubmissionObserver;
}

type CallStep = Extract<Step, { do: 'propose' | 'endorse' | 'submit' | 'probe' | 'await' }>;
type EndStep = Exclude<Step, CallStep>;

/** Takes one transaction from its signed proposal to its outcome, as retry.ts decides. */
export class TransactionRun {
  readonly #context: RunContext;
  readonly #transaction: LedgerTransaction;
  readonly #times: StageTimes = { endorseMs: 0, submitMs: 0, commitMs: 0, totalMs: 0 };
  #proposal: SignedMessage;
  #envelope: SignedMessage | undefined;
  #commitRequest: SignedMessage | undefined;
  #result: Uint8Array = new Uint8Array();
  #blockNumber = 0n;

  constructor(context: RunContext, transaction: LedgerTransaction, proposal: SignedMessage) {
    this.#context = context;
    this.#transaction = transaction;
    this.#proposal = proposal;
  }

  /** Never throws for anything that the ledger does or does not do. */
  async finish(): Promise<TransactionOutcome> {
    const startedMs = this.#context.now();
    let state = FIRST_STATE;
    let step: Step = FIRST_STEP;
    const watch = new SubmissionWatch(this.#context.observer);
    let steps = 0;
    while (isCall(step)) {
      steps += 1;
      const event = await this.#take(step);
      ({ state, step } = decide(state, event));
      watch.decided(event, step);
    }
    this.#times.totalMs = this.#context.now() - startedMs;
    return this.#outcome(step, steps);
  }

  async #take(step: CallStep): Promise<RetryEvent> {
    const { now, sleep, random, giveUpAtMs } = this.#context;
    const wait = waitMs(step.retry, random());
    if (now() + wait >= giveUpAtMs) {
      return { type: 'out_of_time' };
    }
    if (wait > 0) {
      await sleep(wait);
    }
    switch (step.do) {
      case 'propose':
        return this.#timed('endorse', () => this.#propose(step.retry > 0));
      case 'endorse':
        return this.#timed('endorse', () => this.#endorse());
      case 'submit':
        return this.#timed('submit', () => this.#submit());
      case 'probe':
        return this.#timed('commit', () => this.#status('commitProbe'));
      case 'await':
        return this.#timed('commit', () => this.#status('commitStatus'));
    }
  }

  async #timed(stage: Stage, call: () => Promise<RetryEvent>): Promise<RetryEvent> {
    const { now, endorsers } = this.#context;
    const startedMs = now();
    try {
      return await call();
    } catch (error) {
      return { type: 'fault', fault: classify(stage, error, endorsers.length) };
    } finally {
      const spentMs = now() - startedMs;
      if (stage === 'endorse') this.#times.endorseMs += spentMs;
      else if (stage === 'submit') this.#times.submitMs += spentMs;
      else this.#times.commitMs += spentMs;
    }
  }

  async #propose(anew: boolean): Promise<RetryEvent> {
    if (anew) {
      const { connection, signatory, endorsers } = this.#context;
      const gateway = connection.builder(signatory);
      const proposal = newProposal(gateway, {
        connection,
        signatory,
        transaction: this.#transaction,
        organizations: endorsers,
      });
      [this.#proposal = this.#proposal] = await signMessages(signatory, [toUnsigned(proposal)]);
      this.#envelope = undefined;
    }
    return this.#endorse();
  }

  async #endorse(): Promise<RetryEvent> {
    const { connection, signatory, giveUpAtMs, now, endorsing } = this.#context;
    const { bytes, signature } = this.#proposal;
    const transaction = await endorsing(async () =>
      // Its turn may come after the caller's own end; a call with a deadline in the past is none.
      now() >= giveUpAtMs
        ? undefined
        : connection.call(signatory, (gateway) =>
            gateway
              .newSignedProposal(bytes, signature)
              .endorse(callOptions('endorse', now(), giveUpAtMs)),
          ),
    );
    if (transaction === undefined) {
      return { type: 'out_of_time' };
    }
    this.#result = transaction.getResult();
    [this.#envelope, this.#commitRequest] = await signMessages(signatory, [
      toUnsigned(transaction),
      newCommitRequest(connection, signatory, this.#proposal.transactionId),
    ]);
    return { type: 'endorsed' };
  }

  async #submit(): Promise<RetryEvent> {
    const { connection, signatory, giveUpAtMs, now } = this.#context;
    const { bytes, signature } = needed(this.#envelope);
    await connection.call(signatory, (gateway) =>
      gateway
        .newSignedTransaction(bytes, signature)
        .submit(callOptions('submit', now(), giveUpAtMs)),
    );
    return { type: 'submitted' };
  }

  async #status(call: 'commitProbe' | 'commitStatus'): Promise<RetryEvent> {
    const { connection, signatory, giveUpAtMs, now } = this.#context;
    const { bytes, signature } = needed(this.#commitRequest);
    const status = await connection.call(signatory, (gateway) =>
      gateway.newSignedCommit(bytes, signature).getStatus(callOptions(call, now(), giveUpAtMs)),
    );
    this.#blockNumber = status.blockNumber;
    return { type: 'status', code: status.code };
  }

  #outcome(step: EndStep, steps: number): TransactionOutcome {
    const common = { transactionId: this.#proposal.transactionId, times: this.#times, steps };
    switch (step.do) {
      case 'commit':
        return {
          ...common,
          status: 'committed',
          result: this.#result,
          blockNumber: this.#blockNumber,
        };
      case 'fail':
        return { ...common, status: 'failed', kind: step.kind, error: step.error };
      case 'leave_unknown':
        return { ...common, status: 'unknown', error: step.error };
    }
  }
}

function isCall(step: Step): step is CallStep {
  return 'retry' in step;
}

function needed(message: SignedMessage | undefined): SignedMessage {
  if (message === undefined) {
    throw new TypeError('The transaction was not endorsed.');
  }
  return message;
}
