import { join } from 'node:path';
import { NETWORK, type NetworkDefinition } from '../../definition/src/index.ts';
import { accepts } from '../../processes/src/index.ts';
import { HOST, type Layout, layOut, portNames } from './layout.ts';
import { readMetric } from './metrics.ts';
import { readPorts } from './ports.ts';
import { runningPid } from './run-file.ts';

export interface NodeStatus {
  readonly name: string;
  readonly kind: 'peer' | 'orderer' | 'chaincode';
  readonly endpoint: string;
  /** Accepts connections. */
  readonly up: boolean;
  /** Blocks that a peer has. */
  readonly height?: number;
  /** Whether an orderer leads the others. */
  readonly leader?: boolean;
}

export interface NetworkStatus {
  readonly network: 'fabric';
  readonly running: boolean;
  readonly pid?: number;
  readonly channel: string;
  readonly profile?: string;
  readonly nodes: readonly NodeStatus[];
}

async function peers(layout: Layout): Promise<NodeStatus[]> {
  return Promise.all(
    layout.peers.map(async (peer) => {
      const { operations, grpc } = peer.ports;
      const name = 'ledger_blockchain_height';
      const height = await readMetric(operations, name, layout.definition.channel);
      return {
        name: peer.host,
        kind: 'peer' as const,
        endpoint: `${HOST}:${grpc}`,
        up: await accepts(HOST, grpc),
        ...(height === undefined ? {} : { height }),
      };
    }),
  );
}

async function orderers(layout: Layout): Promise<NodeStatus[]> {
  return Promise.all(
    layout.orderers.map(async (orderer) => {
      const { operations, grpc } = orderer.ports;
      const name = 'consensus_etcdraft_is_leader';
      const leader = await readMetric(operations, name, layout.definition.channel);
      return {
        name: orderer.host,
        kind: 'orderer' as const,
        endpoint: `${HOST}:${grpc}`,
        up: await accepts(HOST, grpc),
        ...(leader === undefined ? {} : { leader: leader === 1 }),
      };
    }),
  );
}

async function chaincodes(layout: Layout): Promise<NodeStatus[]> {
  return Promise.all(
    layout.chaincodes.map(async ({ organization, address }) => ({
      name: `chaincode.${organization.domain}`,
      kind: 'chaincode' as const,
      endpoint: address,
      up: await accepts(HOST, Number(address.slice(address.lastIndexOf(':') + 1))),
    })),
  );
}

/** What runs in that folder now, as seen from outside. */
export async function networkStatus(
  dataDir: string,
  definition: NetworkDefinition = NETWORK,
): Promise<NetworkStatus> {
  const { channel } = definition;
  const pid = await runningPid(dataDir);
  const ports = await readPorts(join(dataDir, 'keys', 'ports.json'));
  const isKnown = portNames(definition).every((name) => ports[name] !== undefined);
  if (pid === undefined || !isKnown) {
    return { network: 'fabric', running: pid !== undefined, channel, nodes: [] };
  }
  const layout = layOut(definition, dataDir, ports);
  const nodes = await Promise.all([orderers(layout), peers(layout), chaincodes(layout)]);
  const profile = layout.profileFile;
  return { network: 'fabric', running: true, pid, channel, profile, nodes: nodes.flat() };
}
