import { z } from 'zod';
import { asciiBytes } from '../bytes.ts';
import { canonicalJson } from '../canonical-json.ts';
import type { Sha256 } from '../merkle.ts';
import type { AuthenticatorData } from './authenticator-data.ts';
import { fromBase64Url, toBase64Url } from './base64url.ts';
import { refuse } from './refusal.ts';

/** For whom passkeys are made and from which pages they may be used. */
export interface RelyingParty {
  /** A registrable domain, such as `pulse.test`. */
  readonly id: string;
  /** Web origins, such as `https://app.pulse.test`. */
  readonly origins: readonly string[];
}

/** A secure origin: WebAuthn works on no other (http only on localhost). */
const Origin: z.ZodType<string> = z
  .string()
  .max(200)
  .regex(/^(https:\/\/[a-z0-9.-]+|http:\/\/localhost)(:\d{1,5})?$/);
export const RelyingParty: z.ZodType<RelyingParty> = z.strictObject({
  id: z
    .string()
    .max(200)
    .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)*$/),
  origins: z.array(Origin).min(1).max(10),
});

/** The cryptography that verifying needs, given by the caller. */
export interface CeremonyCrypto {
  readonly sha256: Sha256;
  /** Is this the DER signature (ECDSA P-256, SHA-256) of the key over the bytes? False for a malformed one. */
  readonly isSigned: (
    bytes: Uint8Array,
    derSignature: Uint8Array,
    publicKeySpkiBase64: string,
  ) => boolean;
}

/** What a passkey is used for; the name is in the challenge, so that an assertion fits one use only. */
export const CEREMONIES = ['grant', 'revoke', 'passkey-request', 'passkey'] as const;
export type Ceremony = (typeof CEREMONIES)[number];

/**
 * The challenge of a ceremony, base64url: SHA-256 over a prefix that names the use, and the canonical
 * JSON of what is agreed to. Nobody else gives out challenges: what is agreed to holds a random id
 * that can be used once, so an assertion cannot be used twice (W3C WebAuthn L3 §13.4.3 asks for that).
 */
export function ceremonyChallenge(ceremony: Ceremony, content: object, sha256: Sha256): string {
  const prefix = asciiBytes(`pulseledger/${ceremony}/1\n`);
  const text = new TextEncoder().encode(canonicalJson(content));
  const input = new Uint8Array(prefix.length + text.length);
  input.set(prefix);
  input.set(text, prefix.length);
  return toBase64Url(sha256(input));
}

/** Are these the same bytes? */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

const ClientData = z.looseObject({
  type: z.string(),
  challenge: z.string(),
  origin: z.string(),
  crossOrigin: z.boolean().optional(),
  topOrigin: z.string().optional(),
});

/** What client data must say. */
export interface ExpectedClientData {
  readonly type: 'webauthn.create' | 'webauthn.get';
  readonly challenge: string;
  readonly relyingParty: RelyingParty;
}

function parseClientData(bytes: Uint8Array): z.infer<typeof ClientData> {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return ClientData.parse(JSON.parse(text));
  } catch {
    return refuse('The browser’s data is not in the form that WebAuthn gives it.');
  }
}

/**
 * Checks the client data of a ceremony: W3C WebAuthn L3 §7.1 steps 5 to 11, §7.2 steps 9 to 14.
 * A page inside another one is refused: none of ours is.
 *
 * @throws PulseError `bad_assertion`.
 */
export function checkClientData(base64Url: string, expected: ExpectedClientData): void {
  const data = parseClientData(fromBase64Url(base64Url));
  if (data.type !== expected.type) refuse('The passkey was used for another kind of ceremony.');
  if (data.challenge !== expected.challenge) refuse('The passkey was used for something else.');
  if (!expected.relyingParty.origins.includes(data.origin)) {
    refuse('The passkey was used on a page that is not listed.');
  }
  if (data.crossOrigin === true || data.topOrigin !== undefined) {
    refuse('The passkey was used on a page inside another one.');
  }
}

/**
 * Checks what authenticator data says about the ceremony: W3C WebAuthn L3 §7.1 steps 14 to 18, §7.2
 * steps 15 to 19. The person must have been verified, by PIN or body: presence alone could be
 * anybody with the device.
 *
 * @throws PulseError `bad_assertion`.
 */
export function checkAuthenticatorData(
  data: AuthenticatorData,
  relyingParty: RelyingParty,
  sha256: Sha256,
): void {
  if (!sameBytes(data.rpIdHash, sha256(asciiBytes(relyingParty.id)))) {
    refuse('The passkey belongs to another site.');
  }
  if (!data.userPresent) refuse('Nobody was present when the passkey was used.');
  if (!data.userVerified) refuse('The passkey did not verify who used it.');
  if (data.backedUp && !data.backupEligible) refuse('The passkey contradicts itself.');
}

/** What was signed: authenticator data and the hash of the client data (W3C WebAuthn L3 §7.2 steps 20, 21). */
export function signedBytes(
  authenticatorData: Uint8Array,
  clientDataJson: string,
  sha256: Sha256,
): Uint8Array {
  const hash = sha256(fromBase64Url(clientDataJson));
  const bytes = new Uint8Array(authenticatorData.length + hash.length);
  bytes.set(authenticatorData);
  bytes.set(hash, authenticatorData.length);
  return bytes;
}
