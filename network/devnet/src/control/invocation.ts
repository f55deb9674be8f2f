import { common, msp, peer } from '@hyperledger/fabric-protos';
import { readOr } from '../protos/read.ts';

/** Who calls what. */
export interface Invocation {
  readonly txId: string;
  /** The creator's. */
  readonly mspId: string;
  readonly chaincode: string;
  /** First argument: the function as Fabric's contract API has it, e.g. `vitals:RecordChunks`. */
  readonly functionName: string;
  readonly args: readonly Uint8Array[];
}

function mspIdOf(creator: Uint8Array): string {
  return readOr(creator, msp.SerializedIdentity)?.getMspid() ?? '';
}

function invocation(
  header: { readonly txId: string; readonly creator: Uint8Array },
  spec: peer.ChaincodeSpec | undefined,
): Invocation {
  const args = spec?.getInput()?.getArgsList_asU8() ?? [];
  return {
    txId: header.txId,
    mspId: mspIdOf(header.creator),
    chaincode: spec?.getChaincodeId()?.getName() ?? '',
    functionName: Buffer.from(args[0] ?? []).toString('utf8'),
    args,
  };
}

/** Of a proposal that was taken apart already. */
export function proposedInvocation(proposal: {
  readonly txId: string;
  readonly creator: Uint8Array;
  readonly chaincode: string;
  readonly input: peer.ChaincodeInput;
}): Invocation {
  const id = new peer.ChaincodeID();
  id.setName(proposal.chaincode);
  const spec = new peer.ChaincodeSpec();
  spec.setChaincodeId(id);
  spec.setInput(proposal.input);
  return invocation(proposal, spec);
}

/** An endorsed transaction, as far as it can be read. */
export interface EndorsedTransaction {
  readonly invocation: Invocation;
  readonly channelHeader: common.ChannelHeader;
  readonly creator: Uint8Array;
  readonly action: peer.ChaincodeEndorsedAction;
}

function actionPayloadOf(transaction: Uint8Array): peer.ChaincodeActionPayload | undefined {
  const [first] = readOr(transaction, peer.Transaction)?.getActionsList() ?? [];
  return readOr(first?.getPayload_asU8(), peer.ChaincodeActionPayload);
}

function specOf(payload: peer.ChaincodeActionPayload): peer.ChaincodeSpec | undefined {
  const bytes = payload.getChaincodeProposalPayload_asU8();
  const proposal = readOr(bytes, peer.ChaincodeProposalPayload);
  return readOr(proposal?.getInput_asU8(), peer.ChaincodeInvocationSpec)?.getChaincodeSpec();
}

function creatorOf(signatureHeader: Uint8Array): Uint8Array {
  return readOr(signatureHeader, common.SignatureHeader)?.getCreator_asU8() ?? new Uint8Array();
}

/** Takes an envelope apart; undefined when it holds no endorsed transaction. */
export function endorsedTransaction(envelope: common.Envelope): EndorsedTransaction | undefined {
  const payload = readOr(envelope.getPayload_asU8(), common.Payload) ?? new common.Payload();
  const header = payload.getHeader() ?? new common.Header();
  const actionPayload = actionPayloadOf(payload.getData_asU8());
  const action = actionPayload?.getAction();
  const channelHeader = readOr(header.getChannelHeader_asU8(), common.ChannelHeader);
  if (channelHeader === undefined || actionPayload === undefined || action === undefined) {
    return undefined;
  }
  const creator = creatorOf(header.getSignatureHeader_asU8());
  const sender = { txId: channelHeader.getTxId(), creator };
  const spec = specOf(actionPayload);
  return { invocation: invocation(sender, spec), channelHeader, creator, action };
}
