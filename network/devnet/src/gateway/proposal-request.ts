import { common, peer } from '@hyperledger/fabric-protos';
import { unmarshal } from '../endorser/proposal.ts';

/** As much of a proposal as the gateway looks at. */
export interface GatewayProposal {
  readonly channel: string;
  readonly chaincode: string;
  readonly hasSpec: boolean;
  readonly hasTransient: boolean;
  readonly header: common.Header;
  readonly payload: peer.ChaincodeProposalPayload;
}

/**
 * Reads the parts of a proposal.
 *
 * @throws ProposalError when it cannot be read.
 */
export function readProposal(signed: peer.SignedProposal): GatewayProposal {
  const proposal = unmarshal('Proposal', signed.getProposalBytes_asU8(), peer.Proposal);
  const header = unmarshal('Header', proposal.getHeader_asU8(), common.Header);
  const channelHeader = unmarshal(
    'ChannelHeader',
    header.getChannelHeader_asU8(),
    common.ChannelHeader,
  );
  const payload = unmarshal(
    'ChaincodeProposalPayload',
    proposal.getPayload_asU8(),
    peer.ChaincodeProposalPayload,
  );
  const invocation = unmarshal(
    'ChaincodeInvocationSpec',
    payload.getInput_asU8(),
    peer.ChaincodeInvocationSpec,
  );
  return {
    channel: channelHeader.getChannelId(),
    chaincode: invocation.getChaincodeSpec()?.getChaincodeId()?.getName() ?? '',
    hasSpec: invocation.getChaincodeSpec() !== undefined,
    hasTransient: payload.getTransientmapMap().getLength() > 0,
    header,
    payload,
  };
}
