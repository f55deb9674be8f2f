import type { Principal } from '../msp/identity.ts';
import type { Rule } from './signature-policy.ts';

/** Principals that satisfy a policy together; one may be needed several times. */
export type PrincipalSet = readonly Principal[];

/** As Fabric's combinationsUpperBound (common/policies/inquire). */
const MAX_SETS = 10_000;

function product(left: readonly PrincipalSet[], right: readonly PrincipalSet[]): PrincipalSet[] {
  const sets: PrincipalSet[] = [];
  for (const a of left) {
    for (const b of right) {
      if (sets.length >= MAX_SETS) return sets;
      sets.push([...a, ...b]);
    }
  }
  return sets;
}

/** All ways to take n of the items, in order. */
function combinations<T>(items: readonly T[], n: number): (readonly T[])[] {
  if (n === 0) return [[]];
  const found: (readonly T[])[] = [];
  items.forEach((item, i) => {
    if (found.length >= MAX_SETS) return;
    for (const rest of combinations(items.slice(i + 1), n - 1)) found.push([item, ...rest]);
  });
  return found.slice(0, MAX_SETS);
}

/** All minimal sets of principals that satisfy a policy, for planning who is asked to endorse. */
export function principalSets(rule: Rule): readonly PrincipalSet[] {
  if ('signedBy' in rule) return [[rule.signedBy]];
  return combinations(rule.rules, rule.n)
    .flatMap((chosen) =>
      chosen.reduce<readonly PrincipalSet[]>((sets, r) => product(sets, principalSets(r)), [[]]),
    )
    .slice(0, MAX_SETS);
}
