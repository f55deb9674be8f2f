import type { AccessQuestion, Decision } from './question.ts';
import { type AccessRule, RULES } from './rules.ts';

/**
 * May the subject do this? Deny by default, deny overrides: a rule that denies decides whatever
 * others permit, and nothing is permitted without a rule that permits it. Pure; the contract calls
 * it with facts of the ledger only.
 *
 * @param rules All of them, except in the test that takes one away.
 */
export function decide(question: AccessQuestion, rules: readonly AccessRule[] = RULES): Decision {
  const applying = rules.filter((rule) => rule.applies(question));
  const [decisive] = [
    ...applying.filter(({ effect }) => effect === 'deny'),
    ...applying.filter(({ effect }) => effect === 'permit'),
  ];
  if (decisive === undefined) return { outcome: 'deny', reason: 'not_permitted' };
  return { outcome: decisive.effect, reason: decisive.reason };
}
