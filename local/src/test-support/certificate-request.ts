import 'reflect-metadata';
import { createPrivateKey, createPublicKey, webcrypto } from 'node:crypto';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' } as const;

/** What a device sends to be certified (PKCS #10, PEM), signed with its own P-256 key. */
export async function certificateRequest(privateKeyPem: string): Promise<string> {
  const secret = createPrivateKey(privateKeyPem);
  const { subtle } = webcrypto;
  const pkcs8 = secret.export({ format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(secret).export({ format: 'der', type: 'spki' });
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: 'CN=device',
    keys: {
      privateKey: await subtle.importKey('pkcs8', pkcs8, ALGORITHM, true, ['sign']),
      publicKey: await subtle.importKey('spki', spki, ALGORITHM, true, ['verify']),
    },
    signingAlgorithm: { ...ALGORITHM, hash: 'SHA-256' },
  });
  return request.toString('pem');
}
