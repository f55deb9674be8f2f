/** Letters that Unicode does not take apart into a plain one and its mark. */
const PLAIN: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  ł: 'l',
  ı: 'i',
  þ: 'th',
};
const MAX_TOKENS = 20;
const MAX_TOKEN_LENGTH = 40;

/**
 * The words of a text as they are searched: lower case, without accents and apostrophes. `Núñez-O’Brien` has the words
 * `nunez` and `obrien`.
 */
export function searchTokens(text: string): string[] {
  const plain = text
    .normalize('NFD')
    .replace(/[\p{Mark}'’`´]/gu, '')
    .toLowerCase()
    .replace(/[ßæœøđðłıþ]/g, (letter) => PLAIN[letter] ?? letter);
  const words = plain.split(/[^\p{Letter}\p{Number}]+/u).filter((word) => word !== '');
  return [...new Set(words.map((word) => word.slice(0, MAX_TOKEN_LENGTH)))].slice(0, MAX_TOKENS);
}

/** Does every word that is asked for begin one of these words? */
export function matchesAll(words: readonly string[], asked: readonly string[]): boolean {
  return asked.every((prefix) => words.some((word) => word.startsWith(prefix)));
}
