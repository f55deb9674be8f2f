import { readFile } from 'node:fs/promises';
import type { OrganizationEndpoint } from '@pulseledger/domain';
import { type Layout, text } from './render/layout.ts';

/** domain's ConnectionProfile for any definition: organizations by their names. */
export interface NetworkProfile {
  readonly network: 'fabric';
  readonly channel: string;
  readonly chaincode: string;
  readonly organizations: Readonly<Record<string, OrganizationEndpoint>>;
}

/** How clients reach each organization: its first peer. */
export async function connectionProfile(layout: Layout): Promise<NetworkProfile> {
  const organizations: Record<string, OrganizationEndpoint> = {};
  for (const organization of layout.definition.organizations) {
    const peer = layout.peers.find((p) => p.organization.name === organization.name);
    if (peer === undefined) continue;
    const { certificateFile } = layout.keysOf(organization).authority.tls;
    organizations[organization.name] = {
      mspId: organization.mspId,
      endpoint: text(peer.grpc),
      serverName: peer.host,
      tlsRootCertificatePem: await readFile(certificateFile, 'utf8'),
    };
  }
  const { channel, chaincode } = layout.definition;
  return { network: 'fabric', channel, chaincode: chaincode.name, organizations };
}
