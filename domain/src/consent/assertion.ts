import { z } from 'zod';
import { parseAuthenticatorData } from './authenticator-data.ts';
import { Base64Url, fromBase64Url } from './base64url.ts';
import {
  type CeremonyCrypto,
  checkAuthenticatorData,
  checkClientData,
  type RelyingParty,
  signedBytes,
} from './ceremony.ts';
import { refuse } from './refusal.ts';

/** What a browser answers to `navigator.credentials.get`; base64url, as its `toJSON()` writes them. */
export interface PasskeyAssertion {
  readonly credentialId: string;
  readonly clientDataJson: string;
  readonly authenticatorData: string;
  /** DER, as authenticators give it. */
  readonly signature: string;
}
export const PasskeyAssertion: z.ZodType<PasskeyAssertion> = z.strictObject({
  credentialId: Base64Url,
  clientDataJson: Base64Url,
  authenticatorData: Base64Url,
  signature: Base64Url,
});

/** A passkey as it is known when an assertion comes. */
export interface KnownPasskey {
  /** Base64url. */
  readonly credentialId: string;
  readonly publicKeySpkiBase64: string;
  /** Highest signature counter seen. */
  readonly counter: number;
}

/** What an assertion is judged by. */
export interface AssertionContext {
  readonly challenge: string;
  readonly relyingParty: RelyingParty;
  /** The passkeys of the person who has to agree. */
  readonly passkeys: readonly KnownPasskey[];
  readonly crypto: CeremonyCrypto;
}

/**
 * Verifies that the person agreed: W3C WebAuthn L3 §7.2. The signature counter must rise, unless the
 * authenticator keeps none (§6.1.1): one that stands still or goes back is a copied passkey.
 *
 * @returns the passkey, with its new counter.
 * @throws PulseError `bad_assertion`, naming the check that failed.
 */
export function verifyAssertion(
  assertion: PasskeyAssertion,
  { challenge, relyingParty, passkeys, crypto }: AssertionContext,
): KnownPasskey {
  const passkey = passkeys.find(({ credentialId }) => credentialId === assertion.credentialId);
  if (passkey === undefined) return refuse('The passkey is not one of this person’s.');
  const { clientDataJson } = assertion;
  checkClientData(clientDataJson, { type: 'webauthn.get', challenge, relyingParty });
  const authenticatorData = fromBase64Url(assertion.authenticatorData);
  const data = parseAuthenticatorData(authenticatorData);
  checkAuthenticatorData(data, relyingParty, crypto.sha256);
  if (data.credential !== undefined) return refuse('The assertion carries a new passkey.');
  const signed = signedBytes(authenticatorData, clientDataJson, crypto.sha256);
  const signature = fromBase64Url(assertion.signature);
  if (!crypto.isSigned(signed, signature, passkey.publicKeySpkiBase64)) {
    return refuse('The assertion is not signed by this passkey.');
  }
  const { counter } = data;
  const keepsNone = counter === 0 && passkey.counter === 0;
  if (!keepsNone && counter <= passkey.counter) {
    return refuse('The passkey’s counter went back: it may have been copied.');
  }
  return { ...passkey, counter };
}
