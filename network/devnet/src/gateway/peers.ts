import { status } from '@grpc/grpc-js';
import { peer } from '@hyperledger/fabric-protos';
import type { Endorser, ProposalOutcome } from '../endorser/endorser.ts';
import type { ChaincodeCall } from '../endorser/interest.ts';
import type { ErrorDetail } from './errors.ts';

/** A peer of the network as a gateway sees it. */
export interface GatewayPeer {
  readonly mspId: string;
  /** As it stands in error details, `host:port`. */
  readonly address: string;
  readonly endorser: Endorser;
  /** Whether a chaincode of a channel runs here, or is a part of the peer. */
  readonly runs: (channel: string, chaincode: string) => boolean;
}

/** An endorsement, or what the gateway makes of its failure. */
export type Answer =
  | {
      readonly kind: 'endorsed';
      readonly response: peer.ProposalResponse;
      readonly interest: readonly ChaincodeCall[];
    }
  | {
      readonly kind: 'failed';
      readonly code: status;
      readonly message: string;
      /** Another peer might do better. */
      readonly canRetry: boolean;
    };

function failed(code: status, message: string, canRetry: boolean): Answer {
  return { kind: 'failed', code, message, canRetry };
}

function readResponse(response: peer.ProposalResponse, interest: readonly ChaincodeCall[]): Answer {
  const result = response.getResponse() ?? new peer.Response();
  const code = result.getStatus();
  if (code >= 200 && code < 400) return { kind: 'endorsed', response, interest };
  if (code === 500 && response.getPayload_asU8().length === 0) {
    // Made by the peer, not by the contract.
    return failed(status.ABORTED, result.getMessage(), true);
  }
  return failed(status.UNKNOWN, `chaincode response ${code}, ${result.getMessage()}`, false);
}

/**
 * Sends a proposal to a peer (internal/pkg/gateway/apiutils.go responseStatus). Errors of another organization's peer would
 * come over gRPC, so they carry gRPC's words.
 */
export async function processProposal(
  target: GatewayPeer,
  isLocal: boolean,
  proposal: peer.SignedProposal,
): Promise<Answer> {
  return answerOf(await target.endorser.processProposal(proposal), isLocal);
}

/** As {@link processProposal}, when only the result is wanted. */
export async function evaluateProposal(
  target: GatewayPeer,
  isLocal: boolean,
  proposal: peer.SignedProposal,
): Promise<Answer> {
  return answerOf(await target.endorser.evaluateProposal(proposal), isLocal);
}

function answerOf({ response, error, interest }: ProposalOutcome, isLocal: boolean): Answer {
  if (error !== undefined) {
    if (!isLocal) {
      return failed(status.UNAVAILABLE, `rpc error: code = Unknown desc = ${error}`, true);
    }
    return response === undefined
      ? failed(status.UNAVAILABLE, error, true)
      : failed(status.FAILED_PRECONDITION, error, false);
  }
  return readResponse(response ?? new peer.ProposalResponse(), interest);
}

export function errorDetail(target: GatewayPeer, message: string): ErrorDetail {
  return { address: target.address, mspId: target.mspId, message };
}

/** All peers of a channel, from the point of view of one organization's gateway. */
export class PeerRegistry {
  readonly local: GatewayPeer;
  readonly #channel: string;
  readonly #peers: readonly GatewayPeer[];

  constructor(channel: string, local: GatewayPeer, all: readonly GatewayPeer[]) {
    this.local = local;
    this.#channel = channel;
    this.#peers = all;
  }

  /** Peers with a chaincode, the own organization's first. */
  with(chaincode: string): readonly GatewayPeer[] {
    const found = this.#peers.filter((peer) => peer.runs(this.#channel, chaincode));
    return [...found.filter((p) => p === this.local), ...found.filter((p) => p !== this.local)];
  }

  isLocal(target: GatewayPeer): boolean {
    return target === this.local;
  }
}
