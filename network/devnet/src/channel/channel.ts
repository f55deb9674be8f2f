import type { PrivateDataDistributor } from '../endorser/private-data-distributor.ts';
import type { DevelopmentLedger } from '../ledger/types.ts';
import type { ChaincodeDefinitions } from '../lifecycle/chaincode-definitions.ts';
import type { MspManager } from '../msp/msp-manager.ts';
import type { Orderer } from '../orderer/orderer.ts';
import type { ChannelPolicies } from '../policy/channel-policies.ts';

/** What all members' parts of a channel share. */
export interface Channel {
  readonly name: string;
  /** MSP IDs of the members. */
  readonly members: readonly string[];
  readonly definitions: ChaincodeDefinitions;
  readonly msps: MspManager;
  readonly policies: ChannelPolicies;
  readonly ledger: DevelopmentLedger;
  readonly distributor: PrivateDataDistributor;
  readonly orderer: Orderer;
}

/** Channels by name. */
export type Channels = ReadonlyMap<string, Channel>;

/** The channels of one organization's peer. */
export function channelsOf(channels: Channels, mspId: string): Channels {
  return new Map([...channels].filter(([, { members }]) => members.includes(mspId)));
}
