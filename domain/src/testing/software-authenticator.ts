import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import { encode } from 'cborg';
import type { PasskeyAssertion } from '../consent/assertion.ts';
import type { PasskeyRegistration } from '../consent/registration.ts';

const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;
const HAS_CREDENTIAL = 0x40;
const CREDENTIAL_ID_BYTES = 16;
const ES256 = -7;

/** Where a software authenticator seems to be used, and how it is made. */
export interface SoftwareAuthenticatorOptions {
  readonly relyingPartyId: string;
  readonly origin: string;
  /** Attestation it gives; `none` when left out, as browsers do unless asked. */
  readonly attestation?: 'none' | 'self';
  /** Whether it keeps a signature counter; synchronized passkeys do not. */
  readonly keepsCounter?: boolean;
  /** A key that was kept, PKCS#8 PEM; a new one when left out. */
  readonly kept?: { readonly credentialId: string; readonly privateKeyPem: string };
}

function sha256(bytes: Uint8Array | string): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function newKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

/**
 * An authenticator in software, for tests and for the made-up people of the local system, who have
 * no phone. It answers as browsers do: DER signatures, base64url, client data with Chromium's members
 * in Chromium's order.
 */
export class SoftwareAuthenticator {
  /** Base64url. */
  readonly credentialId: string;
  /** What a known passkey has to vouch for when this one is added. */
  readonly publicKeySpkiBase64: string;
  readonly #options: SoftwareAuthenticatorOptions;
  readonly #privateKey: KeyObject;
  #counter = 0;

  constructor(options: SoftwareAuthenticatorOptions) {
    this.#options = options;
    const { kept } = options;
    this.credentialId =
      kept?.credentialId ?? randomBytes(CREDENTIAL_ID_BYTES).toString('base64url');
    this.#privateKey = kept === undefined ? newKey() : createPrivateKey(kept.privateKeyPem);
    const spki = createPublicKey(this.#privateKey).export({ type: 'spki', format: 'der' });
    this.publicKeySpkiBase64 = spki.toString('base64');
  }

  /** What `kept` takes, to go on with the same passkey in another process. */
  keep(): { readonly credentialId: string; readonly privateKeyPem: string } {
    const privateKeyPem = this.#privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    return { credentialId: this.credentialId, privateKeyPem };
  }

  /** Sets the counter that the next ceremony goes on from. */
  setCounter(counter: number): void {
    this.#counter = counter;
  }

  /** Answers `navigator.credentials.create`. @param challenge - base64url. */
  register(challenge: string): PasskeyRegistration {
    const clientData = this.#clientData('webauthn.create', challenge);
    const authData = this.#authenticatorData(this.#attestedCredential());
    const isSelf = this.#options.attestation === 'self';
    const sig = isSelf ? this.#sign(authData, clientData) : undefined;
    const attStmt = sig === undefined ? {} : { alg: ES256, sig };
    const fmt = isSelf ? 'packed' : 'none';
    return {
      clientDataJson: clientData.toString('base64url'),
      attestationObject: Buffer.from(encode({ fmt, attStmt, authData })).toString('base64url'),
    };
  }

  /** Answers `navigator.credentials.get`. @param challenge - base64url. */
  assert(challenge: string): PasskeyAssertion {
    const clientData = this.#clientData('webauthn.get', challenge);
    const authenticatorData = this.#authenticatorData();
    return {
      credentialId: this.credentialId,
      clientDataJson: clientData.toString('base64url'),
      authenticatorData: authenticatorData.toString('base64url'),
      signature: this.#sign(authenticatorData, clientData).toString('base64url'),
    };
  }

  #clientData(type: string, challenge: string): Buffer {
    const { origin } = this.#options;
    return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }));
  }

  #authenticatorData(credential: Buffer = Buffer.alloc(0)): Buffer {
    const hasCredential = credential.length > 0;
    if (this.#options.keepsCounter !== false) this.#counter += 1;
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(this.#counter);
    const flags = USER_PRESENT | USER_VERIFIED | (hasCredential ? HAS_CREDENTIAL : 0);
    const rpIdHash = sha256(this.#options.relyingPartyId);
    return Buffer.concat([rpIdHash, Buffer.of(flags), counter, credential]);
  }

  /** W3C WebAuthn L3 §6.5.1: no model (AAGUID of zeros), credential id, COSE key. */
  #attestedCredential(): Buffer {
    const { x = '', y = '' } = this.#privateKey.export({ format: 'jwk' });
    const id = Buffer.from(this.credentialId, 'base64url');
    const length = Buffer.alloc(2);
    length.writeUInt16BE(id.length);
    const key = new Map<number, number | Uint8Array>([
      [1, 2],
      [3, ES256],
      [-1, 1],
      [-2, Buffer.from(x, 'base64url')],
      [-3, Buffer.from(y, 'base64url')],
    ]);
    return Buffer.concat([Buffer.alloc(16), length, id, encode(key)]);
  }

  #sign(authenticatorData: Buffer, clientData: Buffer): Buffer {
    return sign('sha256', Buffer.concat([authenticatorData, sha256(clientData)]), this.#privateKey);
  }
}
