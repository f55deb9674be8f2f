import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { NetworkDefinition, OrganizationDefinition } from '../../definition/src/index.ts';
import {
  type CertifiedKey,
  certify,
  certifySelf,
  freshKey,
  issuerOf,
  type Period,
  periodFromNow,
  subjectKeyId,
} from './certificate.ts';
import { certificateAuthority } from './extensions.ts';
import {
  type AuthorityKind,
  ensureCertifiedKey,
  type OrganizationKeys,
  organizationKeys,
  readCertifiedKey,
  readIfPresent,
  writePrivate,
} from './key-folder.ts';
import { createRevocationList } from './revocation.ts';

const DAY_MS = 86_400_000;
const AUTHORITY_LIFETIME_MS = 10 * 365 * DAY_MS;
/**
 * Fabric checks a chain at the moment the leaf became valid (msp/mspimpl.go, getValidityOptsForCert), so an
 * authority must have been valid before every certificate it back-dates.
 */
const AUTHORITY_BACKDATE_MS = DAY_MS;

const COMMON_NAMES: Readonly<Record<AuthorityKind, string>> = {
  root: 'root CA',
  issuing: 'issuing CA',
  tls: 'TLS CA',
  device: 'device CA',
};

function authorityPeriod(): Period {
  return periodFromNow(AUTHORITY_LIFETIME_MS, AUTHORITY_BACKDATE_MS);
}

function makeAuthority(
  organization: OrganizationDefinition,
  kind: AuthorityKind,
  parent: CertifiedKey | undefined,
): CertifiedKey {
  const { publicKeySpki, privateKeyPem } = freshKey();
  const keyId = subjectKeyId(publicKeySpki);
  const issuer = parent === undefined ? undefined : issuerOf(parent);
  const request = {
    subject: { organization: organization.mspId, commonName: COMMON_NAMES[kind] },
    publicKeySpki,
    period: authorityPeriod(),
    extensions: certificateAuthority(keyId, issuer?.keyId ?? keyId, kind === 'root' ? 1 : 0),
  };
  const certificatePem =
    issuer === undefined ? certifySelf(request, privateKeyPem) : certify(request, issuer);
  return { certificatePem, privateKeyPem };
}

async function copyInto(folder: string, name: string, file: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await copyFile(file, join(folder, name));
}

function nodeUnit(role: string, unit: string): string {
  return [
    `  ${role}OUIdentifier:`,
    '    Certificate: intermediatecerts/issuing.pem',
    `    OrganizationalUnitIdentifier: ${unit}`,
  ].join('\n');
}

/** Fabric tells clients, peers, administrators and orderers apart by organizational unit. */
const MSP_CONFIGURATION = `NodeOUs:
  Enable: true
${['Client', 'Peer', 'Admin', 'Orderer'].map((r) => nodeUnit(r, r.toLowerCase())).join('\n')}
`;

/** Writes the MSP folder's part that is the same for everybody of the organization. */
export async function writeMspFolder(keys: OrganizationKeys, folder: string): Promise<void> {
  await copyInto(join(folder, 'cacerts'), 'root.pem', keys.authority.root.certificateFile);
  const issuing = keys.authority.issuing.certificateFile;
  await copyInto(join(folder, 'intermediatecerts'), 'issuing.pem', issuing);
  await copyInto(join(folder, 'tlscacerts'), 'tls.pem', keys.authority.tls.certificateFile);
  await writePrivate(join(folder, 'config.yaml'), MSP_CONFIGURATION);
  const revoked = keys.identityRevocationListFile;
  if ((await readIfPresent(revoked)) === undefined) return;
  await copyInto(join(folder, 'crls'), 'revoked.pem', revoked);
}

async function createOrganization(
  keysDir: string,
  organization: OrganizationDefinition,
): Promise<void> {
  const keys = organizationKeys(keysDir, organization.name);
  const ensure = (kind: AuthorityKind, parent?: CertifiedKey): Promise<CertifiedKey> =>
    ensureCertifiedKey(keys.authority[kind], () => makeAuthority(organization, kind, parent));
  const root = await ensure('root');
  await ensure('issuing', root);
  await ensure('tls');
  const device = await ensure('device');
  if ((await readIfPresent(keys.deviceRevocationListFile)) === undefined) {
    await writePrivate(keys.deviceRevocationListFile, createRevocationList(device, []));
  }
  await writeMspFolder(keys, keys.mspFolder);
}

/**
 * Creates every organization's authorities below `keysDir`; what is there already is kept.
 *
 * The root issues the issuing CA and nothing else, and the issuing CA makes all Fabric identities. TLS and
 * devices have roots of their own: no TLS or device certificate can ever chain to the MSP's root.
 */
export async function createAuthorities(
  keysDir: string,
  definition: NetworkDefinition,
): Promise<void> {
  await mkdir(keysDir, { recursive: true, mode: 0o700 });
  for (const organization of definition.organizations) {
    await createOrganization(keysDir, organization);
  }
}

/**
 * An organization's authority with its key.
 *
 * @throws Error (ENOENT) before {@link createAuthorities}.
 */
export async function readAuthority(
  keysDir: string,
  organization: string,
  kind: AuthorityKind,
): Promise<CertifiedKey> {
  return readCertifiedKey(organizationKeys(keysDir, organization).authority[kind]);
}
