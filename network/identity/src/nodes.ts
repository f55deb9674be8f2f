import { X509Certificate } from 'node:crypto';
import { rm } from 'node:fs/promises';
import {
  hostName,
  type NetworkDefinition,
  type OrganizationDefinition,
} from '../../definition/src/index.ts';
import { createAuthorities, readAuthority, writeMspFolder } from './authorities.ts';
import {
  type CertifiedKey,
  certificateFingerprint,
  certify,
  freshKey,
  issuerOf,
  periodFromNow,
  type SubjectName,
} from './certificate.ts';
import {
  endEntity,
  fabricAttributes,
  serverAndClient,
  subjectAlternativeNames,
} from './extensions.ts';
import {
  type CertifiedKeyFiles,
  ensureCertifiedKey,
  type NodeFiles,
  type OrganizationKeys,
  organizationKeys,
  readCertifiedKey,
  readIfPresent,
  replaceCertifiedKey,
} from './key-folder.ts';

const DAY_MS = 86_400_000;
/** Orderers' TLS certificates are part of the channel's configuration: renewing is its own procedure. */
const NODE_LIFETIME_MS = 9 * 365 * DAY_MS;
const SERVICE_LIFETIME_MS = 365 * DAY_MS;
const RENEW_BEFORE_MS = 30 * DAY_MS;

/** Names of services that act for an organization; the name is also the certificate's `role`. */
export type ServiceName = 'ingest' | 'api';

/** The services that act for an organization: providers record readings, everybody offers the API. */
export function servicesOf({ provider }: OrganizationDefinition): readonly ServiceName[] {
  return provider ? ['ingest', 'api'] : ['api'];
}

function isService(name: string): name is ServiceName {
  return name === 'ingest' || name === 'api';
}

export interface TlsServerOptions {
  /** The TLS authority that signs. */
  readonly issuer: CertifiedKey;
  readonly names: readonly string[];
  readonly ips: readonly string[];
  /** Default: 9 years, as long as a node lives. */
  readonly lifetimeMs?: number;
}

/** A TLS certificate for a server (also usable as a TLS client) with these names and addresses. */
export function tlsServerCertificate(options: TlsServerOptions): CertifiedKey {
  const issuer = issuerOf(options.issuer);
  const { publicKeySpki, privateKeyPem } = freshKey();
  const certificatePem = certify(
    {
      subject: { commonName: options.names[0] ?? options.ips[0] ?? 'server' },
      publicKeySpki,
      period: periodFromNow(options.lifetimeMs ?? NODE_LIFETIME_MS),
      extensions: [
        ...endEntity(issuer),
        serverAndClient(),
        subjectAlternativeNames(options.names, options.ips),
      ],
    },
    issuer,
  );
  return { certificatePem, privateKeyPem };
}

interface FabricIdentityOptions {
  readonly subject: SubjectName;
  readonly lifetimeMs: number;
  readonly attributes?: Readonly<Record<string, string>>;
}

function fabricIdentity(authority: CertifiedKey, options: FabricIdentityOptions): CertifiedKey {
  const issuer = issuerOf(authority);
  const { publicKeySpki, privateKeyPem } = freshKey();
  const attributes = options.attributes === undefined ? [] : [fabricAttributes(options.attributes)];
  const certificatePem = certify(
    {
      subject: options.subject,
      publicKeySpki,
      period: periodFromNow(options.lifetimeMs),
      extensions: [...endEntity(issuer), ...attributes],
    },
    issuer,
  );
  return { certificatePem, privateKeyPem };
}

/** Forgets a pair that soon expires, so that the next step makes a new one. */
async function dropWhenExpiring(files: CertifiedKeyFiles): Promise<void> {
  const pem = await readIfPresent(files.certificateFile);
  if (pem === undefined) return;
  const left = Date.parse(new X509Certificate(pem).validTo) - Date.now();
  if (left < RENEW_BEFORE_MS) await rm(files.certificateFile);
}

type Unit = 'peer' | 'orderer' | 'admin';
const NODE_LIFETIMES: Readonly<Record<Unit, number>> = {
  peer: NODE_LIFETIME_MS,
  orderer: NODE_LIFETIME_MS,
  admin: SERVICE_LIFETIME_MS,
};

/** How a node's pairs come into their files: only when there are none yet, or in any case. */
type Put = (files: CertifiedKeyFiles, make: () => CertifiedKey) => Promise<unknown>;

interface NodeRequest {
  readonly files: NodeFiles;
  readonly name: string;
  readonly unit: Unit;
  readonly lifetimeMs?: number;
}

async function issueNode(
  keysDir: string,
  organization: OrganizationDefinition,
  node: NodeRequest,
  put: Put = ensureCertifiedKey,
): Promise<NodeFiles> {
  const host = hostName(organization, node.name);
  const lifetimeMs = node.lifetimeMs ?? NODE_LIFETIMES[node.unit];
  const issuing = await readAuthority(keysDir, organization.name, 'issuing');
  const tls = await readAuthority(keysDir, organization.name, 'tls');
  await writeMspFolder(organizationKeys(keysDir, organization.name), node.files.mspFolder);
  await put(node.files.identity, () =>
    fabricIdentity(issuing, {
      subject: { commonName: host, organizationalUnit: node.unit },
      lifetimeMs,
    }),
  );
  await put(node.files.tls, () =>
    tlsServerCertificate({
      issuer: tls,
      names: [host, 'localhost'],
      ips: ['127.0.0.1'],
      lifetimeMs,
    }),
  );
  return node.files;
}

/** A peer's MSP folder and TLS pair; kept when they exist. */
export async function issuePeer(
  keysDir: string,
  organization: OrganizationDefinition,
  name: string,
): Promise<NodeFiles> {
  const files = organizationKeys(keysDir, organization.name).peer(name);
  return issueNode(keysDir, organization, { files, name, unit: 'peer' });
}

/** An orderer's MSP folder and TLS pair; kept when they exist. */
export async function issueOrderer(
  keysDir: string,
  organization: OrganizationDefinition,
  name: string,
): Promise<NodeFiles> {
  const files = organizationKeys(keysDir, organization.name).orderer(name);
  return issueNode(keysDir, organization, { files, name, unit: 'orderer' });
}

/**
 * The administrator's MSP folder (organizational unit `admin`) and TLS client pair (for orderers'
 * channel participation); kept until 30 days before they expire.
 *
 * @param lifetimeMs a year when left out; one that is shorter than 30 days is for this once.
 */
export async function issueAdministrator(
  keysDir: string,
  organization: OrganizationDefinition,
  lifetimeMs: number = SERVICE_LIFETIME_MS,
): Promise<NodeFiles> {
  const files = organizationKeys(keysDir, organization.name).administrator;
  await dropWhenExpiring(files.identity);
  await dropWhenExpiring(files.tls);
  return issueNode(keysDir, organization, { files, name: 'admin', unit: 'admin', lifetimeMs });
}

/**
 * A service's identity (organizational unit `client`, attribute `role` = its name); kept until
 * 30 days before it expires.
 */
export async function issueService(
  keysDir: string,
  organization: OrganizationDefinition,
  service: ServiceName,
): Promise<CertifiedKeyFiles> {
  const files = organizationKeys(keysDir, organization.name).service(service);
  await dropWhenExpiring(files);
  return putService(keysDir, organization, service, ensureCertifiedKey);
}

export interface ServiceCertificateOptions {
  /** The organization's issuing CA. */
  readonly issuer: CertifiedKey;
  readonly service: ServiceName;
  /** The service's host name in the organization's domain. */
  readonly commonName: string;
  /** A year when left out. */
  readonly lifetimeMs?: number;
}

/** A new key for a service, and its certificate (organizational unit `client`, attribute `role` = its name). */
export function certifyService(options: ServiceCertificateOptions): CertifiedKey {
  const { issuer, service, commonName, lifetimeMs = SERVICE_LIFETIME_MS } = options;
  return fabricIdentity(issuer, {
    subject: { commonName, organizationalUnit: 'client' },
    lifetimeMs,
    attributes: { role: service },
  });
}

async function putService(
  keysDir: string,
  organization: OrganizationDefinition,
  service: ServiceName,
  put: Put,
): Promise<CertifiedKeyFiles> {
  const files = organizationKeys(keysDir, organization.name).service(service);
  const issuing = await readAuthority(keysDir, organization.name, 'issuing');
  const commonName = hostName(organization, service);
  await put(files, () => certifyService({ issuer: issuing, service, commonName }));
  return files;
}

/** Authorities, nodes, administrators and services of a whole network. */
export async function createNetworkIdentities(
  keysDir: string,
  definition: NetworkDefinition,
): Promise<void> {
  await createAuthorities(keysDir, definition);
  for (const organization of definition.organizations) {
    for (const peer of organization.peers) await issuePeer(keysDir, organization, peer);
    for (const orderer of organization.orderers) await issueOrderer(keysDir, organization, orderer);
    await issueAdministrator(keysDir, organization);
    for (const service of servicesOf(organization)) {
      await issueService(keysDir, organization, service);
    }
  }
}

/** Somebody of the network who has certificates of their own. */
export interface NetworkIdentity {
  readonly kind: 'administrator' | 'service' | 'peer' | 'orderer';
  readonly organization: OrganizationDefinition;
  /** Short name inside the organization. */
  readonly name: string;
  readonly host: string;
  /** When the first of its certificates ends. */
  readonly endsAt: Date;
  readonly fingerprints: readonly string[];
}

async function identity(
  who: Pick<NetworkIdentity, 'kind' | 'organization' | 'name'>,
  files: readonly CertifiedKeyFiles[],
): Promise<NetworkIdentity> {
  const pems = await Promise.all(
    files.map(async (f) => (await readCertifiedKey(f)).certificatePem),
  );
  const ends = pems.map((pem) => Date.parse(new X509Certificate(pem).validTo));
  return {
    ...who,
    host: hostName(who.organization, who.name),
    endsAt: new Date(Math.min(...ends)),
    fingerprints: pems.map(certificateFingerprint),
  };
}

/** Keys of an earlier version get a new service at the next start only. */
async function presentServices(
  keys: OrganizationKeys,
  organization: OrganizationDefinition,
): Promise<ServiceName[]> {
  const found = await Promise.all(
    servicesOf(organization).map(async (name) => {
      const pem = await readIfPresent(keys.service(name).certificateFile);
      return pem === undefined ? [] : [name];
    }),
  );
  return found.flat();
}

/** Everybody that {@link createNetworkIdentities} has made, with the end of their certificates. */
export async function networkIdentities(
  keysDir: string,
  definition: NetworkDefinition,
): Promise<NetworkIdentity[]> {
  const all = definition.organizations.map(async (organization) => {
    const keys = organizationKeys(keysDir, organization.name);
    const node = (
      kind: NetworkIdentity['kind'],
      name: string,
      files: NodeFiles,
    ): Promise<NetworkIdentity> =>
      identity({ kind, organization, name }, [files.identity, files.tls]);
    const services = await presentServices(keys, organization);
    return Promise.all([
      node('administrator', 'admin', keys.administrator),
      ...services.map((name) =>
        identity({ kind: 'service', organization, name }, [keys.service(name)]),
      ),
      ...organization.peers.map((name) => node('peer', name, keys.peer(name))),
      ...organization.orderers.map((name) => node('orderer', name, keys.orderer(name))),
    ]);
  });
  return (await Promise.all(all)).flat();
}

/** New keys and certificates for somebody, in place of theirs; running processes keep the former until they end. */
export async function renewIdentity(keysDir: string, who: NetworkIdentity): Promise<void> {
  const { kind, organization, name } = who;
  const keys = organizationKeys(keysDir, organization.name);
  const put: Put = (files, make) => replaceCertifiedKey(files, make());
  switch (kind) {
    case 'service':
      if (!isService(name)) throw new RangeError(`There is no service "${name}".`);
      await putService(keysDir, organization, name, put);
      break;
    case 'administrator':
      await issueNode(
        keysDir,
        organization,
        { files: keys.administrator, name, unit: 'admin' },
        put,
      );
      break;
    case 'peer':
      await issueNode(keysDir, organization, { files: keys.peer(name), name, unit: 'peer' }, put);
      break;
    case 'orderer':
      await issueNode(
        keysDir,
        organization,
        { files: keys.orderer(name), name, unit: 'orderer' },
        put,
      );
      break;
  }
}
