import type { Role } from '../msp/identity.ts';
import { MAX_POLICY_DEPTH, type Rule } from './signature-policy.ts';

/** A policy text that Fabric would not take either. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
}

const TOKEN = /\s*(?:([A-Za-z]+|\d+|[(),])|'([^']*)'|"([^"]*)")/y;
/** As common/policydsl/policyparser.go. */
const PRINCIPAL = /^([A-Za-z0-9.-]+)\.(admin|member|client|peer|orderer)$/;
/** Each gate in the three spellings that Fabric takes. */
const GATES: ReadonlyMap<string, 'and' | 'or' | 'outof'> = new Map([
  ...['And', 'and', 'AND'].map((name) => [name, 'and'] as const),
  ...['Or', 'or', 'OR'].map((name) => [name, 'or'] as const),
  ...['OutOf', 'outof', 'OUTOF'].map((name) => [name, 'outof'] as const),
]);

type Token = { readonly word: string } | { readonly quoted: string };

function tokens(text: string): Token[] {
  const found: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (match === null)
      throw new PolicyError(`unrecognized token at position ${at} in policy string`);
    const quoted = match[2] ?? match[3];
    found.push(quoted === undefined ? { word: match[1] ?? '' } : { quoted });
  }
  return found;
}

function isRole(text: string | undefined): text is Role {
  return ['admin', 'member', 'client', 'peer', 'orderer'].includes(text ?? '');
}

/** Reads tokens one after the other: a recursive descent over `GATE(P[, P])`. */
class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(text: string) {
    this.#tokens = tokens(text);
  }

  parse(): Rule {
    const rule = this.#gate(0);
    if (this.#at !== this.#tokens.length) throw new PolicyError('text after the end of the policy');
    return rule;
  }

  #next(): Token {
    const token = this.#tokens[this.#at++];
    if (token === undefined) throw new PolicyError('the policy string ends too early');
    return token;
  }

  #expect(word: string): void {
    const token = this.#next();
    if (!('word' in token) || token.word !== word) throw new PolicyError(`expected '${word}'`);
  }

  #peekIs(word: string): boolean {
    const token = this.#tokens[this.#at];
    return token !== undefined && 'word' in token && token.word === word;
  }

  #gate(depth: number): Rule {
    if (depth > MAX_POLICY_DEPTH) throw new PolicyError('the policy is nested too deeply');
    const token = this.#next();
    const gate = 'word' in token ? GATES.get(token.word) : undefined;
    if (gate === undefined) {
      const text = 'word' in token ? token.word : token.quoted;
      throw new PolicyError(`unrecognized token '${text}' in policy string`);
    }
    this.#expect('(');
    const count = gate === 'outof' ? this.#count() : undefined;
    const rules = this.#rules(depth);
    const n = count ?? (gate === 'and' ? rules.length : 1);
    // One more than there are rules is allowed in Fabric: a policy that nobody can satisfy.
    if (n > rules.length + 1) {
      throw new PolicyError(`invalid t-out-of-n predicate, t ${n}, n ${rules.length}`);
    }
    return { n, rules };
  }

  #count(): number {
    const token = this.#next();
    const text = 'word' in token ? token.word : token.quoted;
    if (!/^\d{1,4}$/.test(text)) throw new PolicyError('unrecognized type, expected a number');
    this.#expect(',');
    return Number(text);
  }

  #rules(depth: number): Rule[] {
    const rules = [this.#rule(depth)];
    while (this.#peekIs(',')) {
      this.#at++;
      rules.push(this.#rule(depth));
    }
    this.#expect(')');
    return rules;
  }

  #rule(depth: number): Rule {
    const token = this.#tokens[this.#at];
    if (token === undefined || !('quoted' in token)) return this.#gate(depth + 1);
    this.#at++;
    const [, mspId, role] = PRINCIPAL.exec(token.quoted) ?? [];
    if (mspId === undefined || !isRole(role)) {
      throw new PolicyError(`error parsing principal ${token.quoted}`);
    }
    return { signedBy: { mspId, role } };
  }
}

/**
 * Reads Fabric's policy text, e.g. `OutOf(2, 'AMSP.peer', 'BMSP.peer', AND('CMSP.admin', 'DMSP.member'))`.
 *
 * @throws PolicyError when it is none.
 */
export function parsePolicy(text: string): Rule {
  return new Parser(text).parse();
}
