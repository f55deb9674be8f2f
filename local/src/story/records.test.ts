import { describe, expect, it } from '@jest/globals';
import { CAST, WARD } from './cast.ts';
import { storyBundles } from './records.ts';

const WEEK = Date.UTC(2026, 10, 16);
const DAY_MS = 86_400_000;

function bundlesOf(index: number, seed = 1): unknown[] {
  const patient = CAST[index];
  if (patient === undefined) throw new Error('nobody');
  const patientId = 'a'.repeat(32);
  return storyBundles({ patient, patientId, index, seed, weekStartMs: WEEK });
}

describe('the story', () => {
  it('is of two dozen patients, each once, at a hospital and a clinic', () => {
    const names = CAST.map(({ basics: { family, given } }) => `${family} ${given.join(' ')}`);
    expect([CAST.length, new Set(names).size]).toEqual([24, 24]);
    const places = new Set(CAST.flatMap(({ treatedAt }) => treatedAt));
    expect([...places].toSorted((a, b) => a.localeCompare(b))).toEqual(['clinic', 'hospital']);
    expect(CAST.filter(({ login }) => login !== undefined).length).toBeLessThanOrEqual(WARD);
  });

  it('is the same for the same seed, and another for another', () => {
    expect(bundlesOf(3)).toEqual(bundlesOf(3));
    expect(bundlesOf(3)).not.toEqual(bundlesOf(3, 2));
  });

  it('has one transaction for each place that a patient went to, all within the week', () => {
    for (const [index, { treatedAt }] of CAST.entries()) {
      const bundles = bundlesOf(index);
      expect(bundles).toHaveLength(treatedAt.length);
      const moments = JSON.stringify(bundles).match(/20\d\d-\d\d-\d\dT[\d:.]+Z/g) ?? [];
      const times = moments.map((text) => Date.parse(text));
      expect(Math.max(...times)).toBeLessThan(WEEK + 7 * DAY_MS);
      expect(Math.min(...times)).toBeGreaterThan(WEEK - 4 * DAY_MS);
    }
  });
});
