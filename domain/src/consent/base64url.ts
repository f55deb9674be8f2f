import { z } from 'zod';

/** Most characters of one WebAuthn field: an attestation object with a long credential id is below 2 KB. */
const MAX_LENGTH = 8_192;

/** Bytes as WebAuthn's JSON forms write them: RFC 4648 §5 without padding. */
export const Base64Url: z.ZodType<string> = z
  .string()
  .min(1)
  .max(MAX_LENGTH)
  .refine(isCanonical, 'expected base64url without padding');

/** A text that does not come out of its own bytes again has unused bits set: the same bytes, written otherwise. */
function isCanonical(text: string): boolean {
  const isInAlphabet = /^[A-Za-z0-9_-]+$/.test(text);
  return isInAlphabet && text.length % 4 !== 1 && toBase64Url(fromBase64Url(text)) === text;
}

/** Bytes of a text that {@link Base64Url} took. */
export function fromBase64Url(text: string): Uint8Array {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

/** Base64url without padding. */
export function toBase64Url(bytes: Uint8Array): string {
  return toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Base64 with padding. */
export function toBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}
