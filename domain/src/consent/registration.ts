import { z } from 'zod';
import { parseAuthenticatorData } from './authenticator-data.ts';
import { Base64Url, fromBase64Url, toBase64Url } from './base64url.ts';
import {
  type CeremonyCrypto,
  checkAuthenticatorData,
  checkClientData,
  type RelyingParty,
  signedBytes,
} from './ceremony.ts';
import { readCbor } from './cose-key.ts';
import { refuse } from './refusal.ts';

/** What a browser answers to `navigator.credentials.create`; both base64url, as its `toJSON()` writes them. */
export interface PasskeyRegistration {
  readonly clientDataJson: string;
  readonly attestationObject: string;
}
export const PasskeyRegistration: z.ZodType<PasskeyRegistration> = z.strictObject({
  clientDataJson: Base64Url,
  attestationObject: Base64Url,
});

/** A verified new passkey. */
export interface NewPasskey {
  /** Base64url. */
  readonly credentialId: string;
  readonly publicKeySpkiBase64: string;
  readonly counter: number;
}

/** What a registration is judged by. */
export interface RegistrationContext {
  readonly challenge: string;
  readonly relyingParty: RelyingParty;
  readonly crypto: CeremonyCrypto;
}

interface AttestationObject {
  readonly format: unknown;
  readonly statement: ReadonlyMap<unknown, unknown>;
  readonly authenticatorData: Uint8Array;
}

function parseAttestationObject(base64Url: string): AttestationObject {
  const { item, rest } = readCbor(fromBase64Url(base64Url));
  if (!(item instanceof Map) || rest.length > 0) {
    return refuse('The attestation object is not in the form that WebAuthn gives it.');
  }
  const authenticatorData: unknown = item.get('authData');
  const statement: unknown = item.get('attStmt');
  if (!(authenticatorData instanceof Uint8Array) || !(statement instanceof Map)) {
    return refuse('The attestation object is not in the form that WebAuthn gives it.');
  }
  return { format: item.get('fmt'), statement, authenticatorData };
}

/** ES256 in COSE. */
const ES256 = -7;

/**
 * W3C WebAuthn L3 §8.7 (none) and §8.2 (packed), the latter without certificate only. A certificate
 * would say who made the authenticator; that is not asked for, because who vouches for a passkey here
 * is an administrator who sees the person, and a model's certificate would tell devices apart.
 */
function checkStatement(
  { format, statement, authenticatorData }: AttestationObject,
  registration: PasskeyRegistration,
  publicKeySpkiBase64: string,
  crypto: CeremonyCrypto,
): void {
  if (format === 'none' && statement.size === 0) return;
  const signature: unknown = statement.get('sig');
  const isSelf =
    format === 'packed' &&
    statement.size === 2 &&
    statement.get('alg') === ES256 &&
    signature instanceof Uint8Array;
  if (!isSelf) refuse('The kind of attestation is neither none nor self.');
  const signed = signedBytes(authenticatorData, registration.clientDataJson, crypto.sha256);
  if (!crypto.isSigned(signed, signature, publicKeySpkiBase64)) {
    refuse('The attestation is not signed by the passkey.');
  }
}

/**
 * Verifies the registration of a passkey: W3C WebAuthn L3 §7.1. Whether the credential id is new
 * (step 26) is the caller's to see.
 *
 * @throws PulseError `bad_assertion`, naming the check that failed.
 */
export function verifyRegistration(
  registration: PasskeyRegistration,
  { challenge, relyingParty, crypto }: RegistrationContext,
): NewPasskey {
  const { clientDataJson } = registration;
  checkClientData(clientDataJson, { type: 'webauthn.create', challenge, relyingParty });
  const attestation = parseAttestationObject(registration.attestationObject);
  const data = parseAuthenticatorData(attestation.authenticatorData);
  checkAuthenticatorData(data, relyingParty, crypto.sha256);
  if (data.credential === undefined) return refuse('There is no new passkey.');
  const { credentialId, publicKeySpkiBase64 } = data.credential;
  checkStatement(attestation, registration, publicKeySpkiBase64, crypto);
  return { credentialId: toBase64Url(credentialId), publicKeySpkiBase64, counter: data.counter };
}
