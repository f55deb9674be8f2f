import 'reflect-metadata';
import {
  createPrivateKey,
  generateKeyPairSync,
  randomBytes,
  webcrypto,
  X509Certificate,
} from 'node:crypto';
import { ExtendedKeyUsageExtension, X509CertificateGenerator } from '@peculiar/x509';
import { NETWORK, type NetworkDefinition } from '@pulseledger/network/definition';
import {
  type CertifiedKey,
  createAuthorities,
  issueDevice,
  organizationKeys,
  readAuthority,
  tlsServerCertificate,
} from '@pulseledger/network/identity';
import type { DeviceAuthority } from '../cloud/broker/revocation-registry.ts';

/** A device's identity as a test makes it. */
export interface TestDevice extends CertifiedKey {
  readonly deviceId: string;
}

export interface TestAuthorities {
  readonly keysDir: string;
  readonly deviceCa: CertifiedKey;
  readonly deviceAuthorities: readonly DeviceAuthority[];
  readonly tls: CertifiedKey;
  readonly tlsCaPem: string;
}

/** All authorities of the network in a folder, and a server certificate for loopback. */
export async function createTestAuthorities(keysDir: string): Promise<TestAuthorities> {
  const definition: NetworkDefinition = NETWORK;
  await createAuthorities(keysDir, definition);
  const tlsCa = await readAuthority(keysDir, 'hospital', 'tls');
  const deviceCa = await readAuthority(keysDir, 'hospital', 'device');
  const { deviceRevocationListFile } = organizationKeys(keysDir, 'hospital');
  return {
    keysDir,
    deviceCa,
    deviceAuthorities: [
      { certificatePem: deviceCa.certificatePem, revocationListFile: deviceRevocationListFile },
    ],
    tls: tlsServerCertificate({ issuer: tlsCa, names: ['localhost'], ips: ['127.0.0.1'] }),
    tlsCaPem: tlsCa.certificatePem,
  };
}

/** A device with a certificate of the authority. */
export function createTestDevice(issuer: CertifiedKey): TestDevice {
  const deviceId = randomBytes(16).toString('hex');
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = { publicKeySpki: publicKey.export({ format: 'der', type: 'spki' }) };
  const certificatePem = issueDevice({ issuer, deviceId, key });
  return { deviceId, certificatePem, privateKeyPem: pem(privateKey) };
}

export interface OddCertificate {
  readonly issuer?: CertifiedKey;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** Default: clientAuth. */
  readonly extendedKeyUsage?: string;
}

const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const DAY_MS = 86_400_000;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** A device whose certificate the project itself would never issue; self-signed without an issuer. */
export async function createOddDevice(odd: OddCertificate): Promise<TestDevice> {
  const deviceId = randomBytes(16).toString('hex');
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const { issuer } = odd;
  const certificate = await X509CertificateGenerator.create(
    {
      serialNumber: `40${randomBytes(8).toString('hex')}`,
      subject: `CN=${deviceId}`,
      issuer: issuer === undefined ? `CN=${deviceId}` : subjectOf(issuer),
      notBefore: odd.notBefore ?? new Date(Date.now() - DAY_MS),
      notAfter: odd.notAfter ?? new Date(Date.now() + DAY_MS),
      publicKey: keys.publicKey,
      signingKey: issuer === undefined ? keys.privateKey : await importKey(issuer.privateKeyPem),
      signingAlgorithm: ALGORITHM,
      extensions: [new ExtendedKeyUsageExtension([odd.extendedKeyUsage ?? CLIENT_AUTH])],
    },
    webcrypto,
  );
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return { deviceId, certificatePem: certificate.toString('pem'), privateKeyPem: pem(privateKey) };
}

function subjectOf(issuer: CertifiedKey): string {
  return new X509Certificate(issuer.certificatePem).subject.split('\n').join(', ');
}

async function importKey(privateKeyPem: string): Promise<webcrypto.CryptoKey> {
  const der = createPrivateKey(privateKeyPem).export({ format: 'der', type: 'pkcs8' });
  return webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign']);
}

function pem(key: ReturnType<typeof createPrivateKey>): string {
  return key.export({ format: 'pem', type: 'pkcs8' }).toString();
}
