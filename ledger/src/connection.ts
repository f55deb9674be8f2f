import { Client, credentials, status as grpcStatus } from '@grpc/grpc-js';
import {
  connect,
  type Gateway,
  GatewayError,
  type GrpcClient,
  hash,
} from '@hyperledger/fabric-gateway';
import type { ConnectionProfile, Organization } from '@pulseledger/domain';
import type { Signatory } from './signatory.ts';

/**
 * A client unused for so long is not used again. A Lambda's process is frozen between invocations, so
 * keepalive cannot run and the connection still looks ready when the other end has long dropped it
 * (https://github.com/grpc/grpc-node/issues/2285).
 */
const IDLE_LIMIT_MS = 60_000;

/**
 * So many calls in a row that ran into their deadlines, with no answer in between: the connection itself is held to be
 * dead. Keepalive does not find that out, because it begins anew whenever no call is under way, and a call that is given
 * up leaves the connection looking ready.
 */
const UNANSWERED_LIMIT = 3;

/** Far above any answer (pages are cut at about 1 MB), and still a limit. */
const MAX_MESSAGE_BYTES: number = 16 * 1024 * 1024;

const CHANNEL_OPTIONS = {
  // Else a new client gets the dead connection of the one that it replaces.
  'grpc.use_local_subchannel_pool': 1,
  // Fabric's peers end a connection that pings more than once a minute (peer.keepalive.minInterval).
  'grpc.keepalive_time_ms': 120_000,
  'grpc.keepalive_timeout_ms': 20_000,
  'grpc.initial_reconnect_backoff_ms': 200,
  'grpc.max_reconnect_backoff_ms': 2_000,
  'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
  'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
};

/** Options of {@link LedgerConnection}. */
export interface ConnectionOptions {
  readonly profile: ConnectionProfile;
  /** Whose peer is talked to. */
  readonly organization: Organization;
  /** Makes the client; replaced in tests. */
  readonly newClient?: () => GrpcClient;
  readonly now?: () => number;
}

/** One gRPC client with the gateways that share it. */
interface Generation {
  readonly client: GrpcClient;
  readonly gateways: WeakMap<Signatory, Gateway>;
  calls: number;
  /** Calls without an answer since the last answer. */
  unanswered: number;
  retired: boolean;
}

/**
 * A connection to one organization's peer, shared by all identities: one gRPC client, one gateway an identity
 * over it. A client that was idle, whose call came back UNAVAILABLE, or of which several calls had no answer at all, is
 * replaced; calls that are still under way on the old one end there.
 */
export class LedgerConnection {
  readonly channel: string;
  readonly chaincode: string;
  /** MSP of the organization whose peer is talked to. */
  readonly mspId: string;
  readonly #newClient: () => GrpcClient;
  readonly #now: () => number;
  #generation: Generation | undefined;
  #lastUsedMs = 0;
  #closed = false;

  constructor(options: ConnectionOptions) {
    const { profile, organization } = options;
    this.channel = profile.channel;
    this.chaincode = profile.chaincode;
    this.mspId = profile.organizations[organization].mspId;
    this.#newClient = options.newClient ?? (() => newTlsClient(profile, organization));
    this.#now = options.now ?? Date.now;
  }

  /**
   * Runs Gateway calls for a signatory over a client that is fit for use.
   * @throws what `use` throws.
   */
  async call<T>(signatory: Signatory, use: (gateway: Gateway) => Promise<T>): Promise<T> {
    const generation = this.#current();
    generation.calls += 1;
    try {
      const answer = await use(gatewayOf(generation, signatory));
      generation.unanswered = 0;
      return answer;
    } catch (error) {
      if (error instanceof GatewayError) this.#learn(generation, error);
      throw error;
    } finally {
      generation.calls -= 1;
      this.#lastUsedMs = this.#now();
      closeWhenDone(generation);
    }
  }

  /**
   * A gateway for building proposals and other messages; no call is made over it.
   */
  builder(signatory: Signatory): Gateway {
    return gatewayOf(this.#current(), signatory);
  }

  /** Ends the connection as soon as calls under way are done. */
  close(): void {
    this.#closed = true;
    if (this.#generation !== undefined) {
      this.#retire(this.#generation);
    }
  }

  #current(): Generation {
    if (this.#closed) {
      throw new Error('The connection is closed.');
    }
    const now = this.#now();
    const known = this.#generation;
    if (known !== undefined && known.calls === 0 && now - this.#lastUsedMs > IDLE_LIMIT_MS) {
      this.#retire(known);
    }
    this.#lastUsedMs = now;
    this.#generation ??= {
      client: this.#newClient(),
      gateways: new WeakMap(),
      calls: 0,
      unanswered: 0,
      retired: false,
    };
    return this.#generation;
  }

  #learn(generation: Generation, error: GatewayError): void {
    generation.unanswered = error.code === DEADLINE_EXCEEDED ? generation.unanswered + 1 : 0;
    if (isUnavailable(error) || generation.unanswered >= UNANSWERED_LIMIT) {
      this.#retire(generation);
    }
  }

  #retire(generation: Generation): void {
    generation.retired = true;
    if (this.#generation === generation) {
      this.#generation = undefined;
    }
    closeWhenDone(generation);
  }
}

/** A connection to the peer of one organization. */
export function connectGateway(
  profile: ConnectionProfile,
  organization: Organization,
): LedgerConnection {
  return new LedgerConnection({ profile, organization });
}

const UNAVAILABLE: number = grpcStatus.UNAVAILABLE;
const DEADLINE_EXCEEDED: number = grpcStatus.DEADLINE_EXCEEDED;

/** An expired identity is UNAVAILABLE too, but is nothing to reconnect for; see faults.ts. */
function isUnavailable(error: GatewayError): boolean {
  return error.code === UNAVAILABLE && !/client identity expired/.test(error.message);
}

function closeWhenDone(generation: Generation): void {
  if (generation.retired && generation.calls === 0) {
    generation.client.close();
  }
}

function gatewayOf(generation: Generation, signatory: Signatory): Gateway {
  const known = generation.gateways.get(signatory);
  if (known !== undefined) {
    return known;
  }
  const gateway = connect({
    client: generation.client,
    identity: { mspId: signatory.mspId, credentials: Buffer.from(signatory.certificatePem) },
    // The signer hashes for itself; without a digest made beforehand it is handed the message.
    hash: hash.none,
    signer: (message) => signatory.signing.sign(message),
  });
  generation.gateways.set(signatory, gateway);
  return gateway;
}

function newTlsClient(profile: ConnectionProfile, organization: Organization): GrpcClient {
  const { endpoint, serverName, tlsRootCertificatePem } = profile.organizations[organization];
  return new Client(endpoint, credentials.createSsl(Buffer.from(tlsRootCertificatePem)), {
    ...CHANNEL_OPTIONS,
    'grpc.ssl_target_name_override': serverName,
    'grpc.default_authority': serverName,
  });
}
