import { status } from '@grpc/grpc-js';
import type { Ledger } from '../ledger/types.ts';
import type { ChaincodeDefinitions } from '../lifecycle/chaincode-definitions.ts';
import type { MspManager } from '../msp/msp-manager.ts';
import type { Orderer } from '../orderer/orderer.ts';
import type { ChannelPolicies } from '../policy/channel-policies.ts';
import type { SignedData } from '../policy/signature-set.ts';
import { GatewayError } from './errors.ts';
import type { PeerRegistry } from './peers.ts';

export interface GatewayContextOptions {
  readonly channel: string;
  readonly peers: PeerRegistry;
  readonly definitions: ChaincodeDefinitions;
  readonly policies: ChannelPolicies;
  readonly ledger: Ledger;
  readonly orderer: Orderer;
  readonly msps: MspManager;
  /** How far the time of a request for blocks may be from the peer's, either way. */
  readonly timeWindowMs: number;
  readonly now: () => number;
}

/** What one organization's gateway works with. */
export class GatewayContext implements GatewayContextOptions {
  readonly channel: string;
  readonly peers: PeerRegistry;
  readonly definitions: ChaincodeDefinitions;
  readonly policies: ChannelPolicies;
  readonly ledger: Ledger;
  readonly orderer: Orderer;
  readonly msps: MspManager;
  readonly timeWindowMs: number;
  readonly now: () => number;

  constructor(options: GatewayContextOptions) {
    this.channel = options.channel;
    this.peers = options.peers;
    this.definitions = options.definitions;
    this.policies = options.policies;
    this.ledger = options.ledger;
    this.orderer = options.orderer;
    this.msps = options.msps;
    this.timeWindowMs = options.timeWindowMs;
    this.now = options.now;
  }

  unknownChannel(channel: string): GatewayError {
    return new GatewayError(
      status.UNAVAILABLE,
      `failed to get config for channel [${channel}]: could not get last config for channel ${channel}`,
    );
  }

  /**
   * Checks that a request is signed by one of the channel's readers (core/policy, for requests to the gateway itself).
   *
   * @throws GatewayError PERMISSION_DENIED
   */
  checkReader(channel: string, signed: SignedData): void {
    if (channel !== this.channel) {
      throw new GatewayError(
        status.PERMISSION_DENIED,
        `Failed to get policy manager for channel [${channel}]`,
      );
    }
    const refusal = this.policies.refuseAccess(channel, '/Channel/Application/Readers', signed);
    if (refusal !== undefined) throw new GatewayError(status.PERMISSION_DENIED, refusal);
  }
}
