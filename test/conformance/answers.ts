/** Anything that JSON can hold: what a row answers is compared as such. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [name: string]: Json };

/** What is different in every run, and what it is called in an answer. */
export interface Names {
  /** `host:port` to what listens there, and other texts that are different in every run. */
  readonly addresses: ReadonlyMap<string, string>;
  /** Transaction ids in the order in which the row made them. */
  readonly transactions: readonly string[];
  /** Put in front of a row's keys, so that rows do not meet. */
  readonly prefix: string;
}

/** Go varies the blank after "proto:" from build to build, so that nobody compares it. */
const PROTO_BLANK = /proto:[\s\u00a0]+/g;

const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [PROTO_BLANK, 'proto: '],
  [/Creator \[[0-9a-f]+\]/g, 'Creator [<creator>]'],
  [/\{BlockNum: \d+, TxNum: \d+\}/g, '{BlockNum: <n>, TxNum: <n>}'],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, '<time>'],
  [/\b\d+\.\d{3}s\b/g, '<seconds>'],
  [/\b(?:probe|other)_[\d.]+:[0-9a-z]+/g, '<package>'],
  [/expected '[0-9a-f]{64}'/g, "expected '<id>'"],
  [/\[records-[0-9a-f]{8}\]/g, '[records-<id>]'],
  [/127\.0\.0\.1:\d+/g, '<address>'],
];

function normaliseText(text: string, names: Names): string {
  let result = text;
  for (const [address, name] of names.addresses) result = result.replaceAll(address, name);
  for (const [index, id] of names.transactions.entries()) {
    result = result.replaceAll(id, `<transaction ${index + 1}>`);
  }
  for (const [pattern, name] of PATTERNS) result = result.replace(pattern, name);
  // A name that takes no colon has the prefix without it.
  return result.replaceAll(names.prefix, '@').replaceAll(names.prefix.slice(0, -1), '@');
}

/** An answer with everything that differs from run to run by its name instead; object keys sorted. */
export function normalise(answer: unknown, names: Names): Json {
  if (typeof answer === 'string') return normaliseText(answer, names);
  if (typeof answer === 'bigint') return Number(answer);
  if (answer === null || answer === undefined) return null;
  if (typeof answer === 'number' || typeof answer === 'boolean') return answer;
  if (Array.isArray(answer)) return answer.map((one: unknown) => normalise(one, names));
  const entries = Object.entries(answer)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(
    entries.map(([name, value]) => [normaliseText(name, names), normalise(value, names)]),
  );
}

/** Whether two answers are the same. */
export function isSame(a: Json | undefined, b: Json | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
