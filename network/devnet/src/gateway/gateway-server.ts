import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  status,
} from '@grpc/grpc-js';
import { gateway } from '@hyperledger/fabric-protos';
import { DELIVER_SERVICE, DeliverService } from '../deliver/deliver-service.ts';
import type { Endorser } from '../endorser/endorser.ts';
import { ENDORSER_SERVICE, endorserHandlers } from '../endorser/endorser-service.ts';
import {
  BROADCAST_SERVICE,
  type Broadcasting,
  broadcastHandlers,
} from '../orderer/broadcast-service.ts';
import { type MessageClass, readMessage } from '../protos/read.ts';
import { chaincodeEvents } from './chaincode-events.ts';
import { commitStatus } from './commit-status.ts';
import type { GatewayChannels } from './contexts.ts';
import { endorse } from './endorse.ts';
import { GatewayError } from './errors.ts';
import { evaluate } from './evaluate.ts';
import { submit } from './submit.ts';

/** Fabric's limit of a gRPC message in either direction (core/comm). */
const MAX_MESSAGE_BYTES = 100 * 1024 * 1024;
/**
 * As the native network's peer.limits.concurrency.gatewayService: a waiting CommitStatus holds one of these while its block
 * is being made.
 */
const MAX_CONCURRENT_CALLS = 20_000;
const SERVICE = '/gateway.Gateway';

interface Message {
  serializeBinary(): Uint8Array;
}

/** A request that is read when its handler runs: gRPC for Node says other things of bytes that are none than gRPC for Go. */
interface Unread<Request> {
  readonly read: () => Request;
}

function method<Request extends Message, Response extends Message>(
  name: string,
  request: MessageClass<Request>,
  responseStream = false,
): MethodDefinition<Unread<Request>, Response> {
  const serialize = (message: Message): Buffer => {
    const binary = message.serializeBinary();
    return Buffer.from(binary.buffer, binary.byteOffset, binary.byteLength);
  };
  const unused = (): never => {
    throw new Error('a server neither reads responses nor writes requests');
  };
  return {
    path: `${SERVICE}/${name}`,
    requestStream: false,
    responseStream,
    requestSerialize: unused,
    requestDeserialize: (data) => ({ read: () => readRequest(data, request, responseStream) }),
    responseSerialize: serialize,
    responseDeserialize: unused,
  };
}

function readRequest<Request>(
  data: Uint8Array,
  request: MessageClass<Request>,
  isStream: boolean,
): Request {
  try {
    return readMessage(data, request);
  } catch (error) {
    const what = isStream
      ? 'failed to unmarshal the received message'
      : 'error unmarshalling request';
    const reason = error instanceof Error ? error.message : String(error);
    throw new GatewayError(status.INTERNAL, `grpc: ${what}: ${reason}`);
  }
}

const SERVICE_DEFINITION = {
  evaluate: method('Evaluate', gateway.EvaluateRequest),
  endorse: method('Endorse', gateway.EndorseRequest),
  submit: method('Submit', gateway.SubmitRequest),
  commitStatus: method('CommitStatus', gateway.SignedCommitStatusRequest),
  chaincodeEvents: method('ChaincodeEvents', gateway.SignedChaincodeEventsRequest, true),
};

function asGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new GatewayError(status.UNKNOWN, reason);
}

/** Resolves when the client of a call has gone. */
function cancelled(call: { on(event: 'cancelled', listener: () => void): unknown }): Promise<void> {
  return new Promise((resolve) => {
    call.on('cancelled', resolve);
  });
}

export interface GatewayServerOptions {
  readonly channels: GatewayChannels;
  readonly endorser: Endorser;
  /** All channels that the network orders for, by name. */
  readonly ordering: ReadonlyMap<string, Broadcasting>;
  readonly host: string;
  readonly port: number;
  readonly tls: { readonly certificatePem: string; readonly privateKeyPem: string };
}

/** One organization's Gateway service over TLS. */
export class GatewayServer {
  readonly #channels: GatewayChannels;
  readonly #server: Server;
  #calls = 0;

  private constructor({ channels, endorser, ordering }: GatewayServerOptions) {
    this.#channels = channels;
    this.#server = new Server({
      'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
      'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
    });
    this.#server.addService(SERVICE_DEFINITION, this.#implementation());
    this.#server.addService(DELIVER_SERVICE, new DeliverService(channels).handlers);
    this.#server.addService(ENDORSER_SERVICE, endorserHandlers(endorser));
    this.#server.addService(BROADCAST_SERVICE, broadcastHandlers(ordering));
  }

  /**
   * Starts to listen.
   *
   * @throws Error when the port is taken.
   */
  static async start(options: GatewayServerOptions): Promise<GatewayServer> {
    const { host, port, tls } = options;
    const gatewayServer = new GatewayServer(options);
    const credentials = ServerCredentials.createSsl(null, [
      {
        cert_chain: Buffer.from(tls.certificatePem),
        private_key: Buffer.from(tls.privateKeyPem),
      },
    ]);
    await new Promise<void>((resolve, reject) => {
      gatewayServer.#server.bindAsync(`${host}:${port}`, credentials, (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
    return gatewayServer;
  }

  /** Takes no more calls; waits for those under way up to the time limit, then ends them. */
  async close(graceMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        this.#server.forceShutdown();
        resolve();
      }, graceMs);
      this.#server.tryShutdown(() => {
        clearTimeout(timer);
        resolve();
      });
    });
    this.#channels.close();
  }

  #implementation(): {
    evaluate: handleUnaryCall<Unread<gateway.EvaluateRequest>, gateway.EvaluateResponse>;
    endorse: handleUnaryCall<Unread<gateway.EndorseRequest>, gateway.EndorseResponse>;
    submit: handleUnaryCall<Unread<gateway.SubmitRequest>, gateway.SubmitResponse>;
    commitStatus: handleUnaryCall<
      Unread<gateway.SignedCommitStatusRequest>,
      gateway.CommitStatusResponse
    >;
    chaincodeEvents: handleServerStreamingCall<
      Unread<gateway.SignedChaincodeEventsRequest>,
      gateway.ChaincodeEventsResponse
    >;
  } {
    const channels = this.#channels;
    return {
      evaluate: this.#unary((request) =>
        evaluate(channels.ofProposal(request.getProposedTransaction()).context, request),
      ),
      endorse: this.#unary((request) =>
        endorse(channels.ofProposal(request.getProposedTransaction()).context, request),
      ),
      submit: this.#unary((request) =>
        submit(channels.of(request.getChannelId()).context, request),
      ),
      commitStatus: this.#unary((request, call) => {
        const { context, notifier } = channels.ofStatusRequest(request);
        return commitStatus(context, notifier, request, cancelled(call));
      }),
      chaincodeEvents: (call) => {
        void this.#stream(call);
      },
    };
  }

  #unary<Request, Response>(
    handle: (
      request: Request,
      call: ServerUnaryCall<Unread<Request>, Response>,
    ) => Response | Promise<Response>,
  ): handleUnaryCall<Unread<Request>, Response> {
    return (call, callback) => {
      this.#limited(async () => handle(call.request.read(), call)).then(
        (response) => {
          callback(null, response);
        },
        (error: unknown) => {
          callback(asGatewayError(error));
        },
      );
    };
  }

  async #stream(
    call: ServerWritableStream<
      Unread<gateway.SignedChaincodeEventsRequest>,
      gateway.ChaincodeEventsResponse
    >,
  ): Promise<void> {
    const stream = {
      cancelled: cancelled(call),
      isCancelled: () => call.cancelled,
      send: async (response: gateway.ChaincodeEventsResponse) => {
        if (call.write(response)) return;
        const drained = new Promise<void>((resolve) => {
          call.once('drain', resolve);
        });
        await Promise.race([drained, stream.cancelled]);
      },
    };
    try {
      await this.#limited(() => {
        const request = call.request.read();
        const { context, notifier } = this.#channels.ofEventsRequest(request);
        return chaincodeEvents(context, notifier, request, stream);
      });
      call.end();
    } catch (error) {
      call.emit('error', asGatewayError(error));
    }
  }

  /** Runs a call, when there are not too many already (internal/peer/node/grpc_limiters.go). */
  async #limited<T>(run: () => Promise<T>): Promise<T> {
    if (this.#calls >= MAX_CONCURRENT_CALLS) {
      throw new GatewayError(
        status.UNKNOWN,
        `too many requests for ${SERVICE}, exceeding concurrency limit (${MAX_CONCURRENT_CALLS})`,
      );
    }
    this.#calls += 1;
    try {
      return await run();
    } finally {
      this.#calls -= 1;
    }
  }
}
