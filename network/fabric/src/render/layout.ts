import { join } from 'node:path';
import {
  hostName,
  type NetworkDefinition,
  type OrganizationDefinition,
} from '../../definition/src/index.ts';
import {
  type NodeFiles,
  type OrganizationKeys,
  organizationKeys,
} from '../../identity/src/index.ts';

/** Everything listens here only; the network is for one machine. */
export const HOST = '127.0.0.1';

/** Port of each use, e.g. `peer0.hospital.pulse.test/grpc`. */
export type Ports = Readonly<Record<string, number>>;

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
  readonly ports: { readonly grpc: number; readonly operations: number };
}

export interface OrdererPlace extends Place {
  readonly ports: {
    readonly grpc: number;
    readonly admin: number;
    readonly operations: number;
  };
}

/** The chaincode process of one organization; all its peers use the same. */
export interface ChaincodePlace {
  readonly organization: OrganizationDefinition;
  readonly address: string;
  readonly packageFile: string;
  readonly logFile: string;
}

/** Where on this machine everything of a network is. */
export interface Layout {
  readonly definition: NetworkDefinition;
  readonly keysFolder: string;
  readonly runFolder: string;
  readonly ledgerFolder: string;
  readonly builderFolder: string;
  readonly channelFolder: string;
  readonly genesisBlockFile: string;
  readonly collectionsFile: string;
  readonly deploymentFile: string;
  readonly profileFile: string;
  readonly keysOf: (organization: OrganizationDefinition) => OrganizationKeys;
  readonly peers: readonly PeerPlace[];
  readonly orderers: readonly OrdererPlace[];
  readonly chaincodes: readonly ChaincodePlace[];
}

const PEER_USES = ['grpc', 'operations'] as const;
const ORDERER_USES = ['grpc', 'admin', 'operations'] as const;

/** Names of all ports that the definition's network needs on one machine. */
export function portNames(definition: NetworkDefinition): string[] {
  return definition.organizations.flatMap((organization) => [
    ...organization.peers.flatMap((peer) =>
      PEER_USES.map((use) => `${hostName(organization, peer)}/${use}`),
    ),
    ...organization.orderers.flatMap((orderer) =>
      ORDERER_USES.map((use) => `${hostName(organization, orderer)}/${use}`),
    ),
    `chaincode.${organization.domain}/grpc`,
  ]);
}

function portNamed(ports: Ports, host: string, use: string): number {
  const port = ports[`${host}/${use}`];
  if (port === undefined) throw new RangeError(`No port is known for ${host}/${use}.`);
  return port;
}

/** Works out every path and address; touches nothing. */
export function layOut(definition: NetworkDefinition, dataDir: string, ports: Ports): Layout {
  const keysFolder = join(dataDir, 'keys');
  const runFolder = join(dataDir, 'run');
  const ledgerFolder = join(dataDir, 'ledger');
  const keysOf = (organization: OrganizationDefinition): OrganizationKeys =>
    organizationKeys(keysFolder, organization.name);
  const place = (organization: OrganizationDefinition, name: string, keys: NodeFiles): Place => {
    const host = hostName(organization, name);
    return {
      organization,
      name,
      host,
      keys,
      configFolder: join(runFolder, 'config', host),
      ledgerFolder: join(ledgerFolder, host),
      logFile: join(runFolder, 'logs', `${host}.log`),
    };
  };
  const peersOf = (organization: OrganizationDefinition): PeerPlace[] =>
    organization.peers.map((name) => {
      const node = place(organization, name, keysOf(organization).peer(name));
      const port = (use: string): number => portNamed(ports, node.host, use);
      return { ...node, ports: { grpc: port('grpc'), operations: port('operations') } };
    });
  const orderersOf = (organization: OrganizationDefinition): OrdererPlace[] =>
    organization.orderers.map((name) => {
      const node = place(organization, name, keysOf(organization).orderer(name));
      const port = (use: string): number => portNamed(ports, node.host, use);
      return {
        ...node,
        ports: { grpc: port('grpc'), admin: port('admin'), operations: port('operations') },
      };
    });
  const chaincodeOf = (organization: OrganizationDefinition): ChaincodePlace => ({
    organization,
    address: `${HOST}:${portNamed(ports, `chaincode.${organization.domain}`, 'grpc')}`,
    packageFile: join(ledgerFolder, 'channel', `${organization.name}.tgz`),
    logFile: join(runFolder, 'logs', `chaincode.${organization.domain}.log`),
  });
  const channelFolder = join(ledgerFolder, 'channel');
  return {
    definition,
    keysFolder,
    runFolder,
    ledgerFolder,
    builderFolder: join(runFolder, 'config', 'ccaas'),
    channelFolder,
    genesisBlockFile: join(channelFolder, 'genesis.block'),
    collectionsFile: join(channelFolder, 'collections.json'),
    deploymentFile: join(channelFolder, 'deployment.json'),
    profileFile: join(runFolder, 'connection-profile.json'),
    keysOf,
    peers: definition.organizations.flatMap(peersOf),
    orderers: definition.organizations.flatMap(orderersOf),
    chaincodes: definition.organizations.map(chaincodeOf),
  };
}
