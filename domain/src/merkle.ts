/** SHA-256, given by the caller because domain runs where there is no node:crypto. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array;

const LEAF_PREFIX = 0x00;
const NODE_PREFIX = 0x01;

/** Hash of one leaf, apart from inner nodes (RFC 6962 §2.1). */
export function leafHash(leaf: Uint8Array, sha256: Sha256): Uint8Array {
  const input = new Uint8Array(leaf.length + 1);
  input[0] = LEAF_PREFIX;
  input.set(leaf, 1);
  return sha256(input);
}

function nodeHash(left: Uint8Array, right: Uint8Array, sha256: Sha256): Uint8Array {
  const input = new Uint8Array(1 + left.length + right.length);
  input[0] = NODE_PREFIX;
  input.set(left, 1);
  input.set(right, 1 + left.length);
  return sha256(input);
}

/** Largest power of two smaller than `size`, where the tree is split. */
function splitPoint(size: number): number {
  let k = 1;
  while (k * 2 < size) k *= 2;
  return k;
}

function rootOf(hashes: readonly Uint8Array[], sha256: Sha256): Uint8Array {
  const [only] = hashes;
  if (only === undefined) return sha256(new Uint8Array(0));
  if (hashes.length === 1) return only;
  const k = splitPoint(hashes.length);
  return nodeHash(rootOf(hashes.slice(0, k), sha256), rootOf(hashes.slice(k), sha256), sha256);
}

/** Root of the Merkle tree over these leaves (RFC 6962 §2.1); no leaves: hash of nothing. */
export function merkleRoot(leaves: readonly Uint8Array[], sha256: Sha256): Uint8Array {
  return rootOf(
    leaves.map((leaf) => leafHash(leaf, sha256)),
    sha256,
  );
}

function pathOf(hashes: readonly Uint8Array[], index: number, sha256: Sha256): Uint8Array[] {
  if (hashes.length <= 1) return [];
  const k = splitPoint(hashes.length);
  const left = hashes.slice(0, k);
  const right = hashes.slice(k);
  return index < k
    ? [...pathOf(left, index, sha256), rootOf(right, sha256)]
    : [...pathOf(right, index - k, sha256), rootOf(left, sha256)];
}

/**
 * Audit path of a leaf (RFC 6962 §2.1.1), from the leaf upwards.
 *
 * @throws RangeError when there is no such leaf.
 */
export function inclusionProof(
  leaves: readonly Uint8Array[],
  index: number,
  sha256: Sha256,
): Uint8Array[] {
  if (!Number.isInteger(index) || index < 0 || index >= leaves.length) {
    throw new RangeError('no leaf with this index');
  }
  return pathOf(
    leaves.map((leaf) => leafHash(leaf, sha256)),
    index,
    sha256,
  );
}

/** What {@link verifyInclusion} checks. */
export interface Inclusion {
  readonly root: Uint8Array;
  readonly leaf: Uint8Array;
  readonly index: number;
  /** Number of leaves in the tree. */
  readonly size: number;
  readonly proof: readonly Uint8Array[];
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function isPlace(index: number, size: number): boolean {
  return Number.isSafeInteger(size) && Number.isInteger(index) && index >= 0 && index < size;
}

/** Does this leaf stand at this place under this root? (RFC 9162 §2.1.3.2) */
export function verifyInclusion(inclusion: Inclusion, sha256: Sha256): boolean {
  const { root, leaf, index, size, proof } = inclusion;
  if (!isPlace(index, size)) return false;
  let node = index;
  let last = size - 1;
  let hash = leafHash(leaf, sha256);
  for (const sibling of proof) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sibling, hash, sha256);
      // Climb past the levels at which this node has no sibling on the right.
      while (node % 2 === 0) {
        node /= 2;
        last = Math.floor(last / 2);
      }
    } else {
      hash = nodeHash(hash, sibling, sha256);
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && sameBytes(hash, root);
}
