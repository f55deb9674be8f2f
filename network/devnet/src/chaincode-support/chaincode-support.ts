import { peer } from '@hyperledger/fabric-protos';
import type { Channel, Channels } from '../channel/channel.ts';
import type { CommittedChaincode } from '../lifecycle/chaincode-definitions.ts';
import type { InstalledPackages } from '../lifecycle/installed-packages.ts';
import { noteSequence } from '../lifecycle/lifecycle-state.ts';
import {
  creatorOf,
  type SystemChaincode,
  type SystemParameters,
} from '../system-chaincodes/system-chaincode.ts';
import { ChaincodeConnection } from './connection.ts';
import { ChaincodeError } from './errors.ts';
import { beginsInitialization } from './initialization.ts';
import { type ChaincodeMessage, MessageType } from './message.ts';
import { TransactionContext, type TransactionParameters } from './transaction-context.ts';

/** As core.yaml chaincode.executetimeout. */
export const EXECUTE_TIMEOUT_MS = 30_000;
/** As dial_timeout of a chaincode package's connection.json. */
export const LAUNCH_TIMEOUT_MS = 10_000;
const WRITERS = '/Channel/Application/Writers';

export interface ChaincodeSupportOptions {
  /** The peer's organization. */
  readonly mspId: string;
  /** Its channels. */
  readonly channels: Channels;
  /** `host:port` of chaincode servers by package ID, for packages that are not installed. */
  readonly addresses: ReadonlyMap<string, string>;
  readonly packages: InstalledPackages;
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

/** A chaincode as this peer runs it. */
interface RunnableChaincode {
  readonly definition: CommittedChaincode;
  readonly packageId: string;
  readonly address: string;
}

/** One peer's chaincodes: runs transactions on them (core/chaincode/chaincode_support.go). */
export class ChaincodeSupport {
  readonly #options: ChaincodeSupportOptions;
  readonly #connections = new Map<string, ChaincodeConnection>();

  constructor(options: ChaincodeSupportOptions) {
    this.#options = options;
    this.connect();
  }

  isSystemChaincode(chaincode: string): boolean {
    return this.#options.system.some(({ name }) => name === chaincode);
  }

  /** Whether a chaincode is a part of the peer, or defined, approved and installed. */
  runs(channel: string, chaincode: string): boolean {
    const found = this.#options.channels.get(channel);
    if (found === undefined) return false;
    return this.isSystemChaincode(chaincode) || typeof this.#find(found, chaincode) !== 'string';
  }

  /** The definition by which a chaincode runs here. @throws ChaincodeError when it does not. */
  definition(channel: Channel, chaincode: string): CommittedChaincode {
    return this.#require(channel, chaincode).definition;
  }

  /** Connects to what the channels' definitions ask for, and leaves what none of them does. */
  connect(): void {
    const wanted = new Map<string, string>();
    for (const channel of this.#options.channels.values()) {
      for (const name of channel.definitions.names) {
        const found = this.#find(channel, name);
        if (typeof found !== 'string') wanted.set(found.packageId, found.address);
      }
    }
    for (const [packageId, connection] of this.#connections) {
      if (wanted.has(packageId)) continue;
      connection.close();
      this.#connections.delete(packageId);
    }
    for (const [packageId, address] of wanted) this.#connection(packageId, address);
  }

  /**
   * Runs a transaction; the response may well be one of failure.
   *
   * @throws ChaincodeError when it could not be run, with Fabric's text.
   */
  async execute(
    parameters: SystemParameters,
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

  /** Why a chaincode does not run here, or how it does (core/chaincode/lifecycle/endorsement_info.go). */
  #find({ name: channel, definitions }: Channel, name: string): RunnableChaincode | string {
    const { mspId, addresses, packages } = this.#options;
    const definition = definitions.chaincode(name);
    if (definition === undefined) return `chaincode ${name} not found`;
    const { isApproved, packageId } = definitions.own(mspId, name);
    if (!isApproved) {
      return `chaincode definition for '${name}' at sequence ${definition.sequence} on channel '${channel}' has not yet been approved by this org`;
    }
    const address = packages.get(packageId)?.address ?? addresses.get(packageId);
    return address === undefined
      ? `chaincode definition for '${name}' exists, but chaincode is not installed`
      : { definition, packageId, address };
  }

  #require(channel: Channel, name: string): RunnableChaincode {
    const found = this.#find(channel, name);
    if (typeof found === 'string') throw new ChaincodeError(found);
    return found;
  }

  #connection(packageId: string, address: string): ChaincodeConnection {
    const known = this.#connections.get(packageId);
    if (known !== undefined) return known;
    const { launchTimeoutMs } = this.#options;
    const connection = new ChaincodeConnection({
      address,
      chaincodeId: packageId,
      launchTimeoutMs,
      invoke: this.#invokeFromChaincode.bind(this),
    });
    this.#connections.set(packageId, connection);
    return connection;
  }

  async #invoke(
    parameters: SystemParameters,
    chaincode: string,
    input: peer.ChaincodeInput,
  ): Promise<ChaincodeMessage> {
    const system = this.#options.system.find(({ name }) => name === chaincode);
    if (system !== undefined) return invokeSystem(system, parameters, input);
    const channel = this.#options.channels.get(parameters.channel);
    const { simulator } = parameters;
    if (channel === undefined || simulator === undefined) {
      throw new ChaincodeError(
        `could not get current sequence for chaincode '${chaincode}' on channel '${parameters.channel}': invalid channel-less operation`,
      );
    }
    return this.#invokeOn(channel, { ...parameters, simulator }, chaincode, input);
  }

  async #invokeOn(
    channel: Channel,
    parameters: TransactionParameters,
    chaincode: string,
    input: peer.ChaincodeInput,
  ): Promise<ChaincodeMessage> {
    const { definition, packageId, address } = invalid(() => {
      try {
        return this.#require(channel, chaincode);
      } catch (error) {
        throw wrapped(
          `[channel ${channel.name}] failed to get chaincode container info for ${chaincode}`,
          error,
        );
      }
    });
    noteSequence(parameters.simulator, chaincode);
    const isInit = invalid(() => beginsInitialization(definition, parameters, input));
    const handler = await this.#connection(packageId, address).launch();
    const context = new TransactionContext(chaincode, parameters, (name) =>
      channel.definitions.collection(chaincode, name),
    );
    const timeoutMs = this.#options.executeTimeoutMs;
    return handler
      .execute(context, input.serializeBinary(), timeoutMs, isInit)
      .catch((error: unknown) => {
        throw wrapped('error sending', error);
      });
  }

  /** A chaincode that calls another one: on its own channel within the same simulation, on another one to read only. */
  async #invokeFromChaincode(caller: TransactionContext, payload: Uint8Array): Promise<Uint8Array> {
    const spec = peer.ChaincodeSpec.deserializeBinary(payload);
    const { parameters } = caller;
    const [name = '', channel = parameters.channel] = (
      spec.getChaincodeId()?.getName() ?? ''
    ).split('/');
    const target = name.split(':')[0] ?? '';
    const input = spec.getInput() ?? new peer.ChaincodeInput();
    const answer =
      channel === parameters.channel
        ? await executed(this.#invoke(parameters, target, input))
        : await this.#invokeElsewhere(channel, parameters, target, input);
    const message = new peer.ChaincodeMessage();
    message.setType(answer.type);
    message.setChannelId(answer.channel);
    message.setTxid(answer.txId);
    message.setPayload(answer.payload);
    return message.serializeBinary();
  }

  /** What is written there is forgotten (core/chaincode/handler.go HandleInvokeChaincode). */
  async #invokeElsewhere(
    name: string,
    parameters: TransactionParameters,
    chaincode: string,
    input: peer.ChaincodeInput,
  ): Promise<ChaincodeMessage> {
    const { signedProposal, txId } = parameters;
    const channel = this.#options.channels.get(name);
    if (channel === undefined) {
      throw new ChaincodeError(`Failed to get policy manager for channel [${name}]`);
    }
    const denied = channel.policies.refuseAccess(name, WRITERS, {
      data: signedProposal.getProposalBytes_asU8(),
      identity: creatorOf(signedProposal),
      signature: signedProposal.getSignature_asU8(),
    });
    if (denied !== undefined) throw new ChaincodeError(denied);
    const simulator = channel.ledger.newSimulator({ mspId: this.#options.mspId, txId });
    try {
      const there = { ...parameters, channel: name, simulator };
      return await executed(this.#invoke(there, chaincode, input));
    } finally {
      await simulator.done();
    }
  }
}

async function invokeSystem(
  system: SystemChaincode,
  parameters: SystemParameters,
  input: peer.ChaincodeInput,
): Promise<ChaincodeMessage> {
  const response = await system.invoke({ args: input.getArgsList_asU8(), parameters });
  const { channel, txId } = parameters;
  return { type: MessageType.COMPLETED, channel, txId, payload: response.serializeBinary() };
}

async function executed(work: Promise<ChaincodeMessage>): Promise<ChaincodeMessage> {
  return work.catch((error: unknown) => {
    throw wrapped('execute failed', error);
  });
}

function invalid<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw wrapped('invalid invocation', error);
  }
}

function wrapped(context: string, error: unknown): ChaincodeError {
  return new ChaincodeError(
    `${context}: ${error instanceof Error ? error.message : String(error)}`,
  );
}
