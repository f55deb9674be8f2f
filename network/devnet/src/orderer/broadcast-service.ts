import { type handleBidiStreamingCall, type MethodDefinition, status } from '@grpc/grpc-js';
import { common, orderer } from '@hyperledger/fabric-protos';
import { readMessage, readOr } from '../protos/read.ts';
import type { Refusal } from './broadcast-filters.ts';

const { BroadcastResponse } = orderer;
/** Streams of one node; Fabric has no limit of its own. */
const MAX_CONCURRENT_STREAMS = 2_500;

type Method = MethodDefinition<Buffer, orderer.BroadcastResponse>;

const broadcast: Method = {
  path: '/orderer.AtomicBroadcast/Broadcast',
  requestStream: true,
  responseStream: true,
  requestSerialize: (data) => data,
  requestDeserialize: (data) => data,
  responseSerialize: (message) => Buffer.from(message.serializeBinary()),
  responseDeserialize: () => {
    throw new Error('a server does not read responses');
  },
};

/** How administrators' tools reach an orderer, in gRPC's form: only what orders, no blocks. */
export const BROADCAST_SERVICE: { readonly broadcast: Method } = { broadcast };

/** What takes envelopes of one channel. */
export interface Broadcasting {
  readonly orderer: { broadcast(envelope: common.Envelope): Refusal | undefined };
}

function channelOf(envelope: common.Envelope): string {
  const header = readOr(envelope.getPayload_asU8(), common.Payload)?.getHeader();
  return readOr(header?.getChannelHeader_asU8(), common.ChannelHeader)?.getChannelId() ?? '';
}

function answerTo(refusal: Refusal | undefined): orderer.BroadcastResponse {
  const response = new BroadcastResponse();
  response.setStatus(refusal?.status ?? common.Status.SUCCESS);
  if (refusal !== undefined) response.setInfo(refusal.info);
  return response;
}

/**
 * The handlers of a node that orders for all channels (orderer/common/broadcast): each envelope is answered by itself.
 *
 * @param channels by name; an envelope for none is refused by the first.
 */
export function broadcastHandlers(channels: ReadonlyMap<string, Broadcasting>): {
  readonly broadcast: handleBidiStreamingCall<Buffer, orderer.BroadcastResponse>;
} {
  let streams = 0;
  const order = (data: Buffer): orderer.BroadcastResponse => {
    const envelope = readMessage(data, common.Envelope);
    const [first] = channels.values();
    const channel = channels.get(channelOf(envelope)) ?? first;
    return answerTo(channel?.orderer.broadcast(envelope));
  };
  return {
    broadcast: (call) => {
      const refuse = (code: status, details: string): void => {
        call.emit('error', { code, details });
      };
      if (streams >= MAX_CONCURRENT_STREAMS) {
        refuse(status.RESOURCE_EXHAUSTED, 'too many streams');
        return;
      }
      streams += 1;
      call.on('data', (data: Buffer) => {
        try {
          call.write(order(data));
        } catch (error) {
          const reason = error instanceof Error ? error.message : String(error);
          refuse(status.INTERNAL, `grpc: failed to unmarshal the received message: ${reason}`);
        }
      });
      call.on('end', () => {
        call.end();
      });
      call.on('close', () => {
        streams -= 1;
      });
    },
  };
}
