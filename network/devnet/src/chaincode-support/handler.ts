import { peer } from '@hyperledger/fabric-protos';
import { readOr } from '../protos/read.ts';
import { ChaincodeError, EXECUTION_TIMEOUT, STREAM_TERMINATED } from './errors.ts';
import { type ChaincodeMessage, MessageType, reply, typeName } from './message.ts';
import { STATE_REQUESTS, type StateRequest } from './state-requests.ts';
import type { TransactionContext } from './transaction-context.ts';

/** The peer's end of the conversation: where to send. */
export interface ChaincodeStream {
  write(message: ChaincodeMessage): void;
  /** Ends the conversation; the stream's owner tells the handler by `terminate`. */
  end(): void;
}

interface Running {
  readonly context: TransactionContext;
  /** A request of this transaction is being answered; the shim sends one at a time. */
  isBusy: boolean;
  readonly resolve: (message: ChaincodeMessage) => void;
  readonly reject: (error: ChaincodeError) => void;
}

const DROPPED = new Set<MessageType>([MessageType.KEEPALIVE]);

/**
 * The peer's side of one conversation with a chaincode (core/chaincode/handler.go): REGISTER, REGISTERED, READY, then
 * transactions, each with its own requests, until the stream ends.
 *
 * It never sends KEEPALIVE: fabric-shim for Node ends its process on one; HTTP/2 pings keep the connection.
 */
export class ChaincodeHandler {
  readonly #stream: ChaincodeStream;
  readonly #invoke: StateRequest;
  readonly #onReady: (chaincodeId: string) => void;
  readonly #running = new Map<string, Running>();
  #state: 'created' | 'ready' | 'ended' = 'created';

  constructor(
    stream: ChaincodeStream,
    options: {
      /** Answers INVOKE_CHAINCODE. */
      readonly invoke: StateRequest;
      readonly onReady: (chaincodeId: string) => void;
    },
  ) {
    this.#stream = stream;
    this.#invoke = options.invoke;
    this.#onReady = options.onReady;
  }

  /**
   * Runs one transaction and waits for its COMPLETED or ERROR message.
   *
   * @throws ChaincodeError when the chaincode does not answer in time or goes away, or the transaction runs already.
   */
  async execute(
    context: TransactionContext,
    input: Uint8Array,
    timeoutMs: number,
    isInit = false,
  ): Promise<ChaincodeMessage> {
    const { channel, txId, signedProposal } = context.parameters;
    const key = channel + txId;
    if (this.#state !== 'ready') throw new ChaincodeError(STREAM_TERMINATED);
    if (this.#running.has(key)) throw new ChaincodeError(`txid: ${txId}(${channel}) exists`);
    const { promise, resolve, reject } = Promise.withResolvers<ChaincodeMessage>();
    this.#running.set(key, { context, isBusy: false, resolve, reject });
    const timer = setTimeout(() => {
      reject(new ChaincodeError(EXECUTION_TIMEOUT));
    }, timeoutMs);
    try {
      const type = isInit ? MessageType.INIT : MessageType.TRANSACTION;
      this.#stream.write({ type, channel, txId, payload: input, proposal: signedProposal });
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#running.delete(key);
      await context.closeAllQueries();
    }
  }

  /** Takes a message of the chaincode. */
  receive(message: ChaincodeMessage): void {
    if (DROPPED.has(message.type)) return;
    if (this.#state === 'created') this.#register(message);
    else if (this.#state === 'ready') this.#dispatch(message);
  }

  /** The stream ended: what is running fails. */
  terminate(): void {
    this.#state = 'ended';
    for (const { reject } of this.#running.values()) reject(new ChaincodeError(STREAM_TERMINATED));
  }

  #register(message: ChaincodeMessage): void {
    const isRegister = message.type === MessageType.REGISTER;
    const chaincodeId = isRegister ? readOr(message.payload, peer.ChaincodeID)?.getName() : '';
    if (chaincodeId === undefined || chaincodeId === '') {
      this.#stream.end();
      return;
    }
    this.#stream.write(reply(message, MessageType.REGISTERED));
    this.#stream.write(reply(message, MessageType.READY));
    this.#state = 'ready';
    this.#onReady(chaincodeId);
  }

  #dispatch(message: ChaincodeMessage): void {
    const running = this.#running.get(message.channel + message.txId);
    if (message.type === MessageType.COMPLETED || message.type === MessageType.ERROR) {
      running?.resolve(message);
      return;
    }
    const isInvoke = message.type === MessageType.INVOKE_CHAINCODE;
    const request = isInvoke ? this.#invoke : STATE_REQUESTS.get(message.type);
    if (request === undefined) {
      // The Gateway's peers take no batched messages: READY does not offer them.
      this.#stream.end();
      return;
    }
    if (running === undefined) {
      const error = isInvoke ? 'could not get valid transaction' : 'no ledger context';
      this.#refuse(message, new ChaincodeError(error));
      return;
    }
    // A second request before the first is answered breaks the protocol; Fabric drops it, too.
    if (!running.isBusy) this.#answer(message, running, request);
  }

  #answer(message: ChaincodeMessage, running: Running, request: StateRequest): void {
    try {
      const payload = request(running.context, message.payload);
      if (payload instanceof Uint8Array) {
        this.#stream.write(reply(message, MessageType.RESPONSE, payload));
        return;
      }
      running.isBusy = true;
      void this.#answerLater(message, running, payload);
    } catch (error) {
      this.#refuse(message, error);
    }
  }

  async #answerLater(
    message: ChaincodeMessage,
    running: Running,
    payload: Promise<Uint8Array>,
  ): Promise<void> {
    try {
      const answer = await payload;
      running.isBusy = false;
      this.#stream.write(reply(message, MessageType.RESPONSE, answer));
    } catch (error) {
      running.isBusy = false;
      this.#refuse(message, error);
    }
  }

  #refuse(message: ChaincodeMessage, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    const text = `${typeName(message.type)} failed: transaction ID: ${message.txId}: ${reason}`;
    this.#stream.write(reply(message, MessageType.ERROR, new Uint8Array(Buffer.from(text))));
  }
}
