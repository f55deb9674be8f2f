import { type Status, StatusCode } from '@hyperledger/fabric-gateway';
import { PulseError } from '@pulseledger/domain';
import type { Fault, FaultKind } from './faults.ts';

/** How often each stage is tried for one transaction, the first time included. */
export const TRIES = {
  /** Sending one and the same proposal. */
  endorse: 3,
  /** Building a new proposal because peers disagreed or the state had moved on (MVCC, phantom). */
  proposals: 8,
  /** Sending one and the same envelope to the orderer. */
  submit: 3,
  /** Asking for the commit status of one envelope. */
  status: 6,
} as const;

/** Longest wait before the first and before any further try; the wait itself is random below it. */
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 2_000;

/** Fabric's verdict on a transaction in a block (peer.TxValidationCode). */
export type ValidationCode = Status['code'];

/** Why a transaction is certainly not on the ledger. */
export type FailureKind = FaultKind | 'conflict' | 'invalid' | 'out_of_time';

/** What to do next for one transaction. `retry` counts tries that went before; 0 = without waiting. */
export type Step =
  | { readonly do: 'propose' | 'endorse' | 'submit' | 'probe' | 'await'; readonly retry: number }
  | { readonly do: 'commit' }
  | { readonly do: 'fail'; readonly kind: FailureKind; readonly error: PulseError }
  | { readonly do: 'leave_unknown'; readonly error: PulseError };

/** What has happened since. */
export type RetryEvent =
  | { readonly type: 'endorsed' }
  | { readonly type: 'submitted' }
  | { readonly type: 'status'; readonly code: ValidationCode }
  | { readonly type: 'fault'; readonly fault: Fault }
  | { readonly type: 'out_of_time' };

/** Tries made so far. `sent` says whether the orderer may have the current envelope. */
export interface RetryState {
  readonly proposals: number;
  readonly endorses: number;
  readonly submits: number;
  readonly asks: number;
  readonly retries: number;
  readonly sent: 'no' | 'maybe' | 'yes';
}

/** The state and step with which every transaction begins. */
export const FIRST_STATE: RetryState = {
  proposals: 1,
  endorses: 1,
  submits: 0,
  asks: 0,
  retries: 0,
  sent: 'no',
};
export const FIRST_STEP: Step = { do: 'propose', retry: 0 };

/** Result of one decision. */
export interface Decision {
  readonly state: RetryState;
  readonly step: Step;
}

/**
 * The retry rules, by stage, as a pure function.
 *
 * An unanswered endorsement is asked for again with the same proposal. After a submit whose fate is unknown the
 * commit status is asked for by the transaction ID before the same envelope is sent again: peers mark a second
 * one DUPLICATE_TXID, so it can take effect once only. A new proposal, with a new transaction ID, is built only
 * when the earlier one certainly has no effect: it was never sent, or it was committed as invalid. What the
 * contract itself refuses is never tried again.
 */
export function decide(state: RetryState, event: RetryEvent): Decision {
  switch (event.type) {
    case 'endorsed':
      return { state: { ...state, submits: 1 }, step: { do: 'submit', retry: 0 } };
    case 'submitted':
      return ask({ ...state, sent: 'yes' }, 'await', 0);
    case 'status':
      return afterStatus(state, event.code);
    case 'out_of_time':
      return state.sent === 'no' ? end(state, outOfTime()) : end(state, unknown());
    case 'fault':
      return afterFault(state, event.fault);
  }
}

function afterFault(state: RetryState, fault: Fault): Decision {
  switch (fault.stage) {
    case 'submit':
      return afterSubmitFault(state, fault);
    case 'commit':
      return afterStatusFault(state, fault);
    case 'endorse':
    case 'evaluate':
      return afterEndorseFault(state, fault);
  }
}

function afterEndorseFault(state: RetryState, fault: Fault): Decision {
  if (fault.kind === 'disagreement') {
    return proposeAgain(state, { do: 'fail', kind: fault.kind, error: fault.error });
  }
  const unanswered = isUnanswered(fault.kind) || fault.kind === 'busy';
  if (unanswered && state.endorses < TRIES.endorse) {
    const retries = state.retries + 1;
    const next = { ...state, endorses: state.endorses + 1, retries };
    return { state: next, step: { do: 'endorse', retry: retries } };
  }
  return end(state, { do: 'fail', kind: fault.kind, error: fault.error });
}

function afterSubmitFault(state: RetryState, fault: Fault): Decision {
  if (fault.kind === 'busy') {
    return submitAgain(state, { do: 'fail', kind: fault.kind, error: fault.error });
  }
  if (isUnanswered(fault.kind)) {
    return ask({ ...state, sent: 'maybe' }, 'probe', 0);
  }
  if (state.sent === 'no') {
    return end(state, { do: 'fail', kind: fault.kind, error: fault.error });
  }
  // The orderer refuses it now, but may have taken it before: only the commit status can tell.
  return ask(state, 'await', 0);
}

function afterStatusFault(state: RetryState, fault: Fault): Decision {
  if (fault.kind === 'timeout') {
    return state.sent === 'maybe' ? submitAgain(state, unknown()) : end(state, unknown());
  }
  if ((fault.kind === 'unreachable' || fault.kind === 'busy') && state.asks < TRIES.status) {
    const retries = state.retries + 1;
    return ask({ ...state, retries }, state.sent === 'maybe' ? 'probe' : 'await', retries);
  }
  return end(state, unknown());
}

function afterStatus(state: RetryState, code: ValidationCode): Decision {
  if (code === StatusCode.VALID) {
    return end(state, { do: 'commit' });
  }
  if (code === StatusCode.MVCC_READ_CONFLICT || code === StatusCode.PHANTOM_READ_CONFLICT) {
    const error = new PulseError('conflict', 'Others kept changing what the transaction reads.');
    return proposeAgain(state, { do: 'fail', kind: 'conflict', error });
  }
  if (code !== StatusCode.DUPLICATE_TXID) {
    return end(state, { do: 'fail', kind: 'invalid', error: invalid(code) });
  }
  // The second copy of an envelope sent twice; the peer looks the first one up when asked again.
  if (state.asks >= TRIES.status) {
    return end(state, unknown());
  }
  const retries = state.retries + 1;
  return ask({ ...state, retries }, 'await', retries);
}

function proposeAgain(state: RetryState, otherwise: Step): Decision {
  if (state.proposals >= TRIES.proposals) {
    return end(state, otherwise);
  }
  const retries = state.retries + 1;
  const proposals = state.proposals + 1;
  return {
    state: { ...FIRST_STATE, proposals, retries },
    step: { do: 'propose', retry: retries },
  };
}

function submitAgain(state: RetryState, otherwise: Step): Decision {
  if (state.submits >= TRIES.submit) {
    return end(state, state.sent === 'no' ? otherwise : unknown());
  }
  const retries = state.retries + 1;
  const next = { ...state, submits: state.submits + 1, retries };
  return { state: next, step: { do: 'submit', retry: retries } };
}

function ask(state: RetryState, how: 'probe' | 'await', retry: number): Decision {
  return { state: { ...state, asks: state.asks + 1 }, step: { do: how, retry } };
}

function end(state: RetryState, step: Step): Decision {
  return { state, step };
}

function isUnanswered(kind: FaultKind): boolean {
  return kind === 'timeout' || kind === 'unreachable';
}

function unknown(): Step {
  return { do: 'leave_unknown', error: new PulseError('commit_unknown') };
}

function outOfTime(): Step {
  const error = new PulseError('timeout', 'There was no time left to begin.');
  return { do: 'fail', kind: 'out_of_time', error };
}

function invalid(code: ValidationCode): PulseError {
  const text = 'The peers marked the transaction invalid.';
  return new PulseError('internal', text, { details: { validationCode: code } });
}

/**
 * How long to wait before a try, in milliseconds: exponential with full jitter, so that callers that failed
 * together do not come back together (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 * @param random - in [0, 1).
 */
export function waitMs(retry: number, random: number): number {
  return retry === 0
    ? 0
    : Math.floor(random * Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** retry));
}
