import { NETWORK, type NetworkDefinition } from '@pulseledger/network/definition';
import {
  BUILDER_SCRIPTS,
  chaincodePackage,
  type Layout,
  layOut,
  packageId,
  renderOrderer,
  renderPeer,
} from '@pulseledger/network/fabric/render';
import type { Environment } from '../../environments/environment.ts';
import { nodeLogGroupName } from '../names.ts';
import { agentConfig, SCRAPE } from './agent.ts';
import {
  CURRENT,
  INSTALL_SCRIPT,
  KEYS_FOLDER,
  KEYS_SCRIPT,
  LEDGER,
  WRITE_KEYS,
} from './host-scripts.ts';
import { definitionOf } from './nodes.ts';
import { PORTS } from './ports.ts';
import { units } from './units.ts';

/** Text by path below the folder that a machine unpacks. */
export type HostFiles = Readonly<Record<string, string>>;

const LOOPBACK = '127.0.0.1';
const CONFIG = 'config';

/** Where everything is on a machine that has one node to itself. */
function layoutOf(definition: NetworkDefinition): Layout {
  const orderers = definition.organizations.flatMap((organization) =>
    organization.orderers.map((name) => `${name}.${organization.domain}`),
  );
  // As the local network counts: in the order of the definition, from 1.
  const consenterIds = Object.fromEntries(orderers.map((host, index) => [host, index + 1]));
  return layOut(
    { definition, consenterIds, slot: 'blue' },
    {
      keysFolder: KEYS_FOLDER,
      configFolder: `${CURRENT}/${CONFIG}`,
      ledgerFolder: LEDGER,
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
    },
  );
}

function chaincodeId(): string {
  const label = `${NETWORK.chaincode.name}_${NETWORK.chaincode.version}`;
  return packageId(label, chaincodePackage(label, `${LOOPBACK}:${PORTS.chaincode}`));
}

/** All files of one organization's machines; none is a secret. */
export function hostFiles(environment: Environment, organization: string): HostFiles {
  const layout = layoutOf(definitionOf(environment));
  const own = <T extends { readonly organization: { readonly name: string } }>(
    places: readonly T[],
  ): T[] => places.filter((place) => place.organization.name === organization);
  const peers = own(layout.peers);
  const [{ mspId } = { mspId: '' }] = layout.definition.organizations.filter(
    ({ name }) => name === organization,
  );
  return {
    ...Object.fromEntries(
      peers.map((peer) => [`${CONFIG}/${peer.host}/core.yaml`, renderPeer(layout, peer)]),
    ),
    ...Object.fromEntries(
      own(layout.orderers).map((orderer) => [
        `${CONFIG}/${orderer.host}/orderer.yaml`,
        renderOrderer(layout, orderer),
      ]),
    ),
    ...Object.fromEntries(
      Object.entries(BUILDER_SCRIPTS).map(([name, script]) => [
        `${CONFIG}/ccaas/bin/${name}`,
        script,
      ]),
    ),
    ...Object.fromEntries(
      Object.entries(units({ mspId, chaincodeId: chaincodeId() })).map(([name, unit]) => [
        `units/${name}`,
        unit,
      ]),
    ),
    'bin/pulse-keys': KEYS_SCRIPT,
    'bin/write-keys.py': WRITE_KEYS,
    'install.sh': INSTALL_SCRIPT,
    'agent.json': `${JSON.stringify(agentConfig(nodeLogGroupName(environment, organization)), null, 2)}\n`,
    'scrape.yaml': SCRAPE,
  };
}
