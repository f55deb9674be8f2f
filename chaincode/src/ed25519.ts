import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { PulseError } from '@pulseledger/domain';

/** Parsed keys kept at once. */
const MAX_KEYS = 1_000;

/** Parsing is a pure function of the key's text, so remembering it cannot make endorsers differ. */
const parsed = new Map<string, KeyObject>();

function remembered(text: string, parse: (der: Buffer) => KeyObject): KeyObject {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  let key: KeyObject;
  try {
    key = parse(Buffer.from(text, 'base64'));
  } catch {
    throw new PulseError('invalid_input', 'The key cannot be read.');
  }
  if (key.asymmetricKeyType !== 'ed25519') {
    throw new PulseError('invalid_input', 'The key is not an Ed25519 key.');
  }
  if (parsed.size >= MAX_KEYS) parsed.clear();
  parsed.set(text, key);
  return key;
}

/**
 * An Ed25519 public key from its SubjectPublicKeyInfo, base64.
 *
 * @throws PulseError `invalid_input` for anything else.
 */
export function parseEd25519PublicKey(spkiBase64: string): KeyObject {
  return remembered(spkiBase64, (key) => createPublicKey({ key, format: 'der', type: 'spki' }));
}

/** Base64 signature; deterministic (RFC 8032), as everything a contract answers must be. */
export function signEd25519(text: string, pkcs8Base64: string): string {
  const key = remembered(pkcs8Base64, (der) =>
    createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }),
  );
  return sign(null, Buffer.from(text), key).toString('base64');
}

/** Is this the signature of this key over the text? */
export function isEd25519Signed(text: string, signature: string, spkiBase64: string): boolean {
  const key = parseEd25519PublicKey(spkiBase64);
  return verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64'));
}
