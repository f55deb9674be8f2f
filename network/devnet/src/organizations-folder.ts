import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  hostName,
  type NetworkDefinition,
  type OrganizationDefinition,
} from '../../definition/src/index.ts';
import {
  type CertifiedKey,
  organizationKeys,
  readCertifiedKey,
  writePrivate,
} from '../../identity/src/index.ts';
import { issueIdentity } from './control/identities.ts';
import type { DevnetProfile } from './devnet.ts';

const LIFETIME_MS = 365 * 24 * 60 * 60_000;
const DEFAULT_USERS: readonly string[] = ['User1'];

export interface OrganizationsFolderOptions {
  /** Made when absent; what is there of these organizations is replaced. */
  readonly folder: string;
  readonly definition: NetworkDefinition;
  /** The network's own folder of keys. */
  readonly keysDir: string;
  readonly profile: DevnetProfile;
  /** Names of each organization's users, who are clients. Default: `User1`. The administrator is `Admin`. */
  readonly users?: readonly string[] | undefined;
}

interface Place {
  readonly definition: OrganizationDefinition;
  readonly folder: string;
  /** MSP folder without a signer. */
  readonly msp: string;
}

async function writeMsp(target: string, { msp }: Place): Promise<void> {
  await cp(msp, target, { recursive: true });
}

async function writeUser(place: Place, name: string, key: CertifiedKey): Promise<void> {
  const msp = join(place.folder, 'users', `${name}@${place.definition.domain}`, 'msp');
  await writeMsp(msp, place);
  await writePrivate(join(msp, 'signcerts', 'cert.pem'), key.certificatePem);
  await writePrivate(join(msp, 'keystore', 'priv_sk'), key.privateKeyPem);
}

/** The attributes that Fabric CA puts into every certificate unless it is told not to; contracts read them. */
function enrolment(user: string): Readonly<Record<string, string>> {
  return { 'hf.Affiliation': '', 'hf.EnrollmentID': user, 'hf.Type': 'client' };
}

/** What Fabric's tutorials call the connection profile: everything of one organization that an application needs. */
function connectionProfile(
  { name, mspId }: OrganizationDefinition,
  peer: string,
  { endpoint, tlsRootCertificatePem }: { endpoint: string; tlsRootCertificatePem: string },
): string {
  // By its name: Node's TLS asks for no server by an address (RFC 6066), and the peer's certificate has both.
  const [, port = ''] = endpoint.split(':');
  const profile = {
    name: `devnet-${name}`,
    version: '1.0.0',
    client: { organization: name },
    organizations: { [name]: { mspid: mspId, peers: [peer] } },
    peers: {
      [peer]: {
        url: `grpcs://localhost:${port}`,
        tlsCACerts: { pem: tlsRootCertificatePem },
        grpcOptions: { 'ssl-target-name-override': peer, hostnameOverride: peer },
      },
    },
  };
  return `${JSON.stringify(profile, null, 2)}\n`;
}

async function writeOrganization(
  options: OrganizationsFolderOptions,
  definition: OrganizationDefinition,
): Promise<void> {
  const { name, domain } = definition;
  const keys = organizationKeys(options.keysDir, name);
  const endpoint = options.profile.organizations[name];
  if (endpoint === undefined) throw new RangeError(`The profile has no organization "${name}".`);
  const folder = join(options.folder, 'peerOrganizations', domain);
  const place: Place = { definition, folder, msp: keys.mspFolder };
  const [first = 'peer0'] = definition.peers;
  const peer = hostName(definition, first);
  const tls = endpoint.tlsRootCertificatePem;
  await writeMsp(join(folder, 'msp'), place);
  await writePrivate(join(folder, 'peers', peer, 'tls', 'ca.crt'), tls);
  await writePrivate(join(folder, 'tlsca', `tlsca.${domain}-cert.pem`), tls);
  const root = await readFile(keys.authority.root.certificateFile, 'utf8');
  await writePrivate(join(folder, 'ca', `ca.${domain}-cert.pem`), root);
  await writePrivate(
    join(folder, `connection-${name}.json`),
    connectionProfile(definition, peer, endpoint),
  );
  await writeUser(place, 'Admin', await readCertifiedKey(keys.administrator.identity));
  for (const user of options.users ?? DEFAULT_USERS) {
    const commonName = `${user}@${domain}`;
    const notAfterMs = Date.now() + LIFETIME_MS;
    const identity = await issueIdentity(options.definition, options.keysDir, {
      organization: name,
      commonName,
      notAfterMs,
      attributes: enrolment(user),
    });
    await writeUser(place, user, identity);
  }
}

/**
 * Writes the organizations' certificates and keys as `cryptogen` and Fabric's test network lay them out, since that is
 * where applications look: `peerOrganizations/<domain>/users/<user>@<domain>/msp/{signcerts/cert.pem,keystore/priv_sk}`,
 * `…/peers/peer0.<domain>/tls/ca.crt`, `…/connection-<organization>.json`.
 *
 * The keys are good for this network alone; files are for their owner only.
 */
export async function writeOrganizations(options: OrganizationsFolderOptions): Promise<void> {
  for (const organization of options.definition.organizations) {
    await writeOrganization(options, organization);
  }
}
