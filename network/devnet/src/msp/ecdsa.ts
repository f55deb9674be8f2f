import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { BoundedCache } from './bounded-cache.ts';

/** A key on a curve of Fabric's software crypto provider (bccsp/sw). */
export interface EcdsaKey {
  readonly key: KeyObject;
  /** Order of the curve's group; undefined for a curve that Fabric does not take. */
  readonly order: bigint | undefined;
  /** SHA-256 of the public key's SubjectPublicKeyInfo. */
  readonly id: Uint8Array;
}

/** Signatures that this process made or has verified already: some seconds of a full load. */
const MAX_KNOWN_SIGNATURES = 20_000;

const ORDERS: ReadonlyMap<string | undefined, bigint> = new Map([
  ['prime256v1', 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n],
  [
    'secp384r1',
    0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  ],
]);

/** Looks up the curve once: asking a key object for it costs as much as a third of a verification. */
export function ecdsaKey(key: KeyObject): EcdsaKey {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const id = createHash('sha256').update(spki).digest();
  return { key, order: ORDERS.get(key.asymmetricKeyDetails?.namedCurve), id };
}

/**
 * All peers of the network and its orderer are in this process: what one of them has signed, or verified, the others need not
 * verify again. A hash costs a tenth of that.
 */
const known = new BoundedCache<true>(MAX_KNOWN_SIGNATURES);

function knownAs({ id }: EcdsaKey, message: Uint8Array, signature: Uint8Array): string {
  // The length tells where the signature ends and the message begins.
  const length = Buffer.alloc(4);
  length.writeUInt32BE(signature.length);
  const hash = createHash('sha256').update(id).update(length);
  return hash.update(signature).update(message).digest().toString('latin1');
}

function toBigInt(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}

/** A positive INTEGER of a DER structure: its value and where the next element starts. */
function derInteger(der: Uint8Array, at: number): { value: Uint8Array; next: number } | undefined {
  const length = der[at + 1];
  // Neither half of a signature on these curves needs a long form length.
  if (der[at] !== 0x02 || length === undefined || length === 0 || length > 0x7f) return undefined;
  const next = at + 2 + length;
  if (next > der.length) return undefined;
  return { value: der.subarray(at + 2, next), next };
}

/** The `s` of a DER encoded ECDSA signature, or undefined when it is not one. */
function derS(signature: Uint8Array): Uint8Array | undefined {
  const long = signature[1] === 0x81;
  if (signature[0] !== 0x30) return undefined;
  const r = derInteger(signature, long ? 3 : 2);
  return r === undefined ? undefined : derInteger(signature, r.next)?.value;
}

function encodeInteger(value: bigint): Buffer {
  const hex = value.toString(16);
  const digits = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  const padded = (digits[0] ?? 0) > 0x7f ? Buffer.concat([Buffer.of(0), digits]) : digits;
  return Buffer.concat([Buffer.of(0x02, padded.length), padded]);
}

function encodeSignature(r: bigint, s: bigint): Buffer {
  const body = Buffer.concat([encodeInteger(r), encodeInteger(s)]);
  const header =
    body.length > 0x7f ? Buffer.of(0x30, 0x81, body.length) : Buffer.of(0x30, body.length);
  return Buffer.concat([header, body]);
}

/**
 * Signs SHA-256 of a message as Fabric does: ECDSA, DER, the lower of the two possible `s`
 * (bccsp/sw/ecdsa.go); peers refuse the higher one.
 *
 * @throws RangeError when the key is on a curve that Fabric does not take.
 */
export function signLowS(ecdsa: EcdsaKey, message: Uint8Array): Uint8Array {
  const { key, order } = ecdsa;
  if (order === undefined) throw new RangeError('Fabric signs with P-256 or P-384 keys only.');
  const signature = toLowS(ecdsa, sign('sha256', message, key));
  known.set(knownAs(ecdsa, message, signature), true);
  return signature;
}

/**
 * Checks a DER signature over SHA-256 of a message, with Fabric's demand for a low `s`.
 *
 * @returns why it is refused, or undefined when it holds.
 */
export function refuseSignature(
  ecdsa: EcdsaKey,
  message: Uint8Array,
  signature: Uint8Array,
): string | undefined {
  const { key, order } = ecdsa;
  if (order === undefined) return 'the key is on a curve that Fabric does not take';
  const s = derS(signature);
  if (s === undefined) return 'Failed unmashalling signature';
  if (toBigInt(s) > order / 2n) return 'Invalid S. Must be smaller than half the order';
  const name = knownAs(ecdsa, message, signature);
  if (known.get(name) === true) return undefined;
  if (!verify('sha256', message, key, signature)) return 'The signature is invalid';
  known.set(name, true);
  return undefined;
}

/** The same signature with a low `s`; unchanged when it is no ECDSA signature on a known curve. */
export function toLowS({ order }: EcdsaKey, signature: Uint8Array): Uint8Array {
  const s = derS(signature);
  if (order === undefined || s === undefined || toBigInt(s) <= order / 2n) return signature;
  const r = derInteger(signature, signature[1] === 0x81 ? 3 : 2);
  return r === undefined ? signature : encodeSignature(toBigInt(r.value), order - toBigInt(s));
}
