import {
  hostName,
  NETWORK,
  type NetworkDefinition,
  networkDefinitionSchema,
} from '@pulseledger/network/definition';
import type { Environment } from '../../environments/environment.ts';

/** A peer or an orderer, and the machine it has for itself. */
export interface FabricNode {
  readonly kind: 'peer' | 'orderer';
  readonly organization: string;
  /** e.g. `peer0`. */
  readonly name: string;
  /** Name in the private zone, and in the node's TLS certificate. */
  readonly host: string;
  /** Index among the environment's availability zones. */
  readonly zone: number;
  /** Fixed: who looks the name up later finds the same machine. */
  readonly address: string;
  /** Below the environment's prefix of secrets. */
  readonly secretName: string;
}

/** Bits of the subnets that hold functions and endpoints; those of nodes come after them. */
export const SERVICE_SUBNET_BITS = 20;
export const NODE_SUBNET_BITS = 24;
const THIRDS_A_SERVICE_SUBNET = 2 ** (NODE_SUBNET_BITS - SERVICE_SUBNET_BITS);
/** AWS keeps the first four addresses of a subnet. */
const FIRST_ADDRESS = 10;

/** The project's network with the environment's nodes, under names of its private zone. */
export function definitionOf(environment: Environment): NetworkDefinition {
  const count = (name: string, nodes: number): string[] =>
    Array.from({ length: nodes }, (_, index) => `${name}${index}`);
  return networkDefinitionSchema.parse({
    ...NETWORK,
    consensus: environment.consensus,
    organizations: environment.organizations.map(({ name, mspId, provider, peers, orderers }) => ({
      name,
      mspId,
      provider,
      domain: `${name}.${environment.domain}`,
      peers: count('peer', peers),
      orderers: count('orderer', orderers),
    })),
  });
}

/** Names that the zones have in an organization's account. */
export function zonesOf(environment: Environment, organization: string): readonly string[] {
  const found = environment.organizations.find(({ name }) => name === organization);
  return found?.availabilityZones ?? environment.availabilityZones;
}

/** Every node of an environment. Organizations begin in different zones, so that one zone's loss leaves a majority. */
export function nodesOf(environment: Environment): FabricNode[] {
  const zones = environment.availabilityZones.length;
  const network = environment.vpcCidr.split('.').slice(0, 2).join('.');
  return definitionOf(environment).organizations.flatMap((organization, first) => {
    const node = (kind: FabricNode['kind'], name: string, index: number): FabricNode => {
      const zone = (first + index) % zones;
      const third = zones * THIRDS_A_SERVICE_SUBNET + zone;
      const last = FIRST_ADDRESS * (1 + 2 * first + (kind === 'peer' ? 0 : 1)) + index;
      return {
        kind,
        organization: organization.name,
        name,
        host: hostName(organization, name),
        zone,
        address: `${network}.${third}.${last}`,
        secretName: `node/${organization.name}/${name}`,
      };
    };
    return [
      ...organization.peers.map((name, index) => node('peer', name, index)),
      ...organization.orderers.map((name, index) => node('orderer', name, index)),
    ];
  });
}
