import type { Principal } from '../msp/identity.ts';
import type { Rule } from './signature-policy.ts';

/** Whoever can satisfy a principal; an MSP's identity, or a stand-in in tests. */
export interface Signatory {
  satisfies(principal: Principal): boolean;
}

function evaluateRule(rule: Rule, signatories: readonly Signatory[], used: boolean[]): boolean {
  if ('signedBy' in rule) {
    const index = signatories.findIndex((s, i) => used[i] !== true && s.satisfies(rule.signedBy));
    if (index >= 0) used[index] = true;
    return index >= 0;
  }
  let satisfied = 0;
  for (const child of rule.rules) {
    const attempt = [...used];
    if (!evaluateRule(child, signatories, attempt)) continue;
    satisfied += 1;
    attempt.forEach((isUsed, i) => {
      used[i] = isUsed;
    });
  }
  return satisfied >= rule.n;
}

/**
 * Whether signatories satisfy a policy, the way Fabric decides it (common/cauthdsl/cauthdsl.go): leaves are
 * visited from left to right and each takes the first identity that fits and is not taken yet; taken identities
 * are given back only when a whole branch fails. So it can say no where a cleverer assignment would say yes;
 * that is Fabric's answer too. Signatories must be different identities with checked signatures.
 */
export function satisfiesPolicy(rule: Rule, signatories: readonly Signatory[]): boolean {
  return evaluateRule(
    rule,
    signatories,
    signatories.map(() => false),
  );
}
