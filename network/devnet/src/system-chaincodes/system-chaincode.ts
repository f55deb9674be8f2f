import { common, peer } from '@hyperledger/fabric-protos';
import type { TransactionParameters } from '../chaincode-support/transaction-context.ts';
import type { TxSimulator } from '../ledger/types.ts';
import { readOr } from '../protos/read.ts';

const SUCCESS = 200;
const ERROR = 500;

/** As a chaincode's, but perhaps of no channel: then there is no state. */
export type SystemParameters = Omit<TransactionParameters, 'simulator'> & {
  readonly simulator: TxSimulator | undefined;
};

/** A call of a chaincode that is a part of the peer. */
export interface SystemCall {
  readonly args: readonly Uint8Array[];
  readonly parameters: SystemParameters;
}

/** A chaincode that is a part of the peer. It never throws for what a client can do wrong. */
export interface SystemChaincode {
  readonly name: string;
  invoke(call: SystemCall): Promise<peer.Response>;
}

export function success(payload: Uint8Array): peer.Response {
  const response = new peer.Response();
  response.setStatus(SUCCESS);
  response.setPayload(payload);
  return response;
}

export function refusal(message: string, status: number = ERROR): peer.Response {
  const response = new peer.Response();
  response.setStatus(status);
  response.setMessage(message);
  return response;
}

export function text(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString();
}

/** Which chaincode the client asked for; a system chaincode may have been called by it. */
export function invokedChaincode({ parameters }: SystemCall): string {
  const proposal = readOr(parameters.signedProposal.getProposalBytes_asU8(), peer.Proposal);
  const payload = readOr(proposal?.getPayload_asU8(), peer.ChaincodeProposalPayload);
  const spec = readOr(payload?.getInput_asU8(), peer.ChaincodeInvocationSpec)?.getChaincodeSpec();
  return spec?.getChaincodeId()?.getName() ?? '';
}

/** Bytes of the identity that made a proposal. */
export function creatorOf(signed: peer.SignedProposal): Uint8Array {
  const proposal = readOr(signed.getProposalBytes_asU8(), peer.Proposal);
  const header = readOr(proposal?.getHeader_asU8(), common.Header);
  const signature = readOr(header?.getSignatureHeader_asU8(), common.SignatureHeader);
  return signature?.getCreator_asU8() ?? new Uint8Array();
}
