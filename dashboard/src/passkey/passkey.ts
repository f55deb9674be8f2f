import { sha256 } from '@noble/hashes/sha2.js';
import {
  type ConsentTerms,
  ceremonyChallenge,
  fromBase64Url,
  type PasskeyAssertion,
  type PasskeyRegistration,
  type RevokeTerms,
  toBase64Url,
} from '@pulseledger/domain';

const ES256 = -7;
const TIMEOUT_MS = 120_000;

/** 16 random bytes as hex. */
export function randomHex(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** A new passkey of this person on this device. @throws DOMException when the person does not want to */
export async function createPasskey(of: {
  readonly subjectId: string;
  readonly name: string;
  readonly relyingPartyId: string;
  readonly nonceHex: string;
}): Promise<PasskeyRegistration> {
  const { subjectId, nonceHex, name, relyingPartyId } = of;
  const challenge = ceremonyChallenge('passkey', { subjectId, nonceHex }, sha256);
  const credential = await navigator.credentials.create({
    publicKey: {
      challenge: decoded(challenge),
      rp: { id: relyingPartyId, name: 'Pulseledger' },
      user: { id: new TextEncoder().encode(subjectId), name, displayName: name },
      pubKeyCredParams: [{ type: 'public-key', alg: ES256 }],
      authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
      attestation: 'none',
      timeout: TIMEOUT_MS,
    },
  });
  const response = responseOf(credential);
  if (!(response instanceof AuthenticatorAttestationResponse))
    throw new TypeError('no attestation');
  return {
    clientDataJson: encoded(response.clientDataJSON),
    attestationObject: encoded(response.attestationObject),
  };
}

/** The person agrees to exactly these terms. @throws DOMException when the person does not want to */
export function agreeToGrant(
  terms: ConsentTerms,
  passkeys: readonly string[],
): Promise<PasskeyAssertion> {
  return assertOver(ceremonyChallenge('grant', terms, sha256), passkeys);
}

/** The person takes exactly this consent back. @throws DOMException when the person does not want to */
export function agreeToRevoke(
  terms: RevokeTerms,
  passkeys: readonly string[],
): Promise<PasskeyAssertion> {
  return assertOver(ceremonyChallenge('revoke', terms, sha256), passkeys);
}

async function assertOver(
  challenge: string,
  passkeys: readonly string[],
): Promise<PasskeyAssertion> {
  const credential = await navigator.credentials.get({
    publicKey: {
      challenge: decoded(challenge),
      allowCredentials: passkeys.map((id) => ({ type: 'public-key', id: decoded(id) })),
      userVerification: 'required',
      timeout: TIMEOUT_MS,
    },
  });
  const response = responseOf(credential);
  if (!(response instanceof AuthenticatorAssertionResponse)) throw new TypeError('no assertion');
  return {
    credentialId: credential?.id ?? '',
    clientDataJson: encoded(response.clientDataJSON),
    authenticatorData: encoded(response.authenticatorData),
    signature: encoded(response.signature),
  };
}

function responseOf(credential: Credential | null): AuthenticatorResponse {
  if (credential instanceof PublicKeyCredential) return credential.response;
  throw new TypeError('no passkey');
}

function encoded(buffer: ArrayBuffer): string {
  return toBase64Url(new Uint8Array(buffer));
}

/** A copy with a buffer of its own, as the browser wants it. */
function decoded(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(fromBase64Url(text));
}
