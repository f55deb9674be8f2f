import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isSigned } from './crypto';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const spki = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
const RAW = { dsaEncoding: 'ieee-p1363' } as const;

describe('an ES256 signature', () => {
  it('is taken when it is of this key over these bytes, and in no other case', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat({ max: 63 }), (body, at) => {
        const signature = sign('sha256', body, { key: privateKey, ...RAW });
        expect(isSigned(body, signature, spki)).toBe(true);
        const tampered = Uint8Array.from(signature);
        tampered[at] = (tampered[at] ?? 0) ^ 1;
        expect(isSigned(body, tampered, spki)).toBe(false);
        expect(isSigned(Uint8Array.of(...body, 0), signature, spki)).toBe(false);
      }),
    );
  });

  it("is judged as Node judges raw signatures, also at the ends of the integers' range", () => {
    const byte = fc.constantFrom(0, 1, 0x7f, 0x80, 0xff);
    const half = fc.oneof(
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.array(byte, { minLength: 32, maxLength: 32 }).map((bytes) => Uint8Array.from(bytes)),
      fc.nat({ max: 31 }).map((zeros) => new Uint8Array(32).fill(0x9a, zeros)),
    );
    const body = Buffer.from('readings');
    fc.assert(
      fc.property(half, half, (r, s) => {
        const raw = Buffer.concat([r, s]);
        const expected = verify('sha256', body, { key: publicKey, ...RAW }, raw);
        expect(isSigned(body, raw, spki)).toBe(expected);
      }),
    );
  });

  it('with short integers, as one in 128 has, is taken', () => {
    let short = 0;
    for (let count = 0; count < 2_000 && short < 8; count += 1) {
      const body = Buffer.from(`body ${count}`);
      const signature = sign('sha256', body, { key: privateKey, ...RAW });
      if (signature[0] === 0 || signature[32] === 0) {
        short += 1;
        expect(isSigned(body, signature, spki)).toBe(true);
      }
    }
    expect(short).toBeGreaterThan(0);
  });
});
