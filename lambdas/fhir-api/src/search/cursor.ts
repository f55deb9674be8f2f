/**
 * The `_cursor` of next links: a JWE that only this API can read or make. It holds the whole query and the place
 * reached in it, so that a link carries no patient id, and it opens for the user it was made for alone. It gives no
 * right: every page is authorized again.
 */
import { hkdfSync } from 'node:crypto';
import { PulseError } from '@pulseledger/domain';
import { CompactEncrypt, compactDecrypt } from 'jose';
import { z } from 'zod';
import type { Caller } from '../smart/token.ts';

const MAX_CURSOR_CHARACTERS = 8_192;
const KEY_BYTES = 32;

/** A place in an ordered list of results: the values it is ordered by, of the last one shown. */
export type Place = readonly (string | number | null)[];
const Place = z.array(z.union([z.string(), z.number(), z.null()])).max(8);

const Content = z.object({
  user: z.string(),
  /** Path below the base that the cursor is for. */
  path: z.string(),
  query: z.array(z.tuple([z.string(), z.string()])),
  after: Place,
});

export interface CursorContent {
  readonly path: string;
  readonly query: readonly (readonly [string, string])[];
  /** The last place the user has seen. */
  readonly after: Place;
}

/** @param secret any secret text of at least 256 bits; the key is derived for this use only (HKDF, RFC 5869). */
export function cursorKey(secret: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, '', 'pulseledger/fhir-cursor/1', KEY_BYTES));
}

export async function sealCursor(
  key: Uint8Array,
  caller: Caller | undefined,
  content: CursorContent,
): Promise<string> {
  const text = JSON.stringify({ user: userOf(caller), ...content });
  return new CompactEncrypt(new TextEncoder().encode(text))
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
    .encrypt(key);
}

/** @throws PulseError `invalid_input`, the same for a forged, a foreign and a damaged cursor. */
export async function openCursor(
  key: Uint8Array,
  caller: Caller | undefined,
  cursor: string,
  path: string,
): Promise<CursorContent> {
  const content = await decrypt(key, cursor);
  if (content?.user !== userOf(caller) || content.path !== path) {
    throw new PulseError(
      'invalid_input',
      '_cursor is not one that was given to this login; start the search anew',
    );
  }
  return content;
}

async function decrypt(
  key: Uint8Array,
  cursor: string,
): Promise<z.infer<typeof Content> | undefined> {
  if (cursor.length > MAX_CURSOR_CHARACTERS) return undefined;
  try {
    const { plaintext } = await compactDecrypt(cursor, key, {
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A256GCM'],
    });
    return Content.parse(JSON.parse(new TextDecoder().decode(plaintext)));
  } catch {
    return undefined;
  }
}

/** Names a login: who, at which issuer, in which role. */
export function userOf(caller: Caller | undefined): string {
  if (caller === undefined) return 'nobody';
  const { issuer, subject, organization, role, subjectId } = caller;
  return JSON.stringify([issuer, subject, organization, role, subjectId]);
}
