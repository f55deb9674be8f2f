import { hostName, type NetworkDefinition } from '@pulseledger/network/definition';
import { type Layout, layOut, type NetworkPlan } from '@pulseledger/network/fabric/render';
import { CURRENT, KEYS_FOLDER, LEDGER } from './host-scripts.ts';
import { PORTS } from './ports.ts';

export const LOOPBACK = '127.0.0.1';
/** Below the folder that a machine unpacks. */
export const CONFIG = 'config';

/** Folders of a machine that are not the same for who runs a node and who administers it. */
export interface MachineFolders {
  readonly keysFolder: string;
  readonly ledgerFolder: string;
}

const OF_A_NODE: MachineFolders = { keysFolder: KEYS_FOLDER, ledgerFolder: LEDGER };

function planOf(definition: NetworkDefinition): NetworkPlan {
  const orderers = definition.organizations.flatMap((organization) =>
    organization.orderers.map((name) => hostName(organization, name)),
  );
  // As the local network counts: in the order of the definition, from 1.
  const consenterIds = Object.fromEntries(orderers.map((host, index) => [host, index + 1]));
  return { definition, consenterIds, slot: 'blue' };
}

/** Where everything is on machines that have one node each. */
export function machineLayout(
  definition: NetworkDefinition,
  folders: MachineFolders = OF_A_NODE,
): Layout {
  return layOut(planOf(definition), {
    ...folders,
    configFolder: `${CURRENT}/${CONFIG}`,
    logFolder: '/var/log/pulse',
    listenHost: '0.0.0.0',
    oneMachine: false,
    address: (host, use) => {
      // A chaincode shares its peer's machine, and metrics are for the agent there.
      if (host.startsWith('chaincode.')) return { host: LOOPBACK, port: PORTS.chaincode };
      if (use === 'operations') return { host: LOOPBACK, port: PORTS.operations };
      if (use === 'admin') return { host, port: PORTS.ordererAdmin };
      return { host, port: host.startsWith('orderer') ? PORTS.orderer : PORTS.peer };
    },
  });
}
