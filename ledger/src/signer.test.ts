import { createHash, createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createSigningKey, toLowS } from './signer.ts';

const HALF_ORDER = 0x7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8n;
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

function pemKey(curve: string) {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: curve });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** Positive integer as DER. */
function derInteger(value: bigint) {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
  const body = (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
  return Buffer.concat([Buffer.of(0x02, body.length), body]);
}

function der(r: bigint, s: bigint) {
  const body = Buffer.concat([derInteger(r), derInteger(s)]);
  return Buffer.concat([Buffer.of(0x30, body.length), body]);
}

describe('the signing key', () => {
  it('makes signatures that verify, with s in the lower half, in the order of the messages', () => {
    const pem = pemKey('P-256');
    const publicKey = createPublicKey(pem);
    const messages = Array.from({ length: 64 }, (_, index) => Buffer.from(`message ${index}`));
    const signatures = createSigningKey(pem).signAll(messages);
    expect(signatures).toHaveLength(64);
    for (const [index, signature] of signatures.entries()) {
      expect(verify('sha256', messages[index]!, publicKey, signature)).toBe(true);
      const sAt = 4 + signature[3]! + 2;
      expect(
        BigInt(`0x${Buffer.from(signature.subarray(sAt)).toString('hex')}`) <= HALF_ORDER,
      ).toBe(true);
    }
  });

  it('refuses a key of another curve', () => {
    expect(() => createSigningKey(pemKey('P-384'))).toThrow('not on the P-256 curve');
  });

  it('says that a key cannot be read without quoting any of it', () => {
    const secret = createHash('sha256').update('secret').digest('base64');
    const pem = `-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----`;
    let text = '';
    try {
      createSigningKey(pem);
    } catch (error) {
      text = `${String(error)} ${String(error instanceof Error && error.cause)}`;
    }
    expect(text).toContain('cannot be read');
    expect(text).not.toContain(secret);
  });
});

describe('the lower half of s', () => {
  const scalar = fc.bigInt({ min: 1n, max: ORDER - 1n });

  it('replaces s by n - s exactly when s is in the upper half, and keeps r', () => {
    fc.assert(
      fc.property(scalar, scalar, (r, s) => {
        const lowered = s > HALF_ORDER ? ORDER - s : s;
        expect(Buffer.from(toLowS(der(r, s)))).toEqual(der(r, lowered));
      }),
    );
  });

  it.each([
    [HALF_ORDER, HALF_ORDER],
    [HALF_ORDER + 1n, HALF_ORDER],
    [ORDER - 1n, 1n],
    [1n, 1n],
  ])('of %s is %s', (s, expected) => {
    expect(Buffer.from(toLowS(der(5n, s)))).toEqual(der(5n, expected));
  });

  it.each(['', '30', '3006020101020101ff', '3106020101020101', '3006030101020101', '300602010103'])(
    'is not looked for in something that is no signature: %s',
    (hex) => {
      expect(() => toLowS(Buffer.from(hex, 'hex'))).toThrow('Not an ECDSA signature');
    },
  );
});
