import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { canonicalJson, NoteText, PulseError, SealedNote } from '@pulseledger/domain';

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** The wrapping key is used once, since it comes from an ephemeral key: so its nonce may be fixed. */
const WRAPPING_NONCE: Buffer = Buffer.alloc(NONCE_BYTES);
const INFO = 'pulseledger/note/1';
/** What stands before a raw X25519 public key in its SubjectPublicKeyInfo (RFC 8410). */
const X25519_SPKI_PREFIX: Buffer = Buffer.from('302a300506032b656e032100', 'hex');

/** Public half of an authors' group's key, as the contract gives it to a member. */
export interface NoteRecipient {
  readonly groupId: string;
  readonly keyId: string;
  /** X25519, base64 of 32 bytes. */
  readonly publicKey: string;
}

/** The record that a note belongs to: it cannot be opened as another one. */
export interface NotePlace {
  readonly patientId: string;
  readonly recordId: string;
}

function publicKeyOf(base64: string): KeyObject {
  const der = Buffer.concat([X25519_SPKI_PREFIX, Buffer.from(base64, 'base64')]);
  return createPublicKey({ key: der, format: 'der', type: 'spki' });
}

function rawPublicKey(key: KeyObject): Buffer {
  const spki = key.export({ type: 'spki', format: 'der' });
  return spki.subarray(X25519_SPKI_PREFIX.length);
}

function seal(key: Uint8Array, nonce: Uint8Array, plain: Uint8Array, bound: string): Buffer {
  const cipher = createCipheriv(CIPHER, key, nonce);
  cipher.setAAD(Buffer.from(bound));
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function open(key: Uint8Array, nonce: Uint8Array, sealed: Buffer, bound: string): Buffer {
  const decipher = createDecipheriv(CIPHER, key, nonce);
  decipher.setAAD(Buffer.from(bound));
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  return Buffer.concat([
    decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES)),
    decipher.final(),
  ]);
}

/** HKDF-SHA-256 over the agreed secret, bound to both public keys (RFC 9180 §4.1 in spirit, one suite). */
function wrappingKey(shared: Buffer, ephemeral: Buffer, recipient: Buffer): Uint8Array {
  const salt = Buffer.concat([ephemeral, recipient]);
  return new Uint8Array(hkdfSync('sha256', shared, salt, INFO, KEY_BYTES));
}

function boundTo({ patientId, recordId }: NotePlace, groupId: string, keyId: string): string {
  return canonicalJson([INFO, patientId, recordId, groupId, keyId]);
}

/**
 * Seal a psychotherapy note for its authors' group, before it leaves the function that the author
 * called. The ledger never sees the text.
 *
 * @throws PulseError `invalid_input` for anything but a text of bounded length.
 */
export function sealNote(note: NoteText, recipient: NoteRecipient, place: NotePlace): SealedNote {
  const parsed = NoteText.safeParse(note);
  if (!parsed.success)
    throw new PulseError('invalid_input', 'A psychotherapy note is a text alone.');
  const { groupId, keyId, publicKey } = recipient;
  const ephemeral = generateKeyPairSync('x25519');
  const ephemeralRaw = rawPublicKey(ephemeral.publicKey);
  const recipientKey = publicKeyOf(publicKey);
  const shared = diffieHellman({ privateKey: ephemeral.privateKey, publicKey: recipientKey });
  const wrapping = wrappingKey(shared, ephemeralRaw, Buffer.from(publicKey, 'base64'));
  const bound = boundTo(place, groupId, keyId);
  const dataKey = randomBytes(KEY_BYTES);
  const nonce = randomBytes(NONCE_BYTES);
  const text = Buffer.from(canonicalJson(parsed.data));
  return {
    resourceType: 'PsychotherapyNote',
    v: 1,
    ...{ groupId, keyId, ephemeralKey: ephemeralRaw.toString('base64') },
    wrappedKey: seal(wrapping, WRAPPING_NONCE, dataKey, bound).toString('base64'),
    nonce: nonce.toString('base64'),
    data: seal(dataKey, nonce, text, bound).toString('base64'),
  };
}

/**
 * Open a note with the group's private key.
 *
 * @throws PulseError `not_found` when it was sealed for another key or place, or was changed.
 */
export function openNote(sealed: SealedNote, privateKey: KeyObject, place: NotePlace): NoteText {
  const ephemeral = Buffer.from(sealed.ephemeralKey, 'base64');
  const recipient = rawPublicKey(createPublicKey(privateKey));
  const bound = boundTo(place, sealed.groupId, sealed.keyId);
  try {
    const publicKey = publicKeyOf(sealed.ephemeralKey);
    const shared = diffieHellman({ privateKey, publicKey });
    const wrapping = wrappingKey(shared, ephemeral, recipient);
    const wrapped = Buffer.from(sealed.wrappedKey, 'base64');
    const dataKey = open(wrapping, WRAPPING_NONCE, wrapped, bound);
    const data = Buffer.from(sealed.data, 'base64');
    const text = open(dataKey, Buffer.from(sealed.nonce, 'base64'), data, bound);
    return NoteText.parse(JSON.parse(text.toString('utf8')));
  } catch (cause) {
    throw new PulseError('not_found', 'The note cannot be opened with this key.', { cause });
  }
}

/** A new key pair for an authors' group: the public half goes to the ledger, the other to the secret store. */
export function newNoteKey(): { readonly publicKey: string; readonly privateKeyPem: string } {
  const pair = generateKeyPairSync('x25519');
  return {
    publicKey: rawPublicKey(pair.publicKey).toString('base64'),
    privateKeyPem: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** The private half, as the secret store keeps it. */
export function noteKeyFromPem(privateKeyPem: string): KeyObject {
  return createPrivateKey(privateKeyPem);
}
