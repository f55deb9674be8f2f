import { createHash, createPublicKey, createVerify, type KeyObject } from 'node:crypto';
import { PulseError, type Sha256 } from '@pulseledger/domain';

/** SHA-256, the only hash the contracts use. */
export const sha256: Sha256 = (bytes) => createHash('sha256').update(bytes).digest();

/** Parsed keys kept at once. */
const MAX_KEYS = 10_000;

/**
 * Parsing is a pure function of the key's bytes, so remembering its results cannot make two
 * endorsers differ; it only saves the parsing.
 */
const parsedKeys = new Map<string, KeyObject>();

/**
 * A P-256 public key from its SubjectPublicKeyInfo.
 *
 * @throws PulseError `invalid_input` for any other key, also for a point off the curve.
 */
export function parsePublicKey(spkiBase64: string): KeyObject {
  const known = parsedKeys.get(spkiBase64);
  if (known !== undefined) return known;
  const key = readPublicKey(Buffer.from(spkiBase64, 'base64'));
  if (key?.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw new PulseError('invalid_input', 'The public key is not a P-256 key.');
  }
  if (parsedKeys.size >= MAX_KEYS) parsedKeys.clear();
  parsedKeys.set(spkiBase64, key);
  return key;
}

function readPublicKey(der: Buffer): KeyObject | undefined {
  try {
    return createPublicKey({ key: der, format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}

/** A positive integer as DER: no leading zero bytes but the one that keeps it positive. */
function derInteger(bytes: Uint8Array): Uint8Array[] {
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = bytes.subarray(first < 0 ? bytes.length - 1 : first);
  const isNegative = ((digits[0] ?? 0) & 0x80) !== 0;
  const length = digits.length + (isNegative ? 1 : 0);
  return [Uint8Array.of(0x02, length, ...(isNegative ? [0] : [])), digits];
}

/** Raw r‖s as the DER that OpenSSL works with. */
function derSignature(raw: Uint8Array): Uint8Array {
  const half = raw.length / 2;
  const integers = Buffer.concat([
    ...derInteger(raw.subarray(0, half)),
    ...derInteger(raw.subarray(half)),
  ]);
  return Buffer.concat([Uint8Array.of(0x30, integers.length), integers]);
}

/**
 * Is this the ES256 signature, raw r‖s, of this key over these bytes?
 *
 * Node verifies raw signatures itself (`dsaEncoding: 'ieee-p1363'`), but takes twice as long for it: 199 against 94 µs,
 * a tenth of what recording a chunk costs.
 */
export function isSigned(body: Uint8Array, signature: Uint8Array, spkiBase64: string): boolean {
  const key = parsePublicKey(spkiBase64);
  return createVerify('sha256').update(body).verify(key, derSignature(signature));
}

/** Is this the DER signature (ECDSA P-256, SHA-256) of this key over these bytes, as passkeys give it? */
export function isSignedDer(body: Uint8Array, signature: Uint8Array, spkiBase64: string): boolean {
  return createVerify('sha256').update(body).verify(parsePublicKey(spkiBase64), signature);
}
