import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ROLES } from '../record/roles.ts';
import { decide } from './decide.ts';
import { CELLS, ORGANIZATION_MSP_IDS } from './expected-situations.ts';
import { ageAt } from './facts.ts';
import type { AccessQuestion, ConsentFact, Relation } from './question.ts';
import { RULES } from './rules.ts';
import { ACTIONS, LABELS, PURPOSES, RECORD_CLASSES } from './vocabulary.ts';

const IDS = ['d0', 'a1', 'b2'].map((pair) => pair.repeat(16));
const moment = fc.integer({ min: 0, max: 20 });
const interval = fc.record({ fromMs: moment, untilMs: fc.option(moment) });
const mspId = fc.constantFrom(...ORGANIZATION_MSP_IDS);
const classes = fc.oneof(
  fc.constant<'all'>('all'),
  fc.subarray([...RECORD_CLASSES], { minLength: 1 }),
);
const labels = fc.subarray([...LABELS], { maxLength: 2 });

const consents: fc.Arbitrary<ConsentFact> = fc
  .record({
    effect: fc.constantFrom<'permit' | 'deny'>('permit', 'deny'),
    grantee: fc.record({ mspId: fc.option(mspId), subjectId: fc.option(fc.constantFrom(...IDS)) }),
    classes,
    labels,
    purposes: fc.constantFrom<'all'>('all'),
  })
  .chain((consent) => interval.map((when) => ({ ...consent, ...when })));

const relations: fc.Arbitrary<Relation> = fc
  .record({
    kind: fc.constantFrom<Relation['kind']>(
      'self',
      'treating',
      'representative',
      'laboratory-order',
      'emergency',
    ),
    mspId: fc.option(mspId),
    representative: fc.constantFrom<'guardian' | 'proxy'>('guardian', 'proxy'),
    scope: fc.record({
      classes,
      actions: fc.oneof(fc.constant<'all'>('all'), fc.subarray([...ACTIONS])),
    }),
  })
  .chain((relation) => interval.map((when) => ({ ...relation, ...when })));

const questions: fc.Arbitrary<AccessQuestion> = fc.record({
  subject: fc.record({
    id: fc.option(fc.constantFrom(...IDS)),
    role: fc.constantFrom(...ROLES),
    mspId,
  }),
  action: fc.constantFrom(...ACTIONS),
  recordClass: fc.constantFrom(...RECORD_CLASSES),
  labels,
  authorGroup: fc.boolean(),
  purpose: fc.constantFrom(...PURPOSES),
  atMs: moment,
  patient: fc.record({
    registeredAt: fc.subarray([...ORGANIZATION_MSP_IDS]),
    birthDate: fc.option(fc.constantFrom('1960', '1969-12-31', '1950-01')),
    emergencyOptOut: fc.boolean(),
    restricted: fc.boolean(),
    erased: fc.boolean(),
  }),
  relations: fc.array(relations, { maxLength: 3 }),
  consents: fc.array(consents, { maxLength: 3 }),
});

describe('the access policy', () => {
  it('answers every cell of the table as expected', () => {
    const wrong = CELLS.flatMap(({ name, question, outcome, reason }) => {
      const answer = decide(question);
      const asExpected =
        answer.outcome === outcome && (reason === undefined || answer.reason === reason);
      return asExpected ? [] : [`${name}: ${answer.outcome} ${answer.reason}`];
    });
    expect(wrong).toEqual([]);
    expect(CELLS.length).toBeGreaterThan(250);
  });

  it.each(RULES.map((rule): [string] => [rule.name]))(
    'is wrong in at least one cell without the rule: %s',
    (name) => {
      const others = RULES.filter((rule) => rule.name !== name);
      expect(others).toHaveLength(RULES.length - 1);
      const wrong = CELLS.filter(
        ({ question, outcome }) => decide(question, others).outcome !== outcome,
      );
      expect(wrong).not.toEqual([]);
    },
  );

  it('permits nothing without a rule that permits, and denies whatever a rule denies', () => {
    fc.assert(
      fc.property(questions, (question) => {
        const effects = RULES.filter((rule) => rule.applies(question)).map(({ effect }) => effect);
        const permitted = effects.includes('permit') && !effects.includes('deny');
        expect(decide(question).outcome).toBe(permitted ? 'permit' : 'deny');
        expect(decide(question, []).outcome).toBe('deny');
      }),
      { numRuns: 2_000 },
    );
  });

  it('never permits more because of one deny more', () => {
    fc.assert(
      fc.property(questions, consents, (question, consent) => {
        if (decide(question).outcome === 'permit') return;
        const more = { ...consent, effect: 'deny' as const };
        const withMore = { ...question, consents: [...question.consents, more] };
        expect(decide(withMore).outcome).toBe('deny');
      }),
      { numRuns: 2_000 },
    );
  });

  it('permits a stranger nothing but to register', () => {
    fc.assert(
      fc.property(questions, (question) => {
        const stranger = { ...question, relations: [], consents: [] };
        if (decide(stranger).outcome === 'permit') {
          expect(['register', 'erase']).toContain(stranger.action);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('an age', () => {
  it.each([
    ['2010-11-22', 16],
    ['2010-11-23', 15],
    ['2010-12', 15],
    ['2010-11', 16],
    ['2010', 16],
    [null, null],
  ])('of somebody born %p is %p', (birthDate, years) => {
    expect(ageAt(birthDate, Date.UTC(2026, 10, 22, 12))).toBe(years);
  });
});
