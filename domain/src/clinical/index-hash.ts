import { hexFromBytes } from '../bytes.ts';
import { canonicalJson } from '../canonical-json.ts';
import type { Sha256 } from '../merkle.ts';
import type { IndexName } from './documents.ts';

function digestOf(purpose: string, parts: readonly string[], sha256: Sha256): string {
  const text = canonicalJson([purpose, ...parts]);
  return hexFromBytes(sha256(new TextEncoder().encode(text)));
}

/** Without case, accents and surrounding or repeated white space, as people type names. */
export function foldText(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{Mark}/gu, '')
    .toLowerCase()
    .trim()
    .replace(/\s+/gu, ' ');
}

/**
 * Hash of a value as it stands in an index key. Values are folded; the parts of
 * `patient-identifier` and `record-identifier` are system and value, those of
 * `patient-name-birthdate` are family name and birth date.
 */
export function indexValueHash(name: IndexName, parts: readonly string[], sha256: Sha256): string {
  return digestOf(`pulseledger/index/1/${name}`, parts.map(foldText), sha256);
}

/**
 * Key of a conditional create: two creates with the same type and criteria have the same one.
 *
 * @param criteria The search that must find nothing, in a form in which equal searches are equal.
 */
export function uniqueKeyOf(resourceType: string, criteria: string, sha256: Sha256): string {
  return digestOf('pulseledger/unique/1', [resourceType, criteria], sha256);
}
