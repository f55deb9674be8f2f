/** Token search: https://hl7.org/fhir/R4/search.html#token, escaping: https://hl7.org/fhir/R4/search.html#escaping */
import { PulseError } from '@pulseledger/domain';

const MAX_ALTERNATIVES = 50;

/** `code`, `system|code`, `|code` (a coding without system) or `system|`. */
export interface Token {
  /** Undefined: any system. Empty: only a coding without one. */
  readonly system?: string | undefined;
  /** Undefined: any code. */
  readonly code?: string | undefined;
}

export interface SearchedCoding {
  readonly system?: string | undefined;
  readonly code: string;
  /** An element of type code or boolean, whose system nobody can name: it is not looked at. */
  readonly isBare?: boolean | undefined;
}

/** @throws PulseError `invalid_input` */
export function parseTokens(value: string): Token[] {
  return splitAlternatives(value).map(parseToken);
}

/** Commas mean "or", unless escaped. @throws PulseError `invalid_input` */
export function splitAlternatives(value: string): string[] {
  const alternatives = splitUnescaped(value, ',');
  if (alternatives.length > MAX_ALTERNATIVES || alternatives.includes('')) {
    throw new PulseError(
      'invalid_input',
      `a list of values has 1 to ${MAX_ALTERNATIVES} values and none is empty`,
    );
  }
  return alternatives;
}

function parseToken(text: string): Token {
  const [first = '', second, ...rest] = splitUnescaped(text, '|').map(unescape);
  if (rest.length > 0) throw new PulseError('invalid_input', 'a token has more than one bar');
  if (second === undefined) return { code: first };
  return { system: first, code: second === '' ? undefined : second };
}

export function splitUnescaped(text: string, separator: string): string[] {
  const parts: string[] = [];
  let part = '';
  for (const [piece] of text.matchAll(/\\[\s\S]|[\s\S]/g)) {
    if (piece === separator) {
      parts.push(part);
      part = '';
    } else {
      part += piece;
    }
  }
  return [...parts, part];
}

export function unescape(text: string): string {
  return text.replace(/\\([\\,|$])/g, '$1');
}

export function matchesToken(
  tokens: readonly Token[],
  codings: readonly SearchedCoding[],
): boolean {
  return tokens.some((token) => codings.some((coding) => matchesCoding(token, coding)));
}

function matchesCoding(token: Token, coding: SearchedCoding): boolean {
  const matchesSystem =
    coding.isBare === true || token.system === undefined || token.system === (coding.system ?? '');
  return matchesSystem && (token.code === undefined || token.code === coding.code);
}
