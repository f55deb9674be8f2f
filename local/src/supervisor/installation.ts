import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MSP_IDS } from '@pulseledger/domain';
import { NETWORK, type NetworkDefinition } from '@pulseledger/network/definition';
import {
  createAuthorities,
  createNetworkIdentities,
  organizationKeys,
  readAuthority,
  readCertifiedKey,
  servicesOf,
  tlsServerCertificate,
  writePrivate,
} from '@pulseledger/network/identity';
import type { JWK } from 'jose';
import { z } from 'zod';
import type { DeviceAuthority } from '../cloud/broker/revocation-registry.ts';
import { formatSecrets, readSecrets, type Secret } from '../identity-services/secret-store.ts';
import type { TlsKeys } from '../loopback-server.ts';
import type { DataFolder } from './data-folder.ts';
import { keepRotated } from './kept-rotation.ts';
import { noteGroup } from './note-group.ts';

export const SECRET_PREFIX = 'pulseledger/local';

/** The operator of the cloud is no member of the network, but has a TLS authority of its own. */
const CLOUD: NetworkDefinition['organizations'][number] = {
  name: 'cloud',
  mspId: 'LocalCloud',
  domain: 'cloud.pulse.test',
  provider: false,
  peers: [],
  orderers: [],
};

/** Keys that the parts of the cloud get; everything is made at the first start and kept. */
export interface Installation {
  readonly tls: TlsKeys;
  readonly tlsCaPem: string;
  /** The same as a file, for `NODE_EXTRA_CA_CERTS`. */
  readonly tlsCaFile: string;
  readonly deviceAuthorities: readonly DeviceAuthority[];
  readonly signingKey: JWK;
  readonly saltKey: string;
  readonly secretsFile: string;
}

const cloudKeys: z.ZodType<{ readonly signingKey: JWK; readonly saltKey: string }> = z.object({
  signingKey: z.looseObject({ kty: z.string(), kid: z.string() }),
  saltKey: z.string(),
});

export async function prepareInstallation(folder: DataFolder): Promise<Installation> {
  const { keys } = folder;
  await createNetworkIdentities(keys, NETWORK);
  await createAuthorities(keys, { ...NETWORK, organizations: [CLOUD] });
  const tlsCa = await readAuthority(keys, CLOUD.name, 'tls');
  const secretsFile = join(folder.run, 'secrets.json');
  const kept = keepRotated(await secrets(keys), (await readSecrets(secretsFile)) ?? [], Date.now());
  await writePrivate(secretsFile, formatSecrets(kept));
  return {
    tls: tlsServerCertificate({ issuer: tlsCa, names: ['localhost'], ips: ['127.0.0.1'] }),
    tlsCaPem: tlsCa.certificatePem,
    tlsCaFile: organizationKeys(keys, CLOUD.name).authority.tls.certificateFile,
    deviceAuthorities: await deviceAuthorities(keys),
    ...(await loadCloudKeys(join(keys, CLOUD.name, 'keys.json'))),
    secretsFile,
  };
}

function deviceAuthorities(keys: string): Promise<DeviceAuthority[]> {
  return Promise.all(
    NETWORK.organizations.map(async ({ name }) => ({
      certificatePem: (await readAuthority(keys, name, 'device')).certificatePem,
      revocationListFile: organizationKeys(keys, name).deviceRevocationListFile,
    })),
  );
}

async function loadCloudKeys(file: string): Promise<z.infer<typeof cloudKeys>> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text !== undefined) {
    const parsed: unknown = JSON.parse(text);
    return cloudKeys.parse(parsed);
  }
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const made = {
    signingKey: { ...privateKey.export({ format: 'jwk' }), kid: randomUUID() },
    saltKey: randomBytes(32).toString('hex'),
  };
  await writePrivate(file, JSON.stringify(made));
  return cloudKeys.parse(made);
}

/** What the Lambda functions find in Secrets Manager: identities of the services, issuing CAs, keys of notes. */
async function secrets(keys: string): Promise<Secret[]> {
  const all: Secret[] = [secret('live', { keyBase64: randomBytes(32).toString('base64') })];
  for (const organization of NETWORK.organizations) {
    const { name } = organization;
    const issuing = await readAuthority(keys, name, 'issuing');
    all.push(secret(`issuing-ca/${name}`, { mspId: mspOf(name), ...issuing }));
    if (organization.provider) {
      const { groupId, keyId, privateKeyPem } = await noteGroup(keys, name);
      all.push(secret(`note-keys/${name}/${groupId}`, { [keyId]: privateKeyPem }));
    }
    for (const service of servicesOf(organization)) {
      const pair = await readCertifiedKey(organizationKeys(keys, name).service(service));
      const identity = secret(`${service}/${name}`, { mspId: mspOf(name), ...pair });
      all.push({ ...identity, isRotated: true });
    }
  }
  return all;
}

function mspOf(name: string): string {
  return new Map<string, string>(Object.entries(MSP_IDS)).get(name) ?? '';
}

function secret(name: string, value: object): Secret {
  const stages = ['AWSCURRENT'];
  const version = { versionId: randomUUID(), stages, value: JSON.stringify(value) };
  return {
    name: `${SECRET_PREFIX}/${name}`,
    isRotated: false,
    versions: [{ ...version, createdAtMs: Date.now() }],
  };
}
