import { common, orderer } from '@hyperledger/fabric-protos';
import type { SignedData } from '../policy/signature-set.ts';
import { bytes } from '../protos/bytes.ts';
import { readOr } from '../protos/read.ts';

/** A request for blocks taken apart. */
export interface SeekRequest {
  readonly channel: string;
  readonly timeMs: number;
  readonly signed: SignedData;
  readonly data: Uint8Array;
}

/** Reads the outer parts of a request (common/deliver parseEnvelope); undefined when it is none. */
export function readSeekRequest(envelope: common.Envelope): SeekRequest | undefined {
  const payloadBytes = bytes(envelope.getPayload_asU8());
  const payload = readOr(payloadBytes, common.Payload);
  const header = payload?.getHeader();
  if (payload === undefined || header === undefined) return undefined;
  const channelHeader = readOr(header.getChannelHeader_asU8(), common.ChannelHeader);
  const signatureHeader = readOr(header.getSignatureHeader_asU8(), common.SignatureHeader);
  const timestamp = channelHeader?.getTimestamp();
  if (channelHeader === undefined || signatureHeader === undefined) return undefined;
  if (timestamp === undefined) return undefined;
  return {
    channel: channelHeader.getChannelId(),
    timeMs: timestamp.getSeconds() * 1000 + timestamp.getNanos() / 1e6,
    signed: {
      data: payloadBytes,
      identity: signatureHeader.getCreator_asU8(),
      signature: envelope.getSignature_asU8(),
    },
    data: payload.getData_asU8(),
  };
}

/** What is asked for: from which block on, up to which, and what to do when there is no next one. */
export interface Seek {
  readonly start: orderer.SeekPosition;
  readonly stop: orderer.SeekPosition;
  readonly failsIfNotReady: boolean;
  readonly headersOnly: boolean;
}

/** undefined: it is no seek, or has no start or no end. */
export function readSeek(data: Uint8Array): Seek | undefined {
  const info = readOr(data, orderer.SeekInfo);
  const [start, stop] = [info?.getStart(), info?.getStop()];
  if (info === undefined || start === undefined || stop === undefined) return undefined;
  return {
    start,
    stop,
    failsIfNotReady: info.getBehavior() === orderer.SeekInfo.SeekBehavior.FAIL_IF_NOT_READY,
    headersOnly: info.getContentType() === orderer.SeekInfo.SeekContentType.HEADER_WITH_SIG,
  };
}

/** Number of the first block; undefined when there will be none (blockledger/fileledger). */
export function firstBlock({ start }: Seek, height: number): number | undefined {
  const { TypeCase } = orderer.SeekPosition;
  switch (start.getTypeCase()) {
    case TypeCase.OLDEST:
      return 0;
    case TypeCase.NEWEST:
      return height - 1;
    case TypeCase.NEXT_COMMIT:
      return height;
    case TypeCase.SPECIFIED: {
      const number = start.getSpecified()?.getNumber() ?? 0;
      return number > height ? undefined : number;
    }
    case TypeCase.TYPE_NOT_SET:
      return undefined;
  }
}

/** Number of the last block; undefined when it lies before the first. */
export function lastBlock(
  { start, stop }: Seek,
  first: number,
  height: number,
): number | undefined {
  const { TypeCase } = orderer.SeekPosition;
  switch (stop.getTypeCase()) {
    case TypeCase.OLDEST:
      return first;
    case TypeCase.NEWEST:
      // From the newest to the newest is one block, also when another comes meanwhile.
      return start.getTypeCase() === TypeCase.NEWEST ? first : height - 1;
    case TypeCase.SPECIFIED: {
      const number = stop.getSpecified()?.getNumber() ?? 0;
      return number < first ? undefined : number;
    }
    case TypeCase.NEXT_COMMIT:
    case TypeCase.TYPE_NOT_SET:
      // No end that would be reached.
      return 0;
  }
}

/** Whether a block holds a configuration. */
function isConfiguration(block: common.Block): boolean {
  const [envelope] = block.getData()?.getDataList_asU8() ?? [];
  const payload = readOr(readOr(envelope, common.Envelope)?.getPayload_asU8(), common.Payload);
  const header = readOr(payload?.getHeader()?.getChannelHeader_asU8(), common.ChannelHeader);
  return header?.getType() === common.HeaderType.CONFIG;
}

/** A block without its transactions, as who only attests to blocks asks for it. */
export function attestation(block: common.Block): common.Block {
  if (isConfiguration(block)) return block;
  const message = new common.Block();
  message.setHeader(block.getHeader());
  message.setMetadata(block.getMetadata());
  return message;
}
