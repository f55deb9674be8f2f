import { NETWORK } from '@pulseledger/network/definition';
import {
  BUILDER_SCRIPTS,
  chaincodePackage,
  packageId,
  renderOrderer,
  renderPeer,
} from '@pulseledger/network/fabric/render';
import type { Environment } from '../../environments/environment.ts';
import { nodeLogGroupName } from '../names.ts';
import { agentConfig, nodeNamespace, scrape } from './agent.ts';
import { certificatesScript } from './certificates-script.ts';
import { CURRENT, INSTALL_SCRIPT, KEYS_SCRIPT, WRITE_KEYS } from './host-scripts.ts';
import { CONFIG, LOOPBACK, machineLayout } from './machine-layout.ts';
import { definitionOf } from './nodes.ts';
import { PORTS } from './ports.ts';
import { units } from './units.ts';

/** Text by path below the folder that a machine unpacks. */
export type HostFiles = Readonly<Record<string, string>>;

function chaincodeId(): string {
  const label = `${NETWORK.chaincode.name}_${NETWORK.chaincode.version}`;
  return packageId(label, chaincodePackage(label, `${LOOPBACK}:${PORTS.chaincode}`));
}

/** All files of one organization's machines; none is a secret. */
export function hostFiles(environment: Environment, organization: string): HostFiles {
  const layout = machineLayout(definitionOf(environment));
  const own = <T extends { readonly organization: { readonly name: string } }>(
    places: readonly T[],
  ): T[] => places.filter((place) => place.organization.name === organization);
  const peers = own(layout.peers);
  const orderers = own(layout.orderers);
  const [{ mspId } = { mspId: '' }] = layout.definition.organizations.filter(
    ({ name }) => name === organization,
  );
  return {
    ...Object.fromEntries(
      peers.map((peer) => [`${CONFIG}/${peer.host}/core.yaml`, renderPeer(layout, peer)]),
    ),
    ...Object.fromEntries(
      orderers.map((orderer) => [
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
    'bin/pulse-certificates': certificatesScript(nodeNamespace(environment)),
    'install.sh': INSTALL_SCRIPT,
    ...Object.fromEntries(
      [...peers, ...orderers].flatMap(({ host }) =>
        Object.entries(observed(environment, organization, host)),
      ),
    ),
  };
}

/** How the agent measures one machine. */
function observed(environment: Environment, organization: string, host: string): HostFiles {
  const folder = `${CONFIG}/${host}`;
  const agent = agentConfig({
    environment,
    host,
    logGroupName: nodeLogGroupName(environment, organization),
    scrapeFile: `${CURRENT}/${folder}/scrape.yaml`,
  });
  return {
    [`${folder}/agent.json`]: `${JSON.stringify(agent, null, 2)}\n`,
    [`${folder}/scrape.yaml`]: scrape(host),
  };
}
