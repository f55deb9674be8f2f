import { describe, expect, test } from '@jest/globals';
import type { Fate } from '@pulseledger/device-simulator';
import { QUARANTINE_REASONS } from '@pulseledger/domain';
import fc from 'fast-check';
import { type Expectation, type Found, judgeFates, nameOfFate } from './fates.ts';

const NONE: Found = { recorded: [], quarantined: [] };
const OVERLAP: Fate = { quarantined: 'overlap' };

function expectation(fate: Fate, more: Partial<Expectation> = {}): Expectation {
  return { what: 'chunk', device: 'd', sha256: 's', fate, binds: true, ...more };
}

function recorded(times = 1, sha256 = 's', device = 'd'): Found['recorded'] {
  return Array.from({ length: times }, () => ({ device, sha256 }));
}

function inQuarantine(
  reason: Found['quarantined'][number]['reason'],
  clientId = 'd',
): Found['quarantined'] {
  return [{ clientId, sha256: 's', reason }];
}

/** What was found wrong, in short. */
function wrong(expectations: readonly Expectation[], found: Found): string[] {
  return judgeFates(expectations, found).wrong.map((one) => `${one.expected} -> ${one.found}`);
}

describe('a fate', () => {
  test.each<[string, Fate, Found]>([
    ['committed', 'committed', { ...NONE, recorded: recorded() }],
    ['duplicate', 'duplicate', { ...NONE, recorded: recorded() }],
    ['quarantined: overlap', OVERLAP, { ...NONE, quarantined: inQuarantine('overlap') }],
    [
      'quarantined: overlap',
      OVERLAP,
      { ...NONE, quarantined: [...inQuarantine('overlap'), ...inQuarantine('overlap')] },
    ],
  ])('%s is met by exactly that', (name, fate, found) => {
    expect(judgeFates([expectation(fate)], found)).toEqual({ met: { [name]: 1 }, wrong: [] });
  });

  test.each<[Fate, Found, string]>([
    ['committed', NONE, 'nothing'],
    ['committed', { ...NONE, recorded: recorded(2) }, 'committed more than once'],
    ['committed', { ...NONE, quarantined: inQuarantine('overlap') }, 'quarantined: overlap'],
    [
      'committed',
      { recorded: recorded(), quarantined: inQuarantine('overlap') },
      'quarantined: overlap and committed',
    ],
    ['duplicate', NONE, 'nothing'],
    ['duplicate', { ...NONE, recorded: recorded(2) }, 'committed more than once'],
    [OVERLAP, NONE, 'nothing'],
    [OVERLAP, { ...NONE, recorded: recorded() }, 'committed'],
    [OVERLAP, { ...NONE, quarantined: inQuarantine('malformed') }, 'quarantined: malformed'],
    [
      OVERLAP,
      { ...NONE, quarantined: [...inQuarantine('overlap'), ...inQuarantine('malformed')] },
      'quarantined: malformed and quarantined: overlap',
    ],
    ['refused', NONE, 'taken, then nothing'],
  ])('%j that was met by something else is told', (fate, found, what) => {
    expect(wrong([expectation(fate)], found)).toEqual([`${nameOfFate(fate)} -> ${what}`]);
  });

  test('refused is met when nothing of it is anywhere, and not by a quarantine or the ledger', () => {
    const tried = expectation('refused', { binds: false });
    expect(judgeFates([tried], NONE)).toEqual({ met: { refused: 1 }, wrong: [] });
    expect(wrong([tried], { ...NONE, recorded: recorded() })).toEqual(['refused -> committed']);
    expect(wrong([tried], { ...NONE, quarantined: inQuarantine('malformed') })).toEqual([
      'refused -> quarantined: malformed',
    ]);
  });

  test('of what may never have left need not be met, but nothing else may be', () => {
    const tried = expectation(OVERLAP, { binds: false });
    expect(judgeFates([tried], NONE)).toEqual({ met: {}, wrong: [] });
    expect(wrong([tried], { ...NONE, recorded: recorded() })).toHaveLength(1);
    const found = { ...NONE, quarantined: inQuarantine('overlap') };
    expect(judgeFates([tried], found).met).toEqual({ 'quarantined: overlap': 1 });
  });

  test("of somebody else's bytes is another than that of the bytes themselves", () => {
    const own = expectation('committed');
    const replay = expectation({ quarantined: 'identity_mismatch' }, { device: 'attacker' });
    const found = {
      recorded: recorded(),
      quarantined: inQuarantine('identity_mismatch', 'attacker'),
    };
    expect(judgeFates([own, replay], found)).toEqual({
      met: { committed: 1, 'quarantined: identity_mismatch': 1 },
      wrong: [],
    });
    const mixedUp = { recorded: recorded(), quarantined: inQuarantine('identity_mismatch', 'd') };
    expect(wrong([own, replay], mixedUp)).toEqual([
      'committed -> quarantined: identity_mismatch and committed',
      'quarantined: identity_mismatch -> nothing',
    ]);
  });

  test('that nobody expects is told, unless it is of a device that is not ours', () => {
    const own = expectation('committed', { sha256: 'own' });
    const found = {
      recorded: [...recorded(1, 'own'), ...recorded(1, 'other'), ...recorded(1, 'x', 'stranger')],
      quarantined: [...inQuarantine('malformed'), ...inQuarantine('malformed', 'stranger')],
    };
    expect(wrong([own], found)).toEqual([
      'nothing -> quarantined: malformed',
      'nothing -> committed',
    ]);
  });

  test('that goes wrong often is told once, with how often', () => {
    const many = Array.from({ length: 7 }, (_, i) => expectation('committed', { sha256: `${i}` }));
    expect(judgeFates(many, NONE).wrong).toEqual([
      { what: 'chunk', expected: 'committed', found: 'nothing', times: 7 },
    ]);
  });
});

describe('any number of fates', () => {
  const fates = fc.oneof(
    fc.constantFrom<Fate>('committed', 'duplicate', 'refused'),
    fc.constantFrom(...QUARANTINE_REASONS).map((quarantined): Fate => ({ quarantined })),
  );

  /** A world in which every one of them is met. */
  function perfect(all: readonly Fate[]): { expectations: Expectation[]; found: Found } {
    const expectations = all.map((fate, i) =>
      expectation(fate, { sha256: `s${i}`, binds: fate !== 'refused' }),
    );
    return {
      expectations,
      found: {
        recorded: expectations.flatMap(({ fate, sha256 }) =>
          fate === 'committed' || fate === 'duplicate' ? recorded(1, sha256) : [],
        ),
        quarantined: expectations.flatMap(({ fate, sha256 }) =>
          typeof fate === 'string' ? [] : [{ clientId: 'd', sha256, reason: fate.quarantined }],
        ),
      },
    };
  }

  test('are all met in a world as told, and one planted wrong fate is always found', () => {
    fc.assert(
      fc.property(fc.array(fates, { minLength: 1, maxLength: 30 }), fc.nat(), (all, at) => {
        const { expectations, found } = perfect(all);
        const right = judgeFates(expectations, found);
        expect(right.wrong).toEqual([]);
        expect(Object.values(right.met).reduce((a, b) => a + b, 0)).toBe(all.length);
        const index = at % all.length;
        const planted = expectations.map((one, i): Expectation => {
          if (i !== index) return one;
          const fate = one.fate === 'committed' ? OVERLAP : 'committed';
          return { ...one, fate, binds: true };
        });
        // A duplicate's bytes are on the ledger as if committed: only the plan tells them apart.
        const indistinguishable = all[index] === 'duplicate';
        expect(judgeFates(planted, found).wrong.length > 0).toBe(!indistinguishable);
      }),
    );
  });
});
