import { createPrivateKey } from 'node:crypto';
import { type EcdsaKey, ecdsaKey, signLowS } from './ecdsa.ts';
import { serializeIdentity } from './msp-manager.ts';

/** The private half of a node's identity: its serialized form and its signatures. */
export class Signer {
  readonly mspId: string;
  /** Bytes of msp.SerializedIdentity: what goes into messages beside a signature. */
  readonly serialized: Uint8Array;
  readonly #key: EcdsaKey;

  /** @throws Error when the key cannot be read. */
  constructor(mspId: string, certificatePem: string, privateKeyPem: string) {
    this.mspId = mspId;
    this.serialized = serializeIdentity(mspId, certificatePem);
    this.#key = ecdsaKey(createPrivateKey(privateKeyPem));
  }

  sign(message: Uint8Array): Uint8Array {
    return signLowS(this.#key, message);
  }
}
