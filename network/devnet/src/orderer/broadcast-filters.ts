import { common } from '@hyperledger/fabric-protos';
import type { MspManager } from '../msp/msp-manager.ts';
import type { ChannelPolicies } from '../policy/channel-policies.ts';
import { type MessageClass, readMessage } from '../protos/read.ts';

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

/** The parts of a message that an orderer looks at. */
interface Parts {
  readonly channelHeader: common.ChannelHeader;
  readonly signatureHeader: Uint8Array;
  readonly data: Uint8Array;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function readPart<T>(what: string, data: Uint8Array, message: MessageClass<T>): T {
  try {
    return readMessage(data, message);
  } catch (error) {
    throw new Error(`error unmarshalling ${what}: ${textOf(error)}`, { cause: error });
  }
}

function readChannelHeader(data: Uint8Array): common.ChannelHeader {
  try {
    return readPart('ChannelHeader', data, common.ChannelHeader);
  } catch (error) {
    throw new Error(`error unmarshalling channel header: ${textOf(error)}`, { cause: error });
  }
}

function readParts(payloadBytes: Uint8Array): Parts {
  const payload = readPart('Payload', payloadBytes, common.Payload);
  const header = payload.getHeader();
  if (header === undefined) throw new TypeError('no header was set');
  const channelHeader = header.getChannelHeader_asU8();
  if (channelHeader.length === 0) throw new TypeError('no channel header was set');
  return {
    channelHeader: readChannelHeader(channelHeader),
    signatureHeader: header.getSignatureHeader_asU8(),
    data: payload.getData_asU8(),
  };
}

function refuseKind({ channelHeader }: Parts, channel: string): Refusal | undefined {
  if (channelHeader.getChannelId() !== channel) return badRequest('channel does not exist');
  const type = channelHeader.getType();
  if (type === common.HeaderType.CONFIG) {
    return badRequest('message is of type that cannot be processed directly');
  }
  if (type === common.HeaderType.ORDERER_TRANSACTION) {
    return badRequest('message is of type that is no longer supported');
  }
  return undefined;
}

function creatorOf({ signatureHeader }: Parts): Uint8Array | Refusal {
  try {
    return readMessage(signatureHeader, common.SignatureHeader).getCreator_asU8();
  } catch (error) {
    return badRequest(
      `could not convert message to signedData: GetSignatureHeaderFromBytes failed, err ${textOf(error)}`,
    );
  }
}

/** The configuration of this network is its definition's, so every update is refused; a wrong one in Fabric's words. */
function refuseConfiguration({ data }: Parts, channel: string): Refusal {
  const refuse = (reason: string): Refusal =>
    badRequest(
      `error applying config update to existing channel '${channel}': error authorizing update: ${reason}`,
    );
  try {
    const bytes = readMessage(data, common.ConfigUpdateEnvelope).getConfigUpdate_asU8();
    const named = readMessage(bytes, common.ConfigUpdate).getChannelId();
    return named === channel
      ? refuse('the development network takes no configuration updates')
      : refuse(`ConfigUpdate for channel '${named}' but envelope for channel '${channel}'`);
  } catch (error) {
    return refuse(textOf(error));
  }
}

/** Size, certificate and signature (msgprocessor/standardchannel.go). */
function refuseMessage(
  envelope: common.Envelope,
  parts: Parts,
  rules: BroadcastRules,
  nowMs: number,
): Refusal | undefined {
  const data = envelope.getPayload_asU8();
  const signature = envelope.getSignature_asU8();
  const size = data.length + signature.length;
  if (size > rules.absoluteMaxBytes) {
    return badRequest(
      `message payload is ${size} bytes and exceeds maximum allowed ${rules.absoluteMaxBytes} bytes`,
    );
  }
  const identity = creatorOf(parts);
  if (!(identity instanceof Uint8Array)) return identity;
  if (rules.msps.find(identity)?.isExpiredAt(nowMs) === true) {
    return badRequest('broadcast client identity expired');
  }
  const refusal = rules.policies.refuse('/Channel/Writers', [{ data, identity, signature }]);
  if (refusal === undefined) return undefined;
  return { status: common.Status.FORBIDDEN, info: `${refusal}: permission denied` };
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
  let parts: Parts;
  try {
    parts = readParts(envelope.getPayload_asU8());
  } catch (error) {
    return badRequest(`could not determine channel ID: ${textOf(error)}`);
  }
  const refusal = refuseKind(parts, rules.channel) ?? refuseMessage(envelope, parts, rules, nowMs);
  if (refusal !== undefined) return refusal;
  const isUpdate = parts.channelHeader.getType() === common.HeaderType.CONFIG_UPDATE;
  return isUpdate ? refuseConfiguration(parts, rules.channel) : undefined;
}
