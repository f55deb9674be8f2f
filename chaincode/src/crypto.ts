import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
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

/** Is this the ES256 signature, raw r‖s, of this key over these bytes? */
export function isSigned(body: Uint8Array, signature: Uint8Array, spkiBase64: string): boolean {
  const key = parsePublicKey(spkiBase64);
  return verify('sha256', body, { key, dsaEncoding: 'ieee-p1363' }, signature);
}
