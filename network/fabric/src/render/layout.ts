import { join } from 'node:path';
import {
  hostName,
  type NetworkDefinition,
  type OrganizationDefinition,
} from '../../../definition/src/index.ts';
import {
  type NodeFiles,
  type OrganizationKeys,
  organizationKeys,
} from '../../../identity/src/index.ts';

/** Where something listens, as others reach it. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

interface Place {
  readonly organization: OrganizationDefinition;
  /** Short name inside the organization, e.g. `peer0`. */
  readonly name: string;
  /** e.g. `peer0.hospital.pulse.test`; also the name of the node's folders. */
  readonly host: string;
  readonly keys: NodeFiles;
  readonly configFolder: string;
  readonly ledgerFolder: string;
  readonly logFile: string;
}

export interface PeerPlace extends Place {
  readonly grpc: Address;
  /** Metrics and health, over HTTP; never to be reached from outside the host. */
  readonly operations: Address;
}

export interface OrdererPlace extends Place {
  readonly grpc: Address;
  /** Channel participation, for the organization's administrator. */
  readonly admin: Address;
  readonly operations: Address;
  /** Number of the orderer among the channel's consenters; never given to another one. */
  readonly consenterId: number;
}

/** The chaincode process of one organization; all its peers use the same. */
export interface ChaincodePlace {
  readonly organization: OrganizationDefinition;
  /** e.g. `chaincode.hospital.pulse.test`; with `-green` behind it in the other slot. */
  readonly host: string;
  readonly grpc: Address;
  readonly packageFile: string;
  readonly logFile: string;
}

/**
 * A chaincode has two places, so that the next version can run beside the present one until the channel has
 * changed over.
 */
export type ChaincodeSlot = 'blue' | 'green';

/** What of a network does not follow from its definition alone. */
export interface NetworkPlan {
  readonly definition: NetworkDefinition;
  /** Consenter numbers by host name. */
  readonly consenterIds: Readonly<Record<string, number>>;
  readonly slot: ChaincodeSlot;
}

/** Where the parts of a network are: on this machine, or one on each host of a data centre. */
export interface Placement {
  readonly keysFolder: string;
  readonly configFolder: string;
  readonly ledgerFolder: string;
  readonly logFolder: string;
  /** Address under which the others reach that use (`grpc`, `operations`, `admin`) of a host name. */
  readonly address: (host: string, use: string) => Address;
  /** Interface on which nodes listen: 127.0.0.1, or 0.0.0.0 on a host of their own. */
  readonly listenHost: string;
  /** All nodes share a machine: quick gossip and elections, which a real network would not bear. */
  readonly oneMachine: boolean;
}

/** Every path and address of a network. */
export interface Layout extends NetworkPlan {
  readonly placement: Placement;
  /** Host names of orderers that the channel does not send clients to yet. */
  readonly unlisted?: readonly string[];
  readonly builderFolder: string;
  readonly channelFolder: string;
  readonly genesisBlockFile: string;
  readonly collectionsFile: string;
  readonly keysOf: (organization: OrganizationDefinition) => OrganizationKeys;
  readonly peers: readonly PeerPlace[];
  readonly orderers: readonly OrdererPlace[];
  readonly chaincodes: readonly ChaincodePlace[];
}

export const PEER_USES = ['grpc', 'operations'] as const;
export const ORDERER_USES = ['grpc', 'admin', 'operations'] as const;

/** `host:port`. */
export function text(address: Address): string {
  return `${address.host}:${address.port}`;
}

/** Host name of an organization's chaincode. */
export function chaincodeHost(organization: OrganizationDefinition): string {
  return hostName(organization, 'chaincode');
}

/** How a chaincode's slot is called among the uses of its host. */
export function slotUse(slot: ChaincodeSlot): string {
  return slot === 'blue' ? 'grpc' : 'grpc-green';
}

function placeOf(
  placement: Placement,
  organization: OrganizationDefinition,
  node: { name: string; keys: NodeFiles },
): Place {
  const host = hostName(organization, node.name);
  return {
    organization,
    name: node.name,
    host,
    keys: node.keys,
    configFolder: join(placement.configFolder, host),
    ledgerFolder: join(placement.ledgerFolder, host),
    logFile: join(placement.logFolder, `${host}.log`),
  };
}

/**
 * Works out every path and address; touches nothing.
 *
 * @throws RangeError when the placement knows no address, or the plan no number of a consenter.
 */
export function layOut(plan: NetworkPlan, placement: Placement): Layout {
  const { definition, slot } = plan;
  const { address, ledgerFolder, logFolder, configFolder } = placement;
  const keysOf = (organization: OrganizationDefinition): OrganizationKeys =>
    organizationKeys(placement.keysFolder, organization.name);
  const peersOf = (organization: OrganizationDefinition): PeerPlace[] =>
    organization.peers.map((name) => {
      const keys = keysOf(organization).peer(name);
      const node = placeOf(placement, organization, { name, keys });
      const at = (use: (typeof PEER_USES)[number]): Address => address(node.host, use);
      return { ...node, grpc: at('grpc'), operations: at('operations') };
    });
  const orderersOf = (organization: OrganizationDefinition): OrdererPlace[] =>
    organization.orderers.map((name) => {
      const keys = keysOf(organization).orderer(name);
      const node = placeOf(placement, organization, { name, keys });
      const at = (use: (typeof ORDERER_USES)[number]): Address => address(node.host, use);
      const consenterId = plan.consenterIds[node.host];
      if (consenterId === undefined) throw new RangeError(`${node.host} has no consenter number.`);
      const ports = { grpc: at('grpc'), admin: at('admin'), operations: at('operations') };
      return { ...node, ...ports, consenterId };
    });
  const channelFolder = join(ledgerFolder, 'channel');
  const chaincodeOf = (organization: OrganizationDefinition): ChaincodePlace => ({
    organization,
    host: `${chaincodeHost(organization)}${slot === 'blue' ? '' : `-${slot}`}`,
    grpc: address(chaincodeHost(organization), slotUse(slot)),
    packageFile: join(channelFolder, `${organization.name}-${slot}.tgz`),
    logFile: join(logFolder, `${chaincodeHost(organization)}.log`),
  });
  return {
    ...plan,
    placement,
    builderFolder: join(configFolder, 'ccaas'),
    channelFolder,
    genesisBlockFile: join(channelFolder, 'genesis.block'),
    collectionsFile: join(channelFolder, 'collections.json'),
    keysOf,
    peers: definition.organizations.flatMap(peersOf),
    orderers: definition.organizations.flatMap(orderersOf),
    chaincodes: definition.organizations.map(chaincodeOf),
  };
}
