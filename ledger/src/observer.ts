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

/** Watches the decisions on one transaction and tells an observer what they mean. */
export class SubmissionWatch {
  readonly #observer: SubmissionObserver;
  #unknown = false;

  constructor(observer: SubmissionObserver) {
    this.#observer = observer;
  }

  /** After `event` the decision was to take the step `next`. */
  decided(event: RetryEvent, next: Step): void {
    if (event.type === 'fault') this.#fault(event.fault.stage, event.fault.kind, next);
    else if (event.type === 'status') this.#status(next);
  }

  #fault(stage: Stage, kind: FailureKind, next: Step): void {
    const unanswered = kind === 'timeout' || kind === 'unreachable';
    if ((stage === 'submit' || stage === 'commit') && unanswered && !this.#unknown) {
      this.#unknown = true;
      this.#observer.commitUnknown();
    }
    // Asked for and not there: the envelope is sent once more.
    if (stage === 'commit' && next.do === 'submit') this.#resolve('absent');
    if (isAgain(next)) this.#observer.retried(stage, kind);
  }

  #status(next: Step): void {
    if (next.do === 'await') {
      this.#observer.retried('commit', 'duplicate');
      return;
    }
    this.#resolve(next.do === 'commit' ? 'committed' : 'invalid');
    if (isAgain(next)) this.#observer.retried('commit', 'conflict');
  }

  #resolve(as: UnknownResolution): void {
    if (!this.#unknown) return;
    this.#unknown = false;
    this.#observer.unknownResolved(as);
  }
}

function isAgain(step: Step): boolean {
  return 'retry' in step && step.retry > 0;
}
