import { createPublicKey, generateKeyPairSync, sign, verify, X509Certificate } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { decodeChunk, MAX_CHUNK_BYTES, PulseError, splitSignature } from '@pulseledger/domain';
import { Prng } from '../prng.ts';
import { foreignCertificate } from './foreign-authority.ts';
import { forgeries, malformations, oversized, pulse, signedChunk } from './hostile-bytes.ts';

const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const own = (bytes: Uint8Array): Uint8Array =>
  sign('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' });
const random = new Prng('hostile');
const deviceId = 'd'.repeat(32);
const plan = { deviceId, boot: 1, first: 0, readings: pulse(random, 1_000, 5) };
const chunk = signedChunk(plan, own, random);

function isSigned(bytes: Uint8Array): boolean {
  const { body, signature } = splitSignature(bytes);
  return verify(
    'sha256',
    body,
    { key: createPublicKey(key), dsaEncoding: 'ieee-p1363' },
    signature,
  );
}

function codeOf(work: () => unknown): string {
  try {
    work();
    return 'fine';
  } catch (error) {
    return error instanceof PulseError ? error.code : 'another error';
  }
}

describe('what attackers send', () => {
  test('a chunk of an attacker is as good as any when it means to be', () => {
    expect(decodeChunk(chunk)).toMatchObject({ deviceId, boot: 1, firstSequence: 0, count: 5 });
    expect(isSigned(chunk)).toBe(true);
  });

  test('a forgery is a whole chunk whose signature does not hold, in several ways', () => {
    const forged = forgeries(chunk, own);
    expect(forged).toHaveLength(4);
    for (const bytes of forged) {
      expect(decodeChunk(bytes).readings).toEqual(decodeChunk(chunk).readings);
      expect(isSigned(bytes)).toBe(false);
    }
    expect(new Set(forged.map((bytes) => Buffer.from(bytes).toString('hex'))).size).toBe(4);
  });

  test('malformed bytes are no chunk, though some are signed, and not too long', () => {
    const all = malformations(chunk, own, random);
    expect(all.map((bytes) => codeOf(() => decodeChunk(bytes)))).toEqual(
      all.map(() => 'malformed'),
    );
    expect(all.slice(2).every(isSigned)).toBe(true);
  });

  test('too much is too much by one byte already', () => {
    expect(oversized(random).map((bytes) => bytes.length)).toEqual([
      MAX_CHUNK_BYTES + 1,
      4 * MAX_CHUNK_BYTES,
    ]);
  });

  test("another authority's certificate names the device, and holds by itself", async () => {
    const { certificatePem, privateKeyPem } = await foreignCertificate(deviceId);
    const [certificate, authority] = certificatePem
      .split(/(?<=-----END CERTIFICATE-----)/)
      .slice(0, 2)
      .map((pem) => new X509Certificate(pem));
    expect(certificate?.subject).toBe(`CN=${deviceId}`);
    expect(certificate?.verify(authority!.publicKey)).toBe(true);
    expect(privateKeyPem).toContain('PRIVATE KEY');
  });
});
