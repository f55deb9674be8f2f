import { readFile } from 'node:fs/promises';
import { hostName, type OrganizationDefinition } from '../../definition/src/index.ts';
import { organizationKeys, readCertifiedKey } from '../../identity/src/index.ts';
import { type MspFolder, readMspFolder } from './msp/msp-folder.ts';
import { Signer } from './msp/signer.ts';

/** What an organization brings into the network, read from its keys. */
export interface Organization {
  readonly definition: OrganizationDefinition;
  readonly msp: MspFolder;
  /** Its peer's identity. */
  readonly peer: Signer;
  /** Its orderer's identity; undefined when it runs none. */
  readonly orderer: Signer | undefined;
  readonly tls: { readonly certificatePem: string; readonly privateKeyPem: string };
  readonly tlsRootCertificatePem: string;
  /** Name in the peer's TLS certificate. */
  readonly serverName: string;
}

async function readSigner(
  mspId: string,
  files: { certificateFile: string; keyFile: string },
): Promise<Signer> {
  const { certificatePem, privateKeyPem } = await readCertifiedKey(files);
  return new Signer(mspId, certificatePem, privateKeyPem);
}

/**
 * Reads an organization's keys. The devnet runs the first peer and the first orderer that it names.
 *
 * @throws Error when a file is missing.
 */
export async function readOrganization(
  keysDir: string,
  definition: OrganizationDefinition,
): Promise<Organization> {
  const { name, mspId, peers, orderers } = definition;
  const keys = organizationKeys(keysDir, name);
  const [peer = 'peer0'] = peers;
  const [orderer] = orderers;
  const files = keys.peer(peer);
  return {
    definition,
    msp: await readMspFolder(mspId, keys.mspFolder),
    peer: await readSigner(mspId, files.identity),
    orderer:
      orderer === undefined ? undefined : await readSigner(mspId, keys.orderer(orderer).identity),
    tls: await readCertifiedKey(files.tls),
    tlsRootCertificatePem: await readFile(keys.authority.tls.certificateFile, 'utf8'),
    serverName: hostName(definition, peer),
  };
}
