import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { type Attachment, MAX_ATTACHMENT_BYTES, PulseError } from '@pulseledger/domain';

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const ID_BYTES = 16;

/** Where encrypted bytes are kept: S3, or a folder that speaks its language. It never learns a key or a patient. */
export interface ObjectStore {
  put(objectId: string, bytes: Uint8Array): Promise<void>;
  /** Undefined when there is none. */
  get(objectId: string): Promise<Uint8Array | undefined>;
  /** Deleting what is not there is no error. */
  delete(objectId: string): Promise<void>;
}

/** Encrypted bytes, and what the ledger keeps of them. */
export interface EncryptedDocument {
  readonly attachment: Attachment;
  readonly encrypted: Uint8Array;
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * Encrypt a document with a key of its own (AES-256-GCM; nonce, ciphertext and tag, one after the other). The object's
 * name is authenticated, so that one object cannot stand in another's place.
 *
 * @throws PulseError `oversize`.
 */
export function encryptDocument(bytes: Uint8Array, contentType: string): EncryptedDocument {
  if (bytes.length > MAX_ATTACHMENT_BYTES) {
    const limit = MAX_ATTACHMENT_BYTES / 1024 / 1024;
    throw new PulseError('oversize', `A document is larger than ${limit} MB.`);
  }
  const [key, nonce] = [randomBytes(KEY_BYTES), randomBytes(NONCE_BYTES)];
  const objectId = randomBytes(ID_BYTES).toString('hex');
  const cipher = createCipheriv(CIPHER, key, nonce);
  cipher.setAAD(Buffer.from(objectId));
  const body = Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
  const encrypted = Buffer.concat([nonce, body]);
  return {
    attachment: {
      ...{ objectId, contentType, sizeBytes: bytes.length },
      ...{ digestHex: digestOf(encrypted), keyHex: key.toString('hex') },
    },
    encrypted,
  };
}

/**
 * The document behind an attachment.
 *
 * @throws PulseError `conflict` when the bytes are not those whose digest is on the ledger.
 */
export function decryptDocument(encrypted: Uint8Array, attachment: Attachment): Uint8Array {
  if (digestOf(encrypted) !== attachment.digestHex) {
    throw new PulseError('conflict', 'The stored document is not the one on the ledger.');
  }
  const bytes = Buffer.from(encrypted);
  const key = Buffer.from(attachment.keyHex, 'hex');
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES));
  decipher.setAAD(Buffer.from(attachment.objectId));
  decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
  const body = bytes.subarray(NONCE_BYTES, bytes.length - TAG_BYTES);
  return Buffer.concat([decipher.update(body), decipher.final()]);
}

/** Documents whose bytes are encrypted off the ledger. */
export class DocumentStore {
  readonly #objects: ObjectStore;

  constructor(objects: ObjectStore) {
    this.#objects = objects;
  }

  /** Stores a document before its record is written; a record that is never written leaves bytes that nobody can open. */
  async store(bytes: Uint8Array, contentType: string): Promise<Attachment> {
    const { attachment, encrypted } = encryptDocument(bytes, contentType);
    await this.#objects.put(attachment.objectId, encrypted);
    return attachment;
  }

  /** @throws PulseError `gone` when the bytes were deleted, `conflict` when they are others. */
  async open(attachment: Attachment): Promise<Uint8Array> {
    const encrypted = await this.#objects.get(attachment.objectId);
    if (encrypted === undefined) throw new PulseError('gone');
    return decryptDocument(encrypted, attachment);
  }

  /** Deletes documents whose record is erased. */
  async deleteAll(objectIds: readonly string[]): Promise<void> {
    for (const objectId of objectIds) await this.#objects.delete(objectId);
  }
}
