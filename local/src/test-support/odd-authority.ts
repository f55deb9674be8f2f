import 'reflect-metadata';
import { createPrivateKey, webcrypto, X509Certificate } from 'node:crypto';
import {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { CertifiedKey } from '@pulseledger/network/identity';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;

/**
 * An authority of the same name as another: with the other's own key its certificate has expired (so that what it
 * signs in that name ends in the past), with a key of its own it is somebody else's.
 */
export async function expiredTwin(
  authority: CertifiedKey,
  key: 'same key' | 'other key',
): Promise<CertifiedKey> {
  const keys = key === 'same key' ? await keysOf(authority) : await freshKeys();
  const name = new X509Certificate(authority.certificatePem).subject.split('\n').join(', ');
  const untilMs = Date.now() + (key === 'same key' ? -DAY_MS : DAY_MS);
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: '40aa',
      name,
      notBefore: new Date(Date.now() - 2 * DAY_MS),
      notAfter: new Date(untilMs),
      keys,
      signingAlgorithm: ALGORITHM,
      extensions: [
        new BasicConstraintsExtension(true, undefined, true),
        await SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      ],
    },
    webcrypto,
  );
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  return {
    certificatePem: certificate.toString('pem'),
    privateKeyPem: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  };
}

function freshKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

async function keysOf({
  certificatePem,
  privateKeyPem,
}: CertifiedKey): Promise<webcrypto.CryptoKeyPair> {
  const { subtle } = webcrypto;
  const pkcs8 = createPrivateKey(privateKeyPem).export({ format: 'der', type: 'pkcs8' });
  const spki = new X509Certificate(certificatePem).publicKey.export({
    format: 'der',
    type: 'spki',
  });
  return {
    privateKey: await subtle.importKey('pkcs8', new Uint8Array(pkcs8), ALGORITHM, true, ['sign']),
    publicKey: await subtle.importKey('spki', new Uint8Array(spki), ALGORITHM, true, ['verify']),
  };
}
