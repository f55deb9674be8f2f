import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { NETWORK, organizationNamed } from '../../definition/src/index.ts';
import {
  createNetworkIdentities,
  issueService,
  type NetworkIdentity,
  networkIdentities,
  organizationKeys,
  readAuthority,
  readCertifiedKey,
  readRevocationList,
  renewIdentity,
  revokeIdentity,
  tlsServerCertificate,
  writePrivate,
} from './index.ts';

let folder: string;
const hospital = organizationNamed(NETWORK, 'hospital');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pulse-renewal-'));
  await createNetworkIdentities(folder, NETWORK);
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function identityOf(kind: NetworkIdentity['kind']): Promise<NetworkIdentity> {
  const all = await networkIdentities(folder, NETWORK);
  return all.find((one) => one.kind === kind && one.organization.name === 'hospital')!;
}

describe('the identities of a network', () => {
  test('are all known, each with the end of its first certificate', async () => {
    const all = await networkIdentities(folder, NETWORK);
    expect(all.map(({ kind, organization }) => `${organization.name} ${kind}`).sort()).toEqual([
      'clinic administrator',
      'clinic orderer',
      'clinic peer',
      'clinic service',
      'clinic service',
      'hospital administrator',
      'hospital orderer',
      'hospital peer',
      'hospital service',
      'hospital service',
      'insurer administrator',
      'insurer orderer',
      'insurer peer',
      'insurer service',
    ]);
    const end = (await identityOf('service')).endsAt.getTime();
    expect(end).toBeLessThan((await identityOf('peer')).endsAt.getTime());
    expect(end).toBeGreaterThan(Date.now());
  });

  test('are renewed whole: other keys, other certificates, the same name and unit', async () => {
    for (const kind of ['peer', 'orderer', 'administrator', 'service'] as const) {
      const before = await identityOf(kind);
      await renewIdentity(folder, before);
      const after = await identityOf(kind);
      expect(after.host).toBe(before.host);
      expect(after.fingerprints.some((f) => before.fingerprints.includes(f))).toBe(false);
    }
    const { identity, tls } = organizationKeys(folder, 'hospital').peer('peer0');
    for (const files of [identity, tls]) {
      const { certificatePem, privateKeyPem } = await readCertifiedKey(files);
      const certificate = new X509Certificate(certificatePem);
      expect(certificate.checkPrivateKey(createPrivateKey(privateKeyPem))).toBe(true);
      expect(certificate.subject).toContain('CN=peer0.hospital.pulse.test');
      expect(existsSync(`${files.certificateFile}.next`)).toBe(false);
    }
  });

  test('are whole again when a renewal was cut off between its two files', async () => {
    const files = organizationKeys(folder, 'hospital').service('ingest');
    const issuer = await readAuthority(folder, 'hospital', 'tls');
    const next = tlsServerCertificate({ issuer, names: ['next.pulse.test'], ips: [] });
    // As left behind when the key had been put in place, and the certificate not yet.
    await writePrivate(files.keyFile, next.privateKeyPem);
    await writePrivate(`${files.certificateFile}.next`, next.certificatePem);
    await issueService(folder, hospital, 'ingest');
    expect(await readCertifiedKey(files)).toEqual(next);
    // A new key without its certificate is no pair yet: the former one stays.
    await writePrivate(`${files.keyFile}.next`, 'half a pair');
    await issueService(folder, hospital, 'ingest');
    expect(await readCertifiedKey(files)).toEqual(next);
    await renewIdentity(folder, await identityOf('service'));
  });

  test('do not outlive the authority that issued them', async () => {
    const issuer = await readAuthority(folder, 'hospital', 'tls');
    const { certificatePem } = tlsServerCertificate({
      issuer,
      names: ['long.pulse.test'],
      ips: [],
      lifetimeMs: 50 * 365 * 86_400_000,
    });
    expect(new X509Certificate(certificatePem).validTo).toBe(
      new X509Certificate(issuer.certificatePem).validTo,
    );
  });
});

describe('a revoked identity', () => {
  test('is on the list that every MSP folder of its organization then holds', async () => {
    const keys = organizationKeys(folder, 'hospital');
    const { certificatePem } = await readCertifiedKey(keys.service('ingest'));
    const list = await revokeIdentity(folder, 'hospital', certificatePem);
    expect(list).toMatch(/^-----BEGIN X509 CRL-----/);
    await createNetworkIdentities(folder, NETWORK);
    const folders = [keys.mspFolder, keys.peer('peer0').mspFolder, keys.administrator.mspFolder];
    for (const msp of folders) {
      expect(await readFile(join(msp, 'crls', 'revoked.pem'), 'utf8')).toBe(list);
    }
    const issuing = await readAuthority(folder, 'hospital', 'issuing');
    const serials = readRevocationList(list, issuing.certificatePem).map((r) => r.serialNumber);
    expect(serials).toEqual([new X509Certificate(certificatePem).serialNumber.toLowerCase()]);
    expect(existsSync(join(organizationKeys(folder, 'clinic').mspFolder, 'crls'))).toBe(false);
  });
});
