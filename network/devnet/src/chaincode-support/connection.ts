import { Client, type ClientDuplexStream, credentials } from '@grpc/grpc-js';
import { ChaincodeError } from './errors.ts';
import { ChaincodeHandler } from './handler.ts';
import { type ChaincodeMessage, decodeMessage, encodeMessage } from './message.ts';
import type { StateRequest } from './state-requests.ts';

const CONNECT = '/protos.Chaincode/Connect';
/** Fabric's limit of a gRPC message in either direction (core/comm). */
const MAX_MESSAGE_BYTES = 100 * 1024 * 1024;
const RECONNECT_DELAY_MS = 100;
const MAX_RECONNECT_DELAY_MS = 500;
/** One wait for the server to answer; then the next attempt starts. */
const ATTEMPT_MS = 5_000;
const PING_INTERVAL_MS = 60_000;
const PING_TIMEOUT_MS = 20_000;

export interface ConnectionOptions {
  /** `host:port` of the chaincode server. */
  readonly address: string;
  /** What the chaincode is called until it has said so itself. */
  readonly chaincodeId: string;
  /** How long a transaction waits for a chaincode that is not there. */
  readonly launchTimeoutMs: number;
  readonly invoke: StateRequest;
}

/**
 * A peer's connection to a chaincode server (chaincode as a service): the peer is the gRPC client, and connects again,
 * quietly, whenever the server was away.
 */
export class ChaincodeConnection {
  readonly #options: ConnectionOptions;
  readonly #client: Client;
  #chaincodeId: string;
  #handler: ChaincodeHandler | undefined;
  #stream: ClientDuplexStream<ChaincodeMessage, ChaincodeMessage> | undefined;
  #waiting = new Set<(handler: ChaincodeHandler) => void>();
  #isClosed = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#chaincodeId = options.chaincodeId;
    this.#client = new Client(options.address, credentials.createInsecure(), {
      'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
      'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
      'grpc.initial_reconnect_backoff_ms': RECONNECT_DELAY_MS,
      'grpc.max_reconnect_backoff_ms': MAX_RECONNECT_DELAY_MS,
      'grpc.keepalive_time_ms': PING_INTERVAL_MS,
      'grpc.keepalive_timeout_ms': PING_TIMEOUT_MS,
      'grpc.enable_http_proxy': 0,
    });
    this.#connect();
  }

  /**
   * The conversation with the chaincode, once it is ready.
   *
   * @throws ChaincodeError when it is not within the launch timeout.
   */
  async launch(): Promise<ChaincodeHandler> {
    if (this.#handler !== undefined) return this.#handler;
    const { promise, resolve, reject } = Promise.withResolvers<ChaincodeHandler>();
    this.#waiting.add(resolve);
    const timer = setTimeout(() => {
      reject(this.#launchError());
    }, this.#options.launchTimeoutMs);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(resolve);
    }
  }

  get isReady(): boolean {
    return this.#handler !== undefined;
  }

  close(): void {
    this.#isClosed = true;
    this.#stream?.cancel();
    this.#client.close();
  }

  /** As core/chaincode/runtime_launcher.go and core/chaincode/extcc word it. */
  #launchError(): ChaincodeError {
    const id = this.#chaincodeId;
    return new ChaincodeError(
      `could not launch chaincode ${id}: connection to ${id} failed: error cannot create connection for ${id}: ` +
        `error creating grpc connection to ${this.#options.address}: failed to create new connection: context deadline exceeded`,
    );
  }

  #connect(): void {
    if (this.#isClosed) return;
    this.#client.waitForReady(Date.now() + ATTEMPT_MS, (error) => {
      if (error === undefined && !this.#isClosed) this.#converse();
      else this.#connect();
    });
  }

  #converse(): void {
    const stream = this.#client.makeBidiStreamRequest<ChaincodeMessage, ChaincodeMessage>(
      CONNECT,
      encodeMessage,
      decodeMessage,
    );
    const handler = new ChaincodeHandler(
      {
        write: (message) => {
          stream.write(message);
        },
        end: () => {
          stream.cancel();
        },
      },
      {
        invoke: this.#options.invoke,
        onReady: (chaincodeId) => {
          this.#ready(handler, chaincodeId);
        },
      },
    );
    this.#stream = stream;
    stream.on('data', (message: ChaincodeMessage) => {
      handler.receive(message);
    });
    // The reason is not of interest: whatever it is, the peer connects again.
    stream.on('error', () => undefined);
    stream.on('status', () => {
      this.#ended(handler);
    });
    stream.on('end', () => {
      stream.end();
    });
  }

  #ready(handler: ChaincodeHandler, chaincodeId: string): void {
    this.#chaincodeId = chaincodeId;
    this.#handler = handler;
    for (const resolve of this.#waiting) resolve(handler);
    this.#waiting.clear();
  }

  #ended(handler: ChaincodeHandler): void {
    if (this.#handler === handler) this.#handler = undefined;
    handler.terminate();
    if (this.#isClosed) return;
    setTimeout(() => {
      this.#connect();
    }, RECONNECT_DELAY_MS);
  }
}
