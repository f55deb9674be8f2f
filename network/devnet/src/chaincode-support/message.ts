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

const VARINT = 0;
const BYTES = 2;

function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) length += 1;
  return length;
}

function writeVarint(into: Buffer, at: number, value: number): number {
  let [next, rest] = [at, value];
  for (; rest > 0x7f; rest = Math.floor(rest / 128))
    next = into.writeUInt8((rest % 128) | 0x80, next);
  return into.writeUInt8(rest, next);
}

/**
 * The message in protobuf form. A transaction of a hundred writes is some hundred answers at each endorser: written
 * by hand, an answer costs an eighth of what the generated class takes.
 */
export function encodeMessage(message: ChaincodeMessage): Buffer {
  const fields: readonly (readonly [number, Uint8Array])[] = [
    [3, message.payload],
    [4, Buffer.from(message.txId)],
    [5, message.proposal?.serializeBinary() ?? NO_PAYLOAD],
    [7, Buffer.from(message.channel)],
  ];
  const present = fields.filter(([, data]) => data.length > 0);
  const size = present.reduce((n, [, data]) => n + 1 + varintLength(data.length) + data.length, 2);
  const encoded = Buffer.allocUnsafe(size);
  let at = encoded.writeUInt8((1 << 3) | VARINT, 0);
  at = encoded.writeUInt8(message.type, at);
  for (const [number, data] of present) {
    at = encoded.writeUInt8((number << 3) | BYTES, at);
    at = writeVarint(encoded, at, data.length);
    encoded.set(data, at);
    at += data.length;
  }
  return encoded;
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
