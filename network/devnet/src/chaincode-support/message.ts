import { peer } from '@hyperledger/fabric-protos';
import { bytes } from '../protos/bytes.ts';

type Types = peer.ChaincodeMessage.TypeMap;
export type MessageType = Types[keyof Types];
export const MessageType: Types = peer.ChaincodeMessage.Type;

const TYPE_NAMES: ReadonlyMap<MessageType, string> = new Map(
  Object.entries(MessageType).map(([name, type]) => [type, name]),
);

/** Fabric's name of a message type, as its error texts use it. */
export function typeName(type: MessageType): string {
  return TYPE_NAMES.get(type) ?? String(type);
}

/** One message of the conversation between peer and chaincode (protos.ChaincodeMessage). */
export interface ChaincodeMessage {
  readonly type: MessageType;
  readonly channel: string;
  readonly txId: string;
  readonly payload: Uint8Array;
  /** Only from the peer, when it starts a transaction. */
  readonly proposal?: peer.SignedProposal | undefined;
  /** Only from the chaincode, when it completes one. */
  readonly event?: peer.ChaincodeEvent | undefined;
}

const NO_PAYLOAD = new Uint8Array();

export function encodeMessage(message: ChaincodeMessage): Buffer {
  const encoded = new peer.ChaincodeMessage();
  encoded.setType(message.type);
  encoded.setChannelId(message.channel);
  encoded.setTxid(message.txId);
  if (message.payload.length > 0) encoded.setPayload(message.payload);
  if (message.proposal !== undefined) encoded.setProposal(message.proposal);
  const binary = encoded.serializeBinary();
  return Buffer.from(binary.buffer, binary.byteOffset, binary.byteLength);
}

export function decodeMessage(data: Uint8Array): ChaincodeMessage {
  const decoded = peer.ChaincodeMessage.deserializeBinary(bytes(data));
  return {
    type: decoded.getType(),
    channel: decoded.getChannelId(),
    txId: decoded.getTxid(),
    payload: decoded.getPayload_asU8(),
    event: decoded.getChaincodeEvent(),
  };
}

/** An answer to a message, within the same transaction. */
export function reply(
  to: ChaincodeMessage,
  type: MessageType,
  payload: Uint8Array = NO_PAYLOAD,
): ChaincodeMessage {
  return { type, channel: to.channel, txId: to.txId, payload };
}
