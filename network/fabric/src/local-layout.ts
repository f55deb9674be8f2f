import { join } from 'node:path';
import { hostName } from '../../definition/src/index.ts';
import {
  chaincodeHost,
  type Layout,
  layOut,
  type NetworkPlan,
  ORDERER_USES,
  PEER_USES,
  slotUse,
} from './render/layout.ts';

/** Everything of a network on this machine listens here only. */
export const HOST = '127.0.0.1';

/** Port of each use, e.g. `peer0.hospital.pulse.test/grpc`. */
export type Ports = Readonly<Record<string, number>>;

/** A layout on this machine. */
export interface LocalLayout extends Layout {
  readonly dataDir: string;
  /** What nobody needs who has keys and ledger: configuration, logs, the connection profile. */
  readonly runFolder: string;
  readonly profileFile: string;
  /** What exists of the network, beside its ledger. */
  readonly stateFile: string;
  readonly deploymentFile: string;
}

/** Names of all ports that a network needs on one machine. */
export function portNames(plan: Pick<NetworkPlan, 'definition' | 'slot'>): string[] {
  return plan.definition.organizations.flatMap((organization) => [
    ...organization.peers.flatMap((peer) =>
      PEER_USES.map((use) => `${hostName(organization, peer)}/${use}`),
    ),
    ...organization.orderers.flatMap((orderer) =>
      ORDERER_USES.map((use) => `${hostName(organization, orderer)}/${use}`),
    ),
    `${chaincodeHost(organization)}/${slotUse(plan.slot)}`,
  ]);
}

export function portsFile(dataDir: string): string {
  return join(dataDir, 'keys', 'ports.json');
}

export function stateFile(dataDir: string): string {
  return join(dataDir, 'ledger', 'channel', 'network.json');
}

/** Where everything of a network is on this machine, below one folder. */
export function layOutHere(plan: NetworkPlan, dataDir: string, ports: Ports): LocalLayout {
  const runFolder = join(dataDir, 'run');
  const layout = layOut(plan, {
    keysFolder: join(dataDir, 'keys'),
    configFolder: join(runFolder, 'config'),
    ledgerFolder: join(dataDir, 'ledger'),
    logFolder: join(runFolder, 'logs'),
    listenHost: HOST,
    oneMachine: true,
    address: (host, use) => {
      const port = ports[`${host}/${use}`];
      if (port === undefined) throw new RangeError(`No port is known for ${host}/${use}.`);
      return { host: HOST, port };
    },
  });
  return {
    ...layout,
    dataDir,
    runFolder,
    profileFile: join(runFolder, 'connection-profile.json'),
    stateFile: stateFile(dataDir),
    deploymentFile: join(layout.channelFolder, 'deployment.json'),
  };
}
