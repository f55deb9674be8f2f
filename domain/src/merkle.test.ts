import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { bytesFromHex, hexFromBytes } from './bytes.ts';
import { inclusionProof, merkleRoot, type Sha256, verifyInclusion } from './merkle.ts';

const sha256: Sha256 = (bytes) => createHash('sha256').update(bytes).digest();

/** The test vectors of RFC 6962's reference implementation. */
const LEAVES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map(bytesFromHex);
const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

describe('the Merkle tree', () => {
  it('has the roots of RFC 6962', () => {
    const roots = LEAVES.map((_, i) => hexFromBytes(merkleRoot(LEAVES.slice(0, i + 1), sha256)));
    expect(roots).toEqual(ROOTS);
    expect(hexFromBytes(merkleRoot([], sha256))).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
  });

  it('proves each leaf at its own place and nowhere else', () => {
    const leaf = fc.uint8Array({ maxLength: 8 });
    fc.assert(
      fc.property(
        fc.array(leaf, { minLength: 1, maxLength: 40 }),
        fc.nat(),
        fc.nat(),
        (leaves, n, m) => {
          const index = n % leaves.length;
          const size = leaves.length;
          const proven = {
            root: merkleRoot(leaves, sha256),
            leaf: leaves[index] ?? new Uint8Array(),
            index,
            size,
            proof: inclusionProof(leaves, index, sha256),
          };
          expect(verifyInclusion(proven, sha256)).toBe(true);
          expect(
            verifyInclusion({ ...proven, leaf: Uint8Array.of(...proven.leaf, 1) }, sha256),
          ).toBe(false);
          expect(
            verifyInclusion({ ...proven, proof: [...proven.proof, proven.root] }, sha256),
          ).toBe(false);
          const other = m % size;
          const sameLeaf = Buffer.compare(leaves[other] ?? Buffer.alloc(0), proven.leaf) === 0;
          if (!sameLeaf) expect(verifyInclusion({ ...proven, index: other }, sha256)).toBe(false);
        },
      ),
    );
  });

  it('has no proof for a leaf that is not there', () => {
    expect(() => inclusionProof(LEAVES, 8, sha256)).toThrow(RangeError);
    const proven = {
      root: merkleRoot(LEAVES, sha256),
      leaf: LEAVES[0] ?? new Uint8Array(),
      proof: [],
    };
    for (const index of [-1, 8, 0.5, Number.NaN]) {
      expect(verifyInclusion({ ...proven, index, size: 8 }, sha256)).toBe(false);
    }
  });
});
