import { peer } from '@hyperledger/fabric-protos';
import type { ChaincodeDefinitions } from '../lifecycle/chaincode-definitions.ts';
import type { SystemChaincode } from '../system-chaincodes/system-chaincode.ts';
import { ChaincodeConnection } from './connection.ts';
import { ChaincodeError } from './errors.ts';
import { type ChaincodeMessage, MessageType } from './message.ts';
import { TransactionContext, type TransactionParameters } from './transaction-context.ts';

/** As core.yaml chaincode.executetimeout. */
export const EXECUTE_TIMEOUT_MS = 30_000;
/** As dial_timeout of a chaincode package's connection.json. */
export const LAUNCH_TIMEOUT_MS = 10_000;

export interface ChaincodeSupportOptions {
  readonly definitions: ChaincodeDefinitions;
  /** `host:port` of this peer's chaincode servers by chaincode name. */
  readonly addresses: ReadonlyMap<string, string>;
  readonly executeTimeoutMs: number;
  readonly launchTimeoutMs: number;
  /** Chaincodes that are a part of the peer. */
  readonly system: readonly SystemChaincode[];
}

/** What a chaincode answered. */
export interface Execution {
  readonly response: peer.Response;
  readonly event: peer.ChaincodeEvent | undefined;
}

/** One peer's chaincodes: runs transactions on them (core/chaincode/chaincode_support.go). */
export class ChaincodeSupport {
  readonly #options: ChaincodeSupportOptions;
  readonly #connections: ReadonlyMap<string, ChaincodeConnection>;

  constructor(options: ChaincodeSupportOptions) {
    this.#options = options;
    const { launchTimeoutMs, definitions } = options;
    this.#connections = new Map(
      [...options.addresses].map(([name, address]) => {
        const version = definitions.chaincode(name)?.version ?? '';
        const chaincodeId = `${name}:${version}`;
        const invoke = this.#invokeFromChaincode.bind(this);
        return [
          name,
          new ChaincodeConnection({ address, chaincodeId, launchTimeoutMs, invoke }),
        ] as const;
      }),
    );
  }

  isSystemChaincode(chaincode: string): boolean {
    return this.#options.system.some(({ name }) => name === chaincode);
  }

  /** Whether every chaincode of this peer is connected. */
  get isReady(): boolean {
    return [...this.#connections.values()].every((connection) => connection.isReady);
  }

  /**
   * Runs a transaction; the response may well be one of failure.
   *
   * @throws ChaincodeError when it could not be run, with Fabric's text.
   */
  async execute(
    parameters: TransactionParameters,
    chaincode: string,
    input: peer.ChaincodeInput,
  ): Promise<Execution> {
    const { txId } = parameters;
    const message = await this.#invoke(parameters, chaincode, input).catch((error: unknown) => {
      throw wrapped(`failed to execute transaction ${txId}`, error);
    });
    const { event } = message;
    event?.setChaincodeId(chaincode);
    event?.setTxId(txId);
    if (message.type !== MessageType.COMPLETED) {
      const text = Buffer.from(message.payload).toString();
      throw new ChaincodeError(`transaction returned with failure: ${text}`);
    }
    return { response: peer.Response.deserializeBinary(message.payload), event };
  }

  close(): void {
    for (const connection of this.#connections.values()) connection.close();
  }

  async #invoke(
    parameters: TransactionParameters,
    chaincode: string,
    input: peer.ChaincodeInput,
  ): Promise<ChaincodeMessage> {
    const { definitions, executeTimeoutMs } = this.#options;
    const system = this.#options.system.find(({ name }) => name === chaincode);
    if (system !== undefined) return this.#invokeSystem(system, parameters, input);
    const connection = this.#connections.get(chaincode);
    if (connection === undefined || definitions.chaincode(chaincode) === undefined) {
      throw new ChaincodeError(
        `invalid invocation: [channel ${parameters.channel}] failed to get chaincode container info for ${chaincode}: chaincode ${chaincode} not found`,
      );
    }
    if (input.getIsInit()) {
      throw new ChaincodeError(
        `invalid invocation: chaincode '${chaincode}' does not require initialization but called as init`,
      );
    }
    const handler = await connection.launch();
    const context = new TransactionContext(chaincode, parameters, (name) =>
      definitions.collection(chaincode, name),
    );
    return handler
      .execute(context, input.serializeBinary(), executeTimeoutMs)
      .catch((error: unknown) => {
        throw wrapped('error sending', error);
      });
  }

  async #invokeSystem(
    system: SystemChaincode,
    parameters: TransactionParameters,
    input: peer.ChaincodeInput,
  ): Promise<ChaincodeMessage> {
    const response = await system.invoke({ args: input.getArgsList_asU8(), parameters });
    const { channel, txId } = parameters;
    return { type: MessageType.COMPLETED, channel, txId, payload: response.serializeBinary() };
  }

  /** A chaincode that calls another one, on the same channel and within the same simulation. */
  async #invokeFromChaincode(caller: TransactionContext, payload: Uint8Array): Promise<Uint8Array> {
    const spec = peer.ChaincodeSpec.deserializeBinary(payload);
    const [name = '', channel] = (spec.getChaincodeId()?.getName() ?? '').split('/');
    if (channel !== undefined && channel !== caller.parameters.channel) {
      throw new ChaincodeError(`Failed to get policy manager for channel [${channel}]`);
    }
    const target = name.split(':')[0] ?? '';
    const input = spec.getInput() ?? new peer.ChaincodeInput();
    const answer = await this.#invoke(caller.parameters, target, input).catch((error: unknown) => {
      throw wrapped('execute failed', error);
    });
    const message = new peer.ChaincodeMessage();
    message.setType(answer.type);
    message.setChannelId(answer.channel);
    message.setTxid(answer.txId);
    message.setPayload(answer.payload);
    return message.serializeBinary();
  }
}

function wrapped(context: string, error: unknown): ChaincodeError {
  return new ChaincodeError(
    `${context}: ${error instanceof Error ? error.message : String(error)}`,
  );
}
