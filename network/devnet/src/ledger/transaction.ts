import { common, peer } from '@hyperledger/fabric-protos';
import type { Timestamp } from 'google-protobuf/google/protobuf/timestamp_pb.js';

/** An envelope of a block, as far as it can be read. */
export interface ParsedTransaction {
  readonly txId: string;
  /** `common.HeaderType`. */
  readonly type: number;
  readonly timestamp: Timestamp | undefined;
  /** What the endorsed chaincode did; undefined when this is no endorser transaction, or a malformed one. */
  readonly action: peer.ChaincodeAction | undefined;
}

/** Answers undefined when the bytes are no envelope with a channel header. Never throws. */
export function parseTransaction(envelopeBytes: Uint8Array): ParsedTransaction | undefined {
  try {
    const envelope = common.Envelope.deserializeBinary(envelopeBytes);
    const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
    const header = payload.getHeader();
    if (header === undefined) return undefined;
    const channel = common.ChannelHeader.deserializeBinary(header.getChannelHeader_asU8());
    const endorsed = channel.getType() === common.HeaderType.ENDORSER_TRANSACTION;
    return {
      txId: channel.getTxId(),
      type: channel.getType(),
      timestamp: channel.getTimestamp(),
      action: endorsed ? parseAction(payload.getData_asU8()) : undefined,
    };
  } catch {
    return undefined;
  }
}

function parseAction(transactionBytes: Uint8Array): peer.ChaincodeAction | undefined {
  try {
    const [action] = peer.Transaction.deserializeBinary(transactionBytes).getActionsList();
    if (action === undefined) return undefined;
    const payload = peer.ChaincodeActionPayload.deserializeBinary(action.getPayload_asU8());
    const response = payload.getAction()?.getProposalResponsePayload_asU8();
    if (response === undefined) return undefined;
    const extension = peer.ProposalResponsePayload.deserializeBinary(response).getExtension_asU8();
    return extension.length === 0 ? undefined : peer.ChaincodeAction.deserializeBinary(extension);
  } catch {
    return undefined;
  }
}
