import { type Layout, type OrdererPlace, type PeerPlace, text } from '../render/layout.ts';
import type { Beside, FabricTools } from '../tools.ts';

/** Nothing that orders answers. */
export class NoOrdererError extends Error {
  override readonly name = 'NoOrdererError';
}

/** Environment of the `peer` command acting as the administrator of the peer's organization. */
export function administratorEnvironment(layout: Layout, peer: PeerPlace): Record<string, string> {
  const keys = layout.keysOf(peer.organization);
  return {
    FABRIC_CFG_PATH: peer.configFolder,
    FABRIC_LOGGING_SPEC: 'warning',
    CORE_PEER_ADDRESS: text(peer.grpc),
    CORE_PEER_LOCALMSPID: peer.organization.mspId,
    CORE_PEER_MSPCONFIGPATH: keys.administrator.mspFolder,
    CORE_PEER_TLS_ENABLED: 'true',
    CORE_PEER_TLS_ROOTCERT_FILE: keys.authority.tls.certificateFile,
  };
}

/** The organizations' first peers: as their administrators' tools see the network. */
export function firstPeers(layout: Layout): PeerPlace[] {
  return layout.definition.organizations.flatMap((organization) => {
    const peer = layout.peers.find((p) => p.organization.name === organization.name);
    return peer === undefined ? [] : [peer];
  });
}

/** Arguments by which the `peer` command reaches an orderer, and only that one. */
export function reach(layout: Layout, orderer: OrdererPlace): string[] {
  const { authority } = layout.keysOf(orderer.organization);
  return [`--orderer=${text(orderer.grpc)}`, '--tls', `--cafile=${authority.tls.certificateFile}`];
}

/**
 * The first orderer that accepts connections from a node's machine: another one may be down or being restarted.
 *
 * @throws NoOrdererError
 */
export async function anOrderer(
  layout: Layout,
  tools: FabricTools,
  node: Beside,
): Promise<OrdererPlace> {
  for (const orderer of layout.orderers) {
    if (await tools.accepts(node, orderer.grpc)) return orderer;
  }
  throw new NoOrdererError('No orderer answers. See the orderers’ logs, and: network status');
}
