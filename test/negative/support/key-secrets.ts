import { createPrivateKey } from 'node:crypto';

/** What of a private key must be found nowhere: its secret number, and each line of its PEM that holds a part of it. */
export function secretsOfKey(privateKeyPem: string): string[] {
  const { d = '' } = createPrivateKey(privateKeyPem).export({ format: 'jwk' });
  const number = Buffer.from(d, 'base64url').toString('hex');
  const lines = privateKeyPem.split('\n').filter((line) => line.length > 20 && !/-----/.test(line));
  return [number, d, ...lines];
}
