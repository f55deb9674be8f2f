import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  PublicKey,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;

/** A certificate authority for one test. */
export interface TestAuthority {
  readonly caPem: string;
  readonly serverKeyPem: string;
  readonly serverCertificatePem: string;
  /** @param until A day from now when left out. */
  readonly certify: (
    deviceId: string,
    publicKeySpkiBase64: string,
    until?: Date,
  ) => Promise<string>;
}

function validity(): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - DAY_MS), notAfter: new Date(now + DAY_MS) };
}

async function pemOfKey(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${der}\n-----END PRIVATE KEY-----\n`;
}

/** A fresh CA with a server certificate for 127.0.0.1. */
export async function testAuthority(): Promise<TestAuthority> {
  const caKeys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const ca = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=test authority',
    keys: caKeys,
    signingAlgorithm: ALGORITHM,
    ...validity(),
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  });
  const serverKeys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const issue = async (name: string, publicKey: PublicKey, until?: Date): Promise<string> => {
    const period = validity();
    const certificate = await X509CertificateGenerator.create({
      subject: `CN=${name}`,
      issuer: ca.subject,
      publicKey,
      signingKey: caKeys.privateKey,
      signingAlgorithm: ALGORITHM,
      notBefore: period.notBefore,
      notAfter: until ?? period.notAfter,
      extensions: [
        await AuthorityKeyIdentifierExtension.create(ca.publicKey),
        new SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }]),
      ],
    });
    return certificate.toString('pem');
  };
  const serverSpki = await webcrypto.subtle.exportKey('spki', serverKeys.publicKey);
  return {
    caPem: ca.toString('pem'),
    serverKeyPem: await pemOfKey(serverKeys.privateKey),
    serverCertificatePem: await issue('127.0.0.1', new PublicKey(serverSpki)),
    certify: async (deviceId, spki, until) =>
      issue(deviceId, new PublicKey(Buffer.from(spki, 'base64')), until),
  };
}
