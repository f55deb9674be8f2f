import type { CallOptions } from '@grpc/grpc-js';

/**
 * How long one try of each Gateway call may take, in milliseconds. The only place with such numbers.
 *
 * Endorsing runs the contract on two peers, so it gets the most before the orderer is asked; still so little that, in one
 * invocation of a function, others have their turn after one that is never answered. `commitProbe`
 * is for asking after a submit whose fate is unknown: the peer holds that call until the transaction
 * commits, so it must be longer than a block takes to be cut and shorter than a caller's patience,
 * because a transaction that never reached the orderer is only known by this running out.
 */
export const DEADLINE_MS = {
  evaluate: 10_000,
  endorse: 10_000,
  submit: 8_000,
  commitStatus: 30_000,
  commitProbe: 4_000,
} as const;

/** A Gateway call that has a deadline of its own. */
export type TimedCall = keyof typeof DEADLINE_MS;

/**
 * gRPC options for one try of a call, made as the try starts.
 * @param giveUpAtMs - the caller's own end (Unix milliseconds); the earlier of the two counts.
 */
export function callOptions(
  call: TimedCall,
  nowMs: number,
  giveUpAtMs: number = Number.POSITIVE_INFINITY,
): CallOptions {
  return { deadline: new Date(Math.min(nowMs + DEADLINE_MS[call], giveUpAtMs)) };
}
