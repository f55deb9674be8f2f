import { common } from '@hyperledger/fabric-protos';
import type { MspManager } from '../msp/msp-manager.ts';
import type { ChannelPolicies } from '../policy/channel-policies.ts';
import { bytes } from '../protos/bytes.ts';

/** A refused broadcast: status and info of the orderer's answer. */
export interface Refusal {
  readonly status: common.StatusMap[keyof common.StatusMap];
  readonly info: string;
}

export interface BroadcastRules {
  readonly channel: string;
  readonly msps: MspManager;
  readonly policies: ChannelPolicies;
  readonly absoluteMaxBytes: number;
}

function badRequest(info: string): Refusal {
  return { status: common.Status.BAD_REQUEST, info };
}

interface Sender {
  readonly channelHeader: common.ChannelHeader;
  readonly creator: Uint8Array;
}

function readSender(payloadBytes: Uint8Array): Sender {
  const header = common.Payload.deserializeBinary(bytes(payloadBytes)).getHeader();
  if (header === undefined) throw new TypeError('header not set');
  const signatureHeader = common.SignatureHeader.deserializeBinary(
    header.getSignatureHeader_asU8(),
  );
  return {
    channelHeader: common.ChannelHeader.deserializeBinary(header.getChannelHeader_asU8()),
    creator: signatureHeader.getCreator_asU8(),
  };
}

function refuseKind({ channelHeader }: Sender, channel: string): Refusal | undefined {
  if (channelHeader.getChannelId() !== channel) return badRequest('channel does not exist');
  const type = channelHeader.getType();
  if (type === common.HeaderType.CONFIG) {
    return badRequest('message is of type that cannot be processed directly');
  }
  if (type === common.HeaderType.ORDERER_TRANSACTION) {
    return badRequest('message is of type that is no longer supported');
  }
  if (type === common.HeaderType.CONFIG_UPDATE) {
    return badRequest('the development network takes no configuration updates');
  }
  return undefined;
}

/**
 * What an orderer asks of a message before it orders it (orderer/common/broadcast, msgprocessor/standardchannel.go): something
 * in it, not too large, from a certificate that has not expired, signed by one of the channel's writers.
 */
export function refuseBroadcast(
  envelope: common.Envelope,
  rules: BroadcastRules,
  nowMs: number,
): Refusal | undefined {
  const data = envelope.getPayload_asU8();
  const signature = envelope.getSignature_asU8();
  let sender: Sender;
  try {
    sender = readSender(data);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return badRequest(`could not determine channel ID: ${reason}`);
  }
  const kind = refuseKind(sender, rules.channel);
  if (kind !== undefined) return kind;
  const size = data.length + signature.length;
  if (size > rules.absoluteMaxBytes) {
    return badRequest(
      `message payload is ${size} bytes and exceeds maximum allowed ${rules.absoluteMaxBytes} bytes`,
    );
  }
  if (rules.msps.find(sender.creator)?.isExpiredAt(nowMs) === true) {
    return badRequest('broadcast client identity expired');
  }
  const signed = { data, identity: sender.creator, signature };
  const refusal = rules.policies.refuse('/Channel/Writers', [signed]);
  if (refusal === undefined) return undefined;
  return { status: common.Status.FORBIDDEN, info: `${refusal}: permission denied` };
}
