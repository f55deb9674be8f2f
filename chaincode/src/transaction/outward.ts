import { type ErrorCode, formatContractError, PulseError } from '@pulseledger/domain';

/** Failures of the peer that a caller can act on, by Fabric's texts. */
const PEER_FAILURES: readonly (readonly [RegExp, ErrorCode])[] = [
  // A member peer that has not got the private data yet.
  [/private data matching public hash version is not available/, 'unavailable'],
  [/does not have (read|write) access permission/, 'access_denied'],
];

function codeOf(error: unknown): ErrorCode {
  const text = error instanceof Error ? error.message : '';
  return PEER_FAILURES.find(([pattern]) => pattern.test(text))?.[1] ?? 'internal';
}

/**
 * The error that leaves the contract: its code in front, and never a text of somebody else, because
 * error texts are logged by peers and a foreign text may quote keys or values.
 */
export function outward(error: unknown): Error {
  if (error instanceof PulseError) return new Error(formatContractError(error.code, error.message));
  return new Error(formatContractError(codeOf(error)));
}
