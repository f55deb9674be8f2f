import { join } from 'node:path';
import { ChaincodeSupport } from '../chaincode-support/chaincode-support.ts';
import { type Channels, channelsOf } from '../channel/channel.ts';
import type { CallGate } from '../control/call-gate.ts';
import type { PeerClock } from '../control/clock.ts';
import type { Faults } from '../control/faults.ts';
import { Endorser } from '../endorser/endorser.ts';
import type { GatewayPeer } from '../gateway/peers.ts';
import { InstalledPackages } from '../lifecycle/installed-packages.ts';
import { Msp } from '../msp/msp.ts';
import { MspManager } from '../msp/msp-manager.ts';
import type { Organization } from '../organization.ts';
import { ConfigurationChaincode } from '../system-chaincodes/configuration-chaincode.ts';
import { LifecycleChaincode } from '../system-chaincodes/lifecycle-chaincode.ts';
import { QueryChaincode } from '../system-chaincodes/query-chaincode.ts';
import { chaincodeAddresses, type OtherChaincode } from './chaincode-addresses.ts';

/** What developers move and break. */
export interface Development {
  readonly clock: PeerClock;
  readonly gate: CallGate;
  readonly faults: Faults;
}

export interface PeerOptions {
  readonly organization: Organization;
  /** `host:port` of its gateway. */
  readonly address: string;
  /** All channels of the network. */
  readonly channels: Channels;
  /** All chaincodes of the network's definition. */
  readonly chaincodes: readonly OtherChaincode[];
  readonly ledgerDir: string;
  readonly executeTimeoutMs: number;
  readonly launchTimeoutMs: number;
  readonly timeWindowMs: number;
  readonly development: Development;
}

/** An organization's peer. */
export interface RunningPeer {
  readonly organization: Organization;
  /** Those that it has joined. */
  readonly channels: Channels;
  readonly chaincodes: ChaincodeSupport;
  readonly peer: GatewayPeer;
}

/** Folder of a peer's chaincode packages, beside the ledger. */
function packagesDir(ledgerDir: string, organization: string): string {
  return join(`${ledgerDir}-packages`, organization);
}

function chaincodeSupport(
  options: PeerOptions,
  channels: Channels,
  packages: InstalledPackages,
  msp: Msp,
): ChaincodeSupport {
  const { organization, executeTimeoutMs, launchTimeoutMs } = options;
  const chaincodes = new ChaincodeSupport({
    mspId: msp.mspId,
    channels,
    packages,
    addresses: chaincodeAddresses(options.chaincodes, organization.definition.name),
    executeTimeoutMs,
    launchTimeoutMs,
    system: [
      new QueryChaincode(channels),
      new ConfigurationChaincode(channels),
      new LifecycleChaincode({ msp, channels, packages }),
    ],
  });
  for (const { definitions } of channels.values()) {
    definitions.onChange(() => {
      chaincodes.connect();
    });
  }
  return chaincodes;
}

/**
 * Starts an organization's peer: it connects to its chaincodes.
 *
 * @throws Error when an installed package cannot be read.
 */
export async function startPeer(options: PeerOptions): Promise<RunningPeer> {
  const { organization, address, timeWindowMs, development } = options;
  const { mspId } = organization.msp;
  const channels = channelsOf(options.channels, mspId);
  const msp = new Msp(organization.msp);
  const packages = await InstalledPackages.open(
    packagesDir(options.ledgerDir, organization.definition.name),
  );
  const chaincodes = chaincodeSupport(options, channels, packages, msp);
  const endorser = new Endorser({
    signer: organization.peer,
    channels,
    local: new MspManager([msp]),
    chaincodes,
    timeWindowMs,
    now: development.clock.now,
    development,
  });
  const runs = (channel: string, chaincode: string): boolean => chaincodes.runs(channel, chaincode);
  return { organization, channels, chaincodes, peer: { mspId, address, endorser, runs } };
}
