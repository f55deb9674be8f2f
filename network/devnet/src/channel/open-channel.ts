import { join } from 'node:path';
import type { ChaincodeDefinition, NetworkDefinition } from '../../../definition/src/index.ts';
import { type ConfiguredOrganization, genesisBlock } from '../channel-configuration/genesis.ts';
import { channelPolicies } from '../channel-configuration/policies.ts';
import type { PeerClock } from '../control/clock.ts';
import type { Faults } from '../control/faults.ts';
import { PrivateDataDistributor } from '../endorser/private-data-distributor.ts';
import { openLedger } from '../ledger/open.ts';
import type { DevelopmentLedger } from '../ledger/types.ts';
import { ChaincodeDefinitions } from '../lifecycle/chaincode-definitions.ts';
import { Msp } from '../msp/msp.ts';
import { MspManager } from '../msp/msp-manager.ts';
import { Orderer } from '../orderer/orderer.ts';
import type { Organization } from '../organization.ts';
import { ChannelPolicies } from '../policy/channel-policies.ts';
import { Committer } from '../validator/committer.ts';
import { Validator } from '../validator/validator.ts';
import type { Channel } from './channel.ts';

export interface ChannelOptions {
  readonly name: string;
  /** Names of the organizations whose peers and clients use the channel. */
  readonly members: readonly string[];
  /** Chaincodes that are there from the beginning. */
  readonly chaincodes: readonly ChaincodeDefinition[];
  readonly ledgerDir: string;
  /** All organizations of the network. */
  readonly organizations: readonly Organization[];
  /** `host:port` of an organization's node. */
  readonly addressOf: (organization: Organization) => string;
  readonly block: NetworkDefinition['block'];
  readonly clock: PeerClock;
  readonly faults: Faults;
  readonly onFailure: (error: unknown) => void;
}

/** Folder of a further channel's ledger, beside the first one's. */
export function channelLedgerDir(ledgerDir: string, channel: string): string {
  return join(`${ledgerDir}-channels`, channel);
}

interface Parts {
  readonly ordering: readonly Organization[];
  readonly definitions: ChaincodeDefinitions;
  readonly msps: MspManager;
  readonly policies: ChannelPolicies;
}

/** Members with an orderer; where there is none, the first organization that has one orders for them. */
function orderingOf(
  all: readonly Organization[],
  members: readonly Organization[],
): readonly Organization[] {
  const own = members.filter((o) => o.orderer !== undefined);
  return own.length > 0 ? own : all.filter((o) => o.orderer !== undefined).slice(0, 1);
}

function partsOf({ name, organizations, chaincodes, ...options }: ChannelOptions): Parts {
  const members = organizations.filter((o) => options.members.includes(o.definition.name));
  const ordering = orderingOf(organizations, members);
  const msps = new MspManager(
    organizations
      .filter((o) => members.includes(o) || ordering.includes(o))
      .map((o) => new Msp(o.msp)),
  );
  const ids = (all: readonly Organization[]): string[] => all.map((o) => o.msp.mspId);
  return {
    ordering,
    msps,
    policies: new ChannelPolicies(channelPolicies(ids(members), ids(ordering)), msps),
    definitions: new ChaincodeDefinitions(
      { channel: name, organizations: members.map((o) => o.definition) },
      chaincodes,
    ),
  };
}

async function openChannelLedger(
  { name, ledgerDir, faults }: ChannelOptions,
  definitions: ChaincodeDefinitions,
): Promise<DevelopmentLedger> {
  const ledger = await openLedger({
    dir: ledgerDir,
    channel: name,
    organizations: definitions.organizations,
    namespaces: definitions.namespaces(),
    interventions: faults,
  });
  ledger.onCommit(({ transactions }) => {
    for (const { txId } of transactions) faults.committed(txId);
  });
  ledger.onReset(() => void definitions.reload(ledger));
  return ledger;
}

function newOrderer(
  options: ChannelOptions,
  { msps, policies, ordering }: Parts,
  ledger: DevelopmentLedger,
  committer: Committer,
): Orderer {
  const { name: channel, block, clock, faults, onFailure } = options;
  const signer = ordering[0]?.orderer;
  if (signer === undefined) throw new Error('No organization of the network runs an orderer.');
  return new Orderer({
    ...block,
    signer,
    rules: { channel, msps, policies, absoluteMaxBytes: block.absoluteMaxBytes },
    end: { height: ledger.height, lastHash: ledger.lastHash },
    deliver: (next) => committer.commit(next),
    onFailure,
    now: clock.now,
    faultOf: faults.atOrdering,
  });
}

/**
 * Opens a channel, or makes it: ledger, definitions and ordering.
 *
 * @throws Error when the ledger cannot be opened, or belongs to another channel.
 */
export async function openChannel(options: ChannelOptions): Promise<Channel> {
  const { name, organizations, addressOf, block } = options;
  const parts = partsOf(options);
  const { definitions, msps, policies } = parts;
  const ledger = await openChannelLedger(options, definitions);
  const validator = new Validator({ channel: name, msps, definitions, ledger });
  const committer = new Committer(validator, ledger, definitions);
  if (ledger.height === 0) {
    const configured = (all: readonly Organization[]): ConfiguredOrganization[] =>
      all.map((o) => ({ ...o, address: addressOf(o) }));
    const users = organizations.filter((o) => options.members.includes(o.definition.name));
    const ordering = configured(parts.ordering);
    await committer.commit(
      genesisBlock({ channel: name, block }, { users: configured(users), ordering }),
    );
  } else await definitions.reload(ledger);
  return {
    name,
    members: definitions.organizations,
    definitions,
    msps,
    policies,
    ledger,
    distributor: new PrivateDataDistributor({
      ledger,
      definitions,
      organizations: definitions.organizations,
    }),
    orderer: newOrderer(options, parts, ledger, committer),
  };
}
