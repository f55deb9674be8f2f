import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Principal } from '../msp/identity.ts';
import { type Signatory, satisfiesPolicy } from './evaluate.ts';
import { PolicyError, parsePolicy } from './parse.ts';
import { principalSets } from './principal-sets.ts';
import { policyEnvelope, type Rule, readPolicyEnvelope } from './signature-policy.ts';

const MSPS = ['AMSP', 'BMSP', 'CMSP'] as const;
const principal = fc.record({
  mspId: fc.constantFrom(...MSPS),
  role: fc.constantFrom('peer' as const, 'client' as const, 'member' as const),
});

const rule: fc.Arbitrary<Rule> = fc.letrec<{ leaf: Rule; gate: Rule }>((tie) => ({
  leaf: principal.map((signedBy) => ({ signedBy })),
  gate: fc
    .array(fc.oneof({ maxDepth: 2 }, tie('leaf'), tie('gate')), { minLength: 1, maxLength: 3 })
    .chain((rules) => fc.integer({ min: 1, max: rules.length }).map((n) => ({ n, rules }))),
})).gate;

/** An identity with exactly one role. */
function identity(mspId: string, role: 'peer' | 'client'): Signatory & Principal {
  return {
    mspId,
    role,
    satisfies: (p) => p.mspId === mspId && (p.role === 'member' || p.role === role),
  };
}

const identities = fc.array(
  fc
    .tuple(fc.constantFrom(...MSPS), fc.constantFrom('peer' as const, 'client' as const))
    .map(([mspId, role]) => identity(mspId, role)),
  { maxLength: 4 },
);

function textOf(node: Rule): string {
  if ('signedBy' in node) return `'${node.signedBy.mspId}.${node.signedBy.role}'`;
  return `OutOf(${node.n}, ${node.rules.map(textOf).join(', ')})`;
}

/** Whether any assignment of different identities to principals satisfies the policy. */
function canBeSatisfied(node: Rule, signatories: readonly Signatory[]): boolean {
  const assign = (wanted: readonly Principal[], left: readonly Signatory[]): boolean => {
    const [first, ...rest] = wanted;
    if (first === undefined) return true;
    return left.some(
      (s, i) => s.satisfies(first) && assign(rest, [...left.slice(0, i), ...left.slice(i + 1)]),
    );
  };
  return principalSets(node).some((set) => assign(set, signatories));
}

describe('policy text', () => {
  test('means the same after being written and read again, as text and as Fabric’s message', () => {
    fc.assert(
      fc.property(rule, (node) => {
        expect(parsePolicy(textOf(node))).toEqual(node);
        expect(readPolicyEnvelope(policyEnvelope(node))).toEqual(node);
      }),
    );
  });

  test.each([
    ["AND('A.peer','B.peer')", { n: 2 }],
    ['And( \'A.peer\' , "B.peer" )', { n: 2 }],
    ["OR('A.member')", { n: 1 }],
    ["or('A.member','B.admin')", { n: 1 }],
    ["OutOf(2,'A.peer','B.peer','C.orderer')", { n: 2 }],
    ["OutOf('1','A.peer','B.client')", { n: 1 }],
    // Fabric allows one more than there are: nobody can satisfy it.
    ["OutOf(3,'A.peer','B.client')", { n: 3 }],
    ["AND('my-org.example.com.peer')", { n: 1 }],
  ])('%s is taken', (text, expected) => {
    expect(parsePolicy(text)).toMatchObject(expected);
  });

  test.each([
    ['', 'ends too early'],
    ["'A.peer'", "unrecognized token 'A.peer'"],
    ["XOR('A.peer')", "unrecognized token 'XOR'"],
    ["aNd('A.peer')", "unrecognized token 'aNd'"],
    ["AND('A.boss')", 'error parsing principal A.boss'],
    ["AND('A')", 'error parsing principal A'],
    ["AND('A.peer'", 'ends too early'],
    ["AND('A.peer') OR('B.peer')", 'after the end'],
    ["OutOf('A.peer')", 'expected a number'],
    ["OutOf(4,'A.peer','B.peer')", 'invalid t-out-of-n predicate, t 4, n 2'],
    ['AND(;)', 'unrecognized token at position'],
    [`${'AND('.repeat(40)}'A.peer'${')'.repeat(40)}`, 'nested too deeply'],
  ])('%s is refused', (text, reason) => {
    expect(() => parsePolicy(text)).toThrow(PolicyError);
    expect(() => parsePolicy(text)).toThrow(reason);
  });
});

describe('evaluation', () => {
  test('never says yes when no assignment of different identities satisfies the policy', () => {
    fc.assert(
      fc.property(rule, identities, (node, signatories) => {
        if (satisfiesPolicy(node, signatories)) {
          expect(canBeSatisfied(node, signatories)).toBe(true);
        }
      }),
    );
  });

  test('is exact where every identity fits one place only', () => {
    const peers = fc
      .uniqueArray(fc.constantFrom(...MSPS), { minLength: 1 })
      .map((ids) => ids.map((mspId) => ({ signedBy: { mspId, role: 'peer' as const } })));
    const flat = peers.chain((rules) =>
      fc.integer({ min: 1, max: rules.length }).map((n): Rule => ({ n, rules })),
    );
    fc.assert(
      fc.property(flat, identities, (node, signatories) => {
        expect(satisfiesPolicy(node, signatories)).toBe(canBeSatisfied(node, signatories));
      }),
    );
  });

  test('does not depend on identities that fit nothing', () => {
    fc.assert(
      fc.property(rule, identities, (node, signatories) => {
        const strangers = [identity('ZMSP', 'peer'), ...signatories, identity('ZMSP', 'client')];
        expect(satisfiesPolicy(node, strangers)).toBe(satisfiesPolicy(node, signatories));
      }),
    );
  });

  test.each([
    ["AND('AMSP.peer','BMSP.peer')", ['A.peer', 'B.peer'], true],
    ["AND('AMSP.peer','BMSP.peer')", ['A.peer'], false],
    ["AND('AMSP.peer','AMSP.peer')", ['A.peer'], false],
    ["AND('AMSP.peer','AMSP.peer')", ['A.peer', 'A.peer'], true],
    ["AND('AMSP.peer','BMSP.peer')", ['A.client', 'B.peer'], false],
    ["OutOf(2,'AMSP.peer','BMSP.peer','CMSP.peer')", ['C.peer', 'A.peer'], true],
    ["OutOf(3,'AMSP.peer','BMSP.peer')", ['A.peer', 'B.peer'], false],
    // Fabric's answer, though B could have signed for the OR and A for the rest: the OR takes both.
    ["AND(OR('AMSP.peer','BMSP.peer'),'AMSP.peer')", ['A.peer', 'B.peer'], false],
    ["AND('AMSP.peer',OR('AMSP.peer','BMSP.peer'))", ['A.peer', 'B.peer'], true],
    // Fabric's answer: the member's place takes the peer, which then lacks.
    ["AND('AMSP.member','AMSP.peer')", ['A.peer', 'A.client'], false],
    ["AND('AMSP.member','AMSP.peer')", ['A.client', 'A.peer'], true],
    // What a branch that failed has taken is given back.
    ["OR(AND('AMSP.peer','CMSP.peer'),AND('AMSP.peer','BMSP.peer'))", ['A.peer', 'B.peer'], true],
  ])('%s signed by %j: %s', (text, signed, expected) => {
    const signatories = signed.map((name) => {
      const [organization = '', role] = name.split('.');
      return identity(`${organization}MSP`, role === 'client' ? 'client' : 'peer');
    });
    expect(satisfiesPolicy(parsePolicy(text), signatories)).toBe(expected);
  });
});
