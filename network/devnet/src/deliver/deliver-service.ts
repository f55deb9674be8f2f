import {
  type handleBidiStreamingCall,
  type MethodDefinition,
  type ServerDuplexStream,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { common, type peer } from '@hyperledger/fabric-protos';
import type { CommitNotifier } from '../gateway/commit-notifier.ts';
import type { GatewayContext } from '../gateway/context.ts';
import { GatewayError } from '../gateway/errors.ts';
import { StreamEnd } from '../gateway/stream-end.ts';
import { bytes } from '../protos/bytes.ts';
import { type DeliverKind, DeliverSession, type DeliverStream } from './deliver.ts';

const SERVICE = '/protos.Deliver';
/** As core.yaml peer.limits.concurrency.deliverService. */
const MAX_CONCURRENT_STREAMS = 2_500;

type Call = ServerDuplexStream<common.Envelope, peer.DeliverResponse>;
type Method = MethodDefinition<common.Envelope, peer.DeliverResponse>;
type Handler = handleBidiStreamingCall<common.Envelope, peer.DeliverResponse>;

function method(name: string): Method {
  const unused = (): never => {
    throw new Error('a server neither reads responses nor writes requests');
  };
  return {
    path: `${SERVICE}/${name}`,
    requestStream: true,
    responseStream: true,
    requestSerialize: unused,
    requestDeserialize: (data) => common.Envelope.deserializeBinary(bytes(data)),
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

function streamOf(call: Call, kind: DeliverKind, notifier: CommitNotifier): DeliverStream {
  const cancelled = new Promise<void>((resolve) => {
    call.on('cancelled', resolve);
  });
  return {
    kind,
    end: new StreamEnd(notifier, cancelled),
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

/** A peer's streams of blocks. */
export class DeliverService {
  readonly #context: GatewayContext;
  readonly #notifier: CommitNotifier;
  #streams = 0;

  constructor(context: GatewayContext, notifier: CommitNotifier) {
    this.#context = context;
    this.#notifier = notifier;
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
    const stream = streamOf(call, kind, this.#notifier);
    try {
      if (this.#streams > MAX_CONCURRENT_STREAMS) throw tooMany();
      const session = new DeliverSession(this.#context, stream);
      for await (const envelope of call as AsyncIterable<common.Envelope>) {
        if (!(await session.answer(envelope))) break;
      }
      call.end();
    } catch (error) {
      if (!call.cancelled) call.emit('error', asServiceError(error));
    } finally {
      stream.end.stop();
      this.#streams -= 1;
    }
  }
}

function tooMany(): GatewayError {
  return new GatewayError(
    status.UNKNOWN,
    `too many requests for ${SERVICE}, exceeding concurrency limit (${MAX_CONCURRENT_STREAMS})`,
  );
}
