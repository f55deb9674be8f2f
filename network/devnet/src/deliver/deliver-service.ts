import {
  type handleBidiStreamingCall,
  type MethodDefinition,
  type ServerDuplexStream,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { common, type peer } from '@hyperledger/fabric-protos';
import type { GatewayChannels } from '../gateway/contexts.ts';
import { GatewayError } from '../gateway/errors.ts';
import { StreamEnd } from '../gateway/stream-end.ts';
import { readMessage } from '../protos/read.ts';
import { type DeliverKind, DeliverSession, type DeliverStream } from './deliver.ts';
import { readSeekRequest } from './seek.ts';

const SERVICE = '/protos.Deliver';
/** As core.yaml peer.limits.concurrency.deliverService. */
const MAX_CONCURRENT_STREAMS = 2_500;

/** A request that is read when its handler runs: gRPC for Node says other things of bytes that are none than gRPC for Go. */
interface Unread {
  readonly read: () => common.Envelope;
}

type Call = ServerDuplexStream<Unread, peer.DeliverResponse>;
type Method = MethodDefinition<Unread, peer.DeliverResponse>;
type Handler = handleBidiStreamingCall<Unread, peer.DeliverResponse>;

function readEnvelope(data: Uint8Array): common.Envelope {
  try {
    return readMessage(data, common.Envelope);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const text = `grpc: failed to unmarshal the received message: ${reason}`;
    throw new GatewayError(status.INTERNAL, text);
  }
}

function method(name: string): Method {
  const unused = (): never => {
    throw new Error('a server neither reads responses nor writes requests');
  };
  return {
    path: `${SERVICE}/${name}`,
    requestStream: true,
    responseStream: true,
    requestSerialize: unused,
    requestDeserialize: (data) => ({ read: () => readEnvelope(data) }),
    responseSerialize: (message) => Buffer.from(message.serializeBinary()),
    responseDeserialize: unused,
  };
}

/** `protos.Deliver` in gRPC's form. */
export const DELIVER_SERVICE: {
  readonly deliver: Method;
  readonly deliverFiltered: Method;
  readonly deliverWithPrivateData: Method;
} = {
  deliver: method('Deliver'),
  deliverFiltered: method('DeliverFiltered'),
  deliverWithPrivateData: method('DeliverWithPrivateData'),
};

/** A client's stream, on whichever channel a request is. */
type ClientStream = Omit<DeliverStream, 'end'> & { readonly cancelled: Promise<void> };

function streamOf(call: Call, kind: DeliverKind): ClientStream {
  const cancelled = new Promise<void>((resolve) => {
    call.on('cancelled', resolve);
  });
  return {
    kind,
    cancelled,
    isCancelled: () => call.cancelled,
    send: async (response) => {
      if (call.write(response)) return;
      const drained = new Promise<void>((resolve) => {
        call.once('drain', resolve);
      });
      await Promise.race([drained, cancelled]);
    },
  };
}

function asServiceError(error: unknown): Partial<ServiceError> & Error {
  if (error instanceof GatewayError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new GatewayError(status.UNKNOWN, reason);
}

/** A stream's requests in turn. Iterating over the call itself would destroy it at the end, before its status is sent. */
class Requests {
  readonly #call: Call;
  readonly #waiting: Unread[] = [];
  #isOver = false;
  #wake: (() => void) | undefined;

  constructor(call: Call) {
    this.#call = call;
    const over = (): void => {
      this.#isOver = true;
      this.#wake?.();
    };
    call.on('data', (request: Unread) => {
      this.#waiting.push(request);
      // One at a time: what is not read yet waits at the client.
      call.pause();
      this.#wake?.();
    });
    call.on('end', over);
    call.on('cancelled', over);
  }

  /** undefined when the client has no more, or has gone. */
  async next(): Promise<Unread | undefined> {
    const found = this.#waiting.shift();
    if (found !== undefined || this.#isOver) return found;
    this.#call.resume();
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
    return this.#waiting.shift();
  }
}

/** A peer's streams of blocks. */
export class DeliverService {
  readonly #channels: GatewayChannels;
  #streams = 0;

  constructor(channels: GatewayChannels) {
    this.#channels = channels;
  }

  get handlers(): Readonly<Record<keyof typeof DELIVER_SERVICE, Handler>> {
    const handler =
      (kind: DeliverKind): Handler =>
      (call) => {
        void this.#serve(call, kind);
      };
    return {
      deliver: handler('blocks'),
      deliverFiltered: handler('filtered'),
      deliverWithPrivateData: handler('withPrivateData'),
    };
  }

  async #serve(call: Call, kind: DeliverKind): Promise<void> {
    this.#streams += 1;
    const stream = streamOf(call, kind);
    try {
      if (this.#streams > MAX_CONCURRENT_STREAMS) throw tooMany();
      const requests = new Requests(call);
      for (let next = await requests.next(); next !== undefined; next = await requests.next()) {
        if (!(await this.#answer(next.read(), stream))) break;
      }
      call.end();
    } catch (error) {
      if (!call.cancelled) call.emit('error', asServiceError(error));
    } finally {
      this.#streams -= 1;
    }
  }

  async #answer(envelope: common.Envelope, stream: ClientStream): Promise<boolean> {
    const { context, notifier } = this.#channels.of(readSeekRequest(envelope)?.channel ?? '');
    const end = new StreamEnd(notifier, stream.cancelled);
    try {
      return await new DeliverSession(context, { ...stream, end }).answer(envelope);
    } finally {
      end.stop();
    }
  }
}

function tooMany(): GatewayError {
  return new GatewayError(
    status.UNKNOWN,
    `too many requests for ${SERVICE}, exceeding concurrency limit (${MAX_CONCURRENT_STREAMS})`,
  );
}
