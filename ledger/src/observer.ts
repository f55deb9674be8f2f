import { channel } from 'node:diagnostics_channel';
import type { Stage } from './faults.ts';
import type { FailureKind, RetryEvent, Step } from './retry.ts';

/** Why a step is taken once more. `duplicate`: the peers know the transaction ID already. */
export type RetryReason = FailureKind | 'duplicate';

/**
 * What the ledger's word was on a commit whose answer had not come: the transaction is `committed`, in a block but
 * `invalid`, or `absent`: nobody had seen it commit, and the same envelope goes to the orderer again.
 */
export type UnknownResolution = 'committed' | 'invalid' | 'absent';

/**
 * Told what happens to transactions on their way, to be counted. Nothing in it names a transaction, a device or a person.
 * Must not throw.
 */
export interface SubmissionObserver {
  /** A step is taken again. A new proposal after an MVCC or phantom conflict is stage `commit`, reason `conflict`. */
  readonly retried: (stage: Stage, reason: RetryReason) => void;
  /** A submit, or the question for its commit status, was not answered: its fate is unknown. */
  readonly commitUnknown: () => void;
  /** The fate of such a commit is known now; what is never resolved ends as an `unknown` outcome. */
  readonly unknownResolved: (as: UnknownResolution) => void;
}

/** Observes nothing. */
export const NO_OBSERVER: SubmissionObserver = {
  retried: () => undefined,
  commitUnknown: () => undefined,
  unknownResolved: () => undefined,
};

/** Message on the diagnostics channel {@link LEDGER_CHANNEL}. */
export type SubmissionEvent =
  /** The orderer is about to get the transaction for the first time. */
  | { readonly type: 'submitting' }
  /** What had been submitted has come to its end. */
  | { readonly type: 'settled'; readonly outcome: 'committed' | 'failed' | 'unknown' }
  | { readonly type: 'retried'; readonly stage: Stage; readonly reason: RetryReason }
  | { readonly type: 'unknown_commit' }
  | { readonly type: 'unknown_resolved'; readonly as: UnknownResolution };

/** Whoever runs a built function in its own process can follow its transactions here (node:diagnostics_channel). */
export const LEDGER_CHANNEL = 'pulseledger.ledger';

const ledgerChannel = channel(LEDGER_CHANNEL);

function publish(event: SubmissionEvent): void {
  ledgerChannel.publish(event);
}

const OUTCOMES = { commit: 'committed', fail: 'failed', leave_unknown: 'unknown' } as const;

/** Watches the decisions on one transaction and tells an observer what they mean. */
export class SubmissionWatch {
  readonly #observer: SubmissionObserver;
  #unknown = false;
  #submitted = false;

  constructor(observer: SubmissionObserver) {
    this.#observer = observer;
  }

  /** After `event` the decision was to take the step `next`. */
  decided(event: RetryEvent, next: Step): void {
    this.#told(event, next);
    if (next.do === 'submit' && !this.#submitted) {
      this.#submitted = true;
      publish({ type: 'submitting' });
    } else if (this.#submitted && !('retry' in next)) {
      publish({ type: 'settled', outcome: OUTCOMES[next.do] });
    }
  }

  #told(event: RetryEvent, next: Step): void {
    if (event.type === 'fault') this.#fault(event.fault.stage, event.fault.kind, next);
    else if (event.type === 'status') this.#status(next);
  }

  #fault(stage: Stage, kind: FailureKind, next: Step): void {
    const unanswered = kind === 'timeout' || kind === 'unreachable';
    if ((stage === 'submit' || stage === 'commit') && unanswered && !this.#unknown) {
      this.#unknown = true;
      publish({ type: 'unknown_commit' });
      this.#observer.commitUnknown();
    }
    // Asked for and not there: the envelope is sent once more.
    if (stage === 'commit' && next.do === 'submit') this.#resolve('absent');
    if (isAgain(next)) this.#retried(stage, kind);
  }

  #status(next: Step): void {
    if (next.do === 'await') {
      this.#retried('commit', 'duplicate');
      return;
    }
    this.#resolve(next.do === 'commit' ? 'committed' : 'invalid');
    if (isAgain(next)) this.#retried('commit', 'conflict');
  }

  #retried(stage: Stage, reason: RetryReason): void {
    publish({ type: 'retried', stage, reason });
    this.#observer.retried(stage, reason);
  }

  #resolve(as: UnknownResolution): void {
    if (!this.#unknown) return;
    this.#unknown = false;
    publish({ type: 'unknown_resolved', as });
    this.#observer.unknownResolved(as);
  }
}

function isAgain(step: Step): boolean {
  return 'retry' in step && step.retry > 0;
}
