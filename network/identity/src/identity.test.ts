import 'reflect-metadata';
import { createPublicKey, generateKeyPairSync, webcrypto, X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as x509 from '@peculiar/x509';
import { NETWORK, organizationNamed } from '../../definition/src/index.ts';
import {
  addRevocation,
  type CertifiedKey,
  certificateFingerprint,
  createAuthorities,
  createNetworkIdentities,
  createRevocationList,
  isRevoked,
  issueDevice,
  issueService,
  issueUser,
  organizationKeys,
  readAuthority,
  readCertifiedKey,
  readRevocationList,
  revokeDevice,
  tlsServerCertificate,
} from './index.ts';

const DEVICE_ID = '00112233445566778899aabbccddeeff';
const COMMITMENT = 'ab'.repeat(32);
const hospital = organizationNamed(NETWORK, 'hospital');

let folder: string;
let root: CertifiedKey;
let issuing: CertifiedKey;
let deviceAuthority: CertifiedKey;
let tlsAuthority: CertifiedKey;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pulse-identity-'));
  await createNetworkIdentities(folder, NETWORK);
  root = await readAuthority(folder, 'hospital', 'root');
  issuing = await readAuthority(folder, 'hospital', 'issuing');
  deviceAuthority = await readAuthority(folder, 'hospital', 'device');
  tlsAuthority = await readAuthority(folder, 'hospital', 'tls');
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

function parse(pem: string): X509Certificate {
  return new X509Certificate(pem);
}

function issuedBy(certificatePem: string, authority: CertifiedKey): boolean {
  const certificate = parse(certificatePem);
  const issuer = parse(authority.certificatePem);
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function attributesOf(pem: string): string {
  const value = new x509.X509Certificate(pem).getExtension('1.2.3.4.5.6.7.8.1')?.value;
  return Buffer.from(value!).toString('utf8');
}

function deviceKey(): Uint8Array {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return publicKey.export({ format: 'der', type: 'spki' });
}

async function filesBelow(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true });
  return entries.map((entry) => join(dir, entry)).sort();
}

describe('authorities', () => {
  test('the root issues the issuing authority, which alone issues Fabric identities', async () => {
    const keys = organizationKeys(folder, 'hospital');
    const identities = [keys.peer('peer0'), keys.orderer('orderer0'), keys.administrator];
    const certificates = await Promise.all(
      identities.map((files) => readFile(files.identity.certificateFile, 'utf8')),
    );
    expect(issuedBy(root.certificatePem, root)).toBe(true);
    expect(issuedBy(issuing.certificatePem, root)).toBe(true);
    expect(certificates.map((pem) => issuedBy(pem, issuing))).toEqual([true, true, true]);
    expect(certificates.map((pem) => /OU=(\w+)/.exec(parse(pem).subject)?.[1])).toEqual([
      'peer',
      'orderer',
      'admin',
    ]);
  });

  test('devices and TLS have roots of their own, so none of theirs is a Fabric identity', () => {
    for (const authority of [deviceAuthority, tlsAuthority]) {
      expect(issuedBy(authority.certificatePem, authority)).toBe(true);
      expect(issuedBy(authority.certificatePem, root)).toBe(false);
    }
  });

  test('organizations share no authority', async () => {
    const clinic = await readAuthority(folder, 'clinic', 'root');
    expect(issuedBy(issuing.certificatePem, clinic)).toBe(false);
  });

  test('creating again keeps every key', async () => {
    const read = async (): Promise<string[]> => {
      const pems = (await filesBelow(folder)).filter((f) => f.endsWith('.pem'));
      return Promise.all(pems.map((f) => readFile(f, 'utf8')));
    };
    const before = await read();
    await createAuthorities(folder, NETWORK);
    await createNetworkIdentities(folder, NETWORK);
    expect(await read()).toEqual(before);
    expect(before.length).toBeGreaterThan(60);
  });

  test('only the owner reads keys and folders', async () => {
    const modes = await Promise.all(
      (await filesBelow(folder)).map(async (path) => {
        const found = await stat(path);
        return { path, directory: found.isDirectory(), mode: found.mode & 0o777 };
      }),
    );
    const folders = modes.filter((m) => m.directory);
    const keys = modes.filter((m) => m.path.endsWith('key.pem'));
    expect(folders.filter((m) => m.mode !== 0o700)).toEqual([]);
    expect(keys.filter((m) => m.mode !== 0o600)).toEqual([]);
    expect(keys.length).toBeGreaterThan(20);
  });

  test('a name cannot leave the folder of keys', () => {
    expect(() => organizationKeys(folder, '../elsewhere')).toThrow(RangeError);
    expect(() => organizationKeys(folder, 'hospital').service('a/b')).toThrow(RangeError);
  });

  test('an insurer has no ingest service', async () => {
    const { certificateFile } = organizationKeys(folder, 'insurer').service('ingest');
    await expect(readFile(certificateFile)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test.each(['hospital', 'clinic', 'insurer'])('%s offers the API as itself', async (name) => {
    const files = organizationKeys(folder, name).service('api');
    const { certificatePem } = await readCertifiedKey(files);
    expect(attributesOf(certificatePem)).toBe('{"attrs":{"role":"api"}}');
  });

  test('an authority must be an authority and its key must fit', () => {
    const { certificatePem } = tlsServerCertificate({
      issuer: tlsAuthority,
      names: ['a'],
      ips: [],
    });
    const user = { role: 'doctor', subjectCommitment: COMMITMENT, minutes: 5 };
    const { privateKeyPem } = issuing;
    expect(() => issueUser({ ...user, issuer: { certificatePem, privateKeyPem } })).toThrow(
      'not an authority',
    );
    const wrongKey = { ...issuing, privateKeyPem: root.privateKeyPem };
    expect(() => issueUser({ ...user, issuer: wrongKey })).toThrow('does not belong');
  });
});

describe('a service', () => {
  test('carries its name as role and keeps its certificate until it is about to expire', async () => {
    const files = await issueService(folder, hospital, 'ingest');
    const { certificatePem } = await readCertifiedKey(files);
    expect(attributesOf(certificatePem)).toBe('{"attrs":{"role":"ingest"}}');
    expect(parse(certificatePem).subject).toContain('OU=client');
    const again = await readCertifiedKey(await issueService(folder, hospital, 'ingest'));
    expect(again.certificatePem).toBe(certificatePem);
  });
});

describe('a user certificate', () => {
  function user(minutes = 15): CertifiedKey {
    return issueUser({ issuer: issuing, role: 'doctor', subjectCommitment: COMMITMENT, minutes });
  }

  test('says role and commitment as Fabric CA writes attributes', () => {
    expect(attributesOf(user().certificatePem)).toBe(
      `{"attrs":{"role":"doctor","subject":"${COMMITMENT}"}}`,
    );
  });

  test('is issued for a fresh key under a random name each time', () => {
    const [one, two] = [user(), user()];
    expect(parse(one.certificatePem).subject).toMatch(/^OU=client\nCN=[0-9a-f]{32}$/);
    expect(parse(one.certificatePem).subject).not.toBe(parse(two.certificatePem).subject);
    expect(one.privateKeyPem).not.toBe(two.privateKeyPem);
    expect(issuedBy(one.certificatePem, issuing)).toBe(true);
  });

  test('starts a little in the past and after its issuer, and ends in time', () => {
    const certificate = parse(user(10).certificatePem);
    const from = Date.parse(certificate.validFrom);
    expect(from).toBeLessThan(Date.now());
    expect(from).toBeGreaterThan(Date.parse(parse(issuing.certificatePem).validFrom));
    expect(Date.parse(certificate.validTo)).toBeLessThanOrEqual(Date.now() + 10 * 60_000);
  });

  test('lives at most 15 minutes', () => {
    expect(() => user(15.1)).toThrow(RangeError);
    expect(() => user(0)).toThrow(RangeError);
    expect(() => user(Number.NaN)).toThrow(RangeError);
  });

  test('is signed with the lower S and a positive serial number, so that Fabric keeps its bytes', () => {
    const halfOrder = 0x7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8n;
    for (let i = 0; i < 24; i++) {
      const certificate = new x509.X509Certificate(user().certificatePem);
      const raw = new x509.AsnEcSignatureFormatter().toWebSignature(
        { name: 'ECDSA', namedCurve: 'P-256' },
        certificate.signature,
      );
      const s = Buffer.from(raw!).subarray(32).toString('hex');
      expect(BigInt(`0x${s}`) <= halfOrder).toBe(true);
      expect(certificate.serialNumber).toMatch(/^[4-7][0-9a-f]{31}$/);
    }
  });
});

describe('a device certificate', () => {
  test('names the device and is for clients only', () => {
    const pem = issueDevice({
      issuer: deviceAuthority,
      deviceId: DEVICE_ID,
      key: { publicKeySpki: deviceKey() },
    });
    const certificate = parse(pem);
    expect(certificate.subject).toBe(`CN=${DEVICE_ID}`);
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(certificate.ca).toBe(false);
    expect(issuedBy(pem, deviceAuthority)).toBe(true);
    expect(certificateFingerprint(pem)).toBe(
      certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    );
  });

  async function request(): Promise<{ pem: string; spki: Buffer }> {
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const made = await x509.Pkcs10CertificateRequestGenerator.create({
      name: 'CN=whatever the device says',
      keys,
      signingAlgorithm: algorithm,
    });
    const spki = await webcrypto.subtle.exportKey('spki', keys.publicKey);
    return { pem: made.toString('pem'), spki: Buffer.from(spki) };
  }

  test('can be asked for by a signing request, whose own name is ignored', async () => {
    const { pem, spki } = await request();
    const key = { certificateRequestPem: pem };
    const certificate = parse(issueDevice({ issuer: deviceAuthority, deviceId: DEVICE_ID, key }));
    expect(certificate.subject).toBe(`CN=${DEVICE_ID}`);
    expect(certificate.publicKey.export({ format: 'der', type: 'spki' })).toEqual(spki);
  });

  test('is refused for a request that another key signed', async () => {
    const [one, two] = [await request(), await request()];
    const der = new x509.Pkcs10CertificateRequest(one.pem).rawData;
    const forged = Buffer.from(der);
    const at = forged.indexOf(one.spki.subarray(26));
    two.spki.subarray(26).copy(forged, at);
    const key = { certificateRequestPem: x509.PemConverter.encode(forged, 'CERTIFICATE REQUEST') };
    expect(() => issueDevice({ issuer: deviceAuthority, deviceId: DEVICE_ID, key })).toThrow(
      'not signed by the key',
    );
  });

  test('is refused for another curve, a malformed id or no request', () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    const wide = { publicKeySpki: publicKey.export({ format: 'der', type: 'spki' }) };
    const good = { publicKeySpki: deviceKey() };
    const issuer = deviceAuthority;
    expect(() => issueDevice({ issuer, deviceId: DEVICE_ID, key: wide })).toThrow('P-256');
    expect(() => issueDevice({ issuer, deviceId: 'AB', key: good })).toThrow(RangeError);
    const nothing = { certificateRequestPem: 'not PEM' };
    expect(() => issueDevice({ issuer, deviceId: DEVICE_ID, key: nothing })).toThrow();
  });
});

describe('the revocation list', () => {
  function device(): string {
    const key = { publicKeySpki: deviceKey() };
    return issueDevice({ issuer: deviceAuthority, deviceId: DEVICE_ID, key });
  }

  test('revokes the one certificate and no other', () => {
    const [lost, kept] = [device(), device()];
    const list = addRevocation(createRevocationList(deviceAuthority, []), deviceAuthority, lost);
    const { certificatePem } = deviceAuthority;
    expect(isRevoked(list, certificatePem, lost)).toBe(true);
    expect(isRevoked(list, certificatePem, kept)).toBe(false);
    expect(addRevocation(list, deviceAuthority, lost)).toBe(list);
  });

  test('is a list that an independent parser reads and verifies', async () => {
    const lost = device();
    const pem = addRevocation(createRevocationList(deviceAuthority, []), deviceAuthority, lost);
    const list = new x509.X509Crl(pem);
    const publicKey = new x509.X509Certificate(deviceAuthority.certificatePem).publicKey;
    expect(await list.verify({ publicKey })).toBe(true);
    expect(list.entries.map((e) => e.serialNumber)).toEqual([
      parse(lost).serialNumber.toLowerCase(),
    ]);
  });

  test('is refused when another authority signed it', () => {
    const list = createRevocationList(tlsAuthority, []);
    expect(() => readRevocationList(list, deviceAuthority.certificatePem)).toThrow(TypeError);
  });

  test('is kept beside the device authority and grows', async () => {
    const [one, two] = [device(), device()];
    await revokeDevice(folder, 'hospital', one);
    const list = await revokeDevice(folder, 'hospital', two);
    const kept = await readFile(
      organizationKeys(folder, 'hospital').deviceRevocationListFile,
      'utf8',
    );
    expect(kept).toBe(list);
    expect(readRevocationList(list, deviceAuthority.certificatePem)).toHaveLength(2);
  });
});

describe('a TLS server certificate', () => {
  test('is good for its names and addresses and no others', () => {
    const { certificatePem, privateKeyPem } = tlsServerCertificate({
      issuer: tlsAuthority,
      names: ['localhost', 'broker.pulse.test'],
      ips: ['127.0.0.1'],
    });
    const certificate = parse(certificatePem);
    expect(certificate.checkHost('broker.pulse.test')).toBe('broker.pulse.test');
    expect(certificate.checkHost('other.pulse.test')).toBeUndefined();
    expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(issuedBy(certificatePem, tlsAuthority)).toBe(true);
    expect(createPublicKey(privateKeyPem).export({ format: 'der', type: 'spki' })).toEqual(
      certificate.publicKey.export({ format: 'der', type: 'spki' }),
    );
  });
});
