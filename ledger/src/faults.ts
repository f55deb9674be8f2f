import { status as grpcStatus } from '@grpc/grpc-js';
import { GatewayError } from '@hyperledger/fabric-gateway';
import { PulseError, parseContractError } from '@pulseledger/domain';

/** The Gateway call that failed. */
export type Stage = 'evaluate' | 'endorse' | 'submit' | 'commit';

/**
 * What a failed Gateway call means to somebody who decides whether to try again.
 *
 * - `contract`: the contract itself refused, on every peer asked. Never tried again.
 * - `disagreement`: the peers did not see the same state, or the proposal is too old: a new proposal may pass.
 * - `identity`: the certificate is expired, unknown or not allowed to write: another one is needed.
 * - `busy`: the peer turned the call away before looking at it. Nothing has happened.
 * - `timeout`, `unreachable`: no answer; whether it was done is not known.
 * - `too_large`: a message limit on the way; only a smaller transaction passes.
 * - `refused`: the orderer, or the peer, has said no for another reason.
 */
export type FaultKind =
  | 'contract'
  | 'disagreement'
  | 'identity'
  | 'busy'
  | 'timeout'
  | 'unreachable'
  | 'too_large'
  | 'refused';

/** A classified failure of one Gateway call. */
export interface Fault {
  readonly stage: Stage;
  readonly kind: FaultKind;
  /** What the caller is told. Its text is ours: the peer's own may quote certificates. */
  readonly error: PulseError;
}

interface Rule {
  readonly kind: FaultKind;
  readonly pattern: RegExp;
}

/**
 * Texts of Hyperledger Fabric 3.1, because several of these share a status code with others:
 * an expired certificate is UNAVAILABLE at evaluate and ABORTED at submit, the concurrency limit is UNKNOWN.
 * First match counts.
 */
const TEXTS: readonly Rule[] = [
  // internal/peer/node/grpc_limiters.go
  { kind: 'busy', pattern: /too many requests for/ },
  // core/handlers/auth/filter/expiration.go, orderer/common/msgprocessor/expiration.go
  { kind: 'identity', pattern: /client identity expired/ },
  // core/endorser/msgvalidation.go, core/policy, orderer/common/msgprocessor/sigfilter.go
  { kind: 'identity', pattern: /access denied|creator is malformed|status=FORBIDDEN/ },
  // internal/pkg/gateway/endorsement.go
  { kind: 'disagreement', pattern: /ProposalResponsePayloads do not match/ },
  // core/handlers/auth/filter/timewindow.go
  { kind: 'disagreement', pattern: /incorrect timestamp/ },
  // orderer/common/msgprocessor/sizefilter.go and gRPC's own limits
  { kind: 'too_large', pattern: /exceeds maximum allowed|message larger than max/ },
  // grpc-js: the deadline passed before there was a connection, so nothing was sent
  { kind: 'unreachable', pattern: /Waiting for LB pick/ },
  // core/chaincode/handler.go
  { kind: 'timeout', pattern: /timeout expired while executing transaction/ },
  {
    kind: 'unreachable',
    pattern: /chaincode stream terminated|code = Unavailable|code = Canceled/,
  },
  { kind: 'timeout', pattern: /code = DeadlineExceeded|context deadline exceeded/ },
  { kind: 'refused', pattern: /unsuccessful response from orderer: status=/ },
];

const CODES: ReadonlyMap<number, FaultKind> = new Map<number, FaultKind>([
  [grpcStatus.UNAVAILABLE, 'unreachable'],
  [grpcStatus.CANCELLED, 'unreachable'],
  [grpcStatus.DEADLINE_EXCEEDED, 'timeout'],
  [grpcStatus.RESOURCE_EXHAUSTED, 'too_large'],
  [grpcStatus.PERMISSION_DENIED, 'identity'],
  [grpcStatus.UNAUTHENTICATED, 'identity'],
]);

/** What stands before it, such as `evaluate call to endorser returned error: `, is the peer's. */
const CONTRACT_ANSWER = /chaincode response \d{3}, (.*)/s;

/**
 * Classifies the failure of a Gateway call.
 * @param asked - number of organizations that were asked to endorse. A contract error from only some of them
 *   means that the others saw another state, which one peer being some blocks behind explains.
 */
export function classify(stage: Stage, error: unknown, asked = 1): Fault {
  if (error instanceof PulseError) {
    return { stage, kind: 'refused', error };
  }
  if (!(error instanceof GatewayError)) {
    return fault(stage, 'refused', error);
  }
  const texts = error.details.map((detail) => detail.message);
  if (texts.length === 0) {
    texts.push(error.message);
  }
  const answers = texts.flatMap((text) => CONTRACT_ANSWER.exec(text)?.[1] ?? []);
  const [answer] = answers;
  if (answer !== undefined) {
    return fromContract(stage, answer, answers.length >= asked, error);
  }
  return fault(stage, kindOf(error.code, [...texts, error.message]), error);
}

function kindOf(code: number, texts: readonly string[]): FaultKind {
  const rule = TEXTS.find(({ pattern }) => texts.some((text) => pattern.test(text)));
  return rule?.kind ?? CODES.get(code) ?? 'refused';
}

function fromContract(stage: Stage, answer: string, unanimous: boolean, cause: unknown): Fault {
  const told = parseContractError(answer);
  const error = told ?? new PulseError('internal', 'The contract failed.', { cause });
  return { stage, kind: unanimous ? 'contract' : 'disagreement', error };
}

function fault(stage: Stage, kind: FaultKind, cause: unknown): Fault {
  return { stage, kind, error: describe(stage, kind, cause) };
}

function describe(stage: Stage, kind: FaultKind, cause: unknown): PulseError {
  const options = { cause, details: { stage } };
  switch (kind) {
    case 'identity':
      return new PulseError('unauthenticated', 'The ledger does not accept the identity.', options);
    case 'busy':
      return new PulseError('throttled', 'The peer has too many requests.', options);
    case 'timeout':
      return new PulseError('timeout', `The ledger did not answer in time (${stage}).`, options);
    case 'too_large':
      return new PulseError('oversize', 'The transaction is larger than a limit.', options);
    case 'disagreement':
      return new PulseError('conflict', 'The peers did not agree on the result.', options);
    case 'contract':
    case 'unreachable':
    case 'refused':
      return new PulseError('unavailable', `The ledger could not be used (${stage}).`, options);
  }
}
