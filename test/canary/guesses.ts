import { createHash } from 'node:crypto';
import { spellingsOf } from './forms.ts';

const DIGEST_BYTES = 32;
const HEX_LENGTH = 64;
const BASE64_LENGTH = 43;

/** Heart rates that anybody would try. */
export const HEART_RATES: readonly number[] = Array.from({ length: 301 }, (_, value) => value);

/** Unsalted SHA-256 digests (hex) of every spelling of every heart rate, by what was guessed. */
export function digestsOfGuesses(): ReadonlyMap<string, string> {
  const digests = new Map<string, string>();
  for (const rate of HEART_RATES) {
    for (const [name, bytes] of spellingsOf(rate)) {
      digests.set(createHash('sha256').update(bytes).digest('hex'), name);
    }
  }
  return digests;
}

/** Names of the guesses whose digest stands in `content`: as bytes, hex, or base64 at any place. */
export function guessesIn(
  content: Buffer,
  digests: ReadonlyMap<string, string>,
): readonly string[] {
  const found = new Set<string>();
  const look = (hex: string): void => {
    const name = digests.get(hex);
    if (name !== undefined) found.add(name);
  };
  const beginnings = new Set(
    [...digests.keys()].map((hex) => Number.parseInt(hex.slice(0, 8), 16)),
  );
  for (let at = 0; at + DIGEST_BYTES <= content.length; at += 1) {
    if (beginnings.has(content.readUInt32BE(at))) {
      look(content.toString('hex', at, at + DIGEST_BYTES));
    }
  }
  const text = content.toString('latin1');
  for (const [run] of text.matchAll(/[0-9a-fA-F]{64,}/g)) {
    for (let at = 0; at + HEX_LENGTH <= run.length; at += 1) {
      look(run.slice(at, at + HEX_LENGTH).toLowerCase());
    }
  }
  for (const [run] of text.matchAll(/[A-Za-z0-9+/_-]{43,}/g)) {
    for (let at = 0; at + BASE64_LENGTH <= run.length; at += 1) {
      look(Buffer.from(run.slice(at, at + BASE64_LENGTH), 'base64').toString('hex'));
    }
  }
  return [...found];
}
