import { status } from '@grpc/grpc-js';
import { gateway, peer } from '@hyperledger/fabric-protos';
import { ProposalError } from '../endorser/proposal.ts';
import type { GatewayContext } from './context.ts';
import { type ErrorDetail, GatewayError } from './errors.ts';
import { errorDetail, evaluateProposal, type GatewayPeer } from './peers.ts';
import { type GatewayProposal, readProposal } from './proposal-request.ts';

function unpack(signed: peer.SignedProposal | undefined): {
  signed: peer.SignedProposal;
  proposal: GatewayProposal;
} {
  const refuse = (reason: string): GatewayError =>
    new GatewayError(status.INVALID_ARGUMENT, `failed to unpack transaction proposal: ${reason}`);
  if (signed === undefined || signed.getProposalBytes_asU8().length === 0) {
    throw refuse('a signed proposal is required');
  }
  try {
    const proposal = readProposal(signed);
    if (proposal.channel === '') throw new ProposalError('no channel id provided');
    if (!proposal.hasSpec) {
      throw new ProposalError(`no chaincode spec is provided, channel id [${proposal.channel}]`);
    }
    if (proposal.chaincode === '') {
      throw new ProposalError(`no chaincode name is provided, channel id [${proposal.channel}]`);
    }
    return { signed, proposal };
  } catch (error) {
    if (error instanceof ProposalError) throw refuse(error.message);
    throw error;
  }
}

/** Peers to try in turn: the own organization's first; transient data goes nowhere else unless the client says so. */
function candidates(
  context: GatewayContext,
  proposal: GatewayProposal,
  targets: readonly string[],
): readonly GatewayPeer[] {
  const { channel, chaincode, hasTransient } = proposal;
  const isProtected = hasTransient && targets.length === 0;
  const allowed = isProtected ? [context.peers.local.mspId] : targets;
  const found = context.peers
    .with(chaincode)
    .filter((target) => allowed.length === 0 || allowed.includes(target.mspId));
  if (channel === context.channel && found.length > 0) return found;
  const reason = `no peers available to evaluate chaincode ${chaincode} in channel ${channel}`;
  throw new GatewayError(
    status.FAILED_PRECONDITION,
    isProtected
      ? `no endorsers found in the gateway's organization; retry specifying target organization(s) to protect transient data: ${reason}`
      : reason,
  );
}

/** The contract's result; the response's own payload need not be it. */
function resultOf(response: peer.ProposalResponse): peer.Response {
  const result = response.getResponse() ?? new peer.Response();
  const payload = peer.ProposalResponsePayload.deserializeBinary(response.getPayload_asU8());
  const action = peer.ChaincodeAction.deserializeBinary(payload.getExtension_asU8());
  result.setPayload(action.getResponse()?.getPayload_asU8() ?? new Uint8Array());
  return result;
}

/**
 * Runs a transaction function on one peer and answers its result (internal/pkg/gateway/evaluate.go).
 *
 * @throws GatewayError
 */
export async function evaluate(
  context: GatewayContext,
  request: gateway.EvaluateRequest,
): Promise<gateway.EvaluateResponse> {
  const { signed, proposal } = unpack(request.getProposedTransaction());
  if (proposal.channel !== context.channel) throw context.unknownChannel(proposal.channel);
  const details: ErrorDetail[] = [];
  let code = status.UNAVAILABLE;
  for (const target of candidates(context, proposal, request.getTargetOrganizationsList())) {
    const answer = await evaluateProposal(target, context.peers.isLocal(target), signed);
    if (answer.kind === 'endorsed') {
      const response = new gateway.EvaluateResponse();
      response.setResult(resultOf(answer.response));
      return response;
    }
    details.push(errorDetail(target, answer.message));
    code = answer.code;
    if (!answer.canRetry) {
      const text = `evaluate call to endorser returned error: ${answer.message}`;
      throw new GatewayError(code, text, details);
    }
  }
  throw new GatewayError(
    code,
    'failed to evaluate transaction, see attached details for more info',
    details,
  );
}
