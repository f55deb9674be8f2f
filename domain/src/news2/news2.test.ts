import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NEWS2_MAX_AGE_MS, NEWS2_PARAMETERS, type News2Inputs } from './parameters.ts';
import { charted, pointsOf, type Scale } from './points.ts';
import { type News2, type News2Patient, news2 } from './score.ts';

const NOW_MS = Date.UTC(2026, 10, 22, 12);
const ADULT: News2Patient = {
  ageYears: 70,
  isPregnant: false,
  hasSpinalCordInjury: false,
  scale2: null,
};
const SCALE_2 = { ...ADULT, scale2: { prescriberId: 'ab'.repeat(16), fromMs: NOW_MS } };

function at<T>(value: T, ageMs = 0) {
  return { value, atMs: NOW_MS - ageMs };
}

/** Seven inputs without a point. */
const WELL: Required<News2Inputs> = {
  respiratoryRate: at(16),
  oxygenSaturation: at(98),
  supplementalOxygen: at(false),
  systolicPressure: at(120),
  pulse: at(70),
  consciousness: at('alert' as const),
  temperature: at(37),
};

function score(inputs: News2Inputs, patient = ADULT): News2 {
  return news2({ ...WELL, ...inputs }, patient, NOW_MS);
}

function totalOf(result: News2): number | undefined {
  return result.status === 'complete' ? result.total : undefined;
}

describe('the chart', () => {
  // Every edge of the RCP's chart: the last value of a band and the first of the next.
  const EDGES: [Scale, readonly (readonly [number, number])[]][] = [
    [
      'respiratoryRate',
      [
        [8, 3],
        [9, 1],
        [11, 1],
        [12, 0],
        [20, 0],
        [21, 2],
        [24, 2],
        [25, 3],
      ],
    ],
    [
      'saturationScale1',
      [
        [91, 3],
        [92, 2],
        [93, 2],
        [94, 1],
        [95, 1],
        [96, 0],
        [100, 0],
      ],
    ],
    [
      'saturationScale2OnOxygen',
      [
        [83, 3],
        [84, 2],
        [85, 2],
        [86, 1],
        [87, 1],
        [88, 0],
        [92, 0],
        [93, 1],
        [94, 1],
        [95, 2],
        [96, 2],
        [97, 3],
      ],
    ],
    [
      'saturationScale2OnAir',
      [
        [83, 3],
        [84, 2],
        [86, 1],
        [88, 0],
        [93, 0],
        [97, 0],
        [100, 0],
      ],
    ],
    [
      'systolicPressure',
      [
        [90, 3],
        [91, 2],
        [100, 2],
        [101, 1],
        [110, 1],
        [111, 0],
        [219, 0],
        [220, 3],
      ],
    ],
    [
      'pulse',
      [
        [40, 3],
        [41, 1],
        [50, 1],
        [51, 0],
        [90, 0],
        [91, 1],
        [110, 1],
        [111, 2],
        [130, 2],
        [131, 3],
      ],
    ],
    [
      'temperature',
      [
        [35, 3],
        [35.1, 1],
        [36, 1],
        [36.1, 0],
        [38, 0],
        [38.1, 1],
        [39, 1],
        [39.1, 2],
      ],
    ],
  ];
  it.each(EDGES)('has these points at the edges of %s', (scale, edges) => {
    expect(edges.map(([value]) => [value, pointsOf(scale, value)])).toEqual(edges);
  });

  it('reads temperature to a tenth and everything else to whole numbers, halves up', () => {
    expect(charted('temperature', 38.04)).toBe(38);
    expect(charted('temperature', 38.05)).toBe(38.1);
    expect(charted('temperature', 35.05)).toBe(35.1);
    expect(charted('pulse', 90.5)).toBe(91);
    expect(charted('pulse', 90.49)).toBe(90);
    expect(pointsOf('temperature', 38.05)).toBe(1);
    expect(pointsOf('saturationScale1', 95.5)).toBe(0);
  });

  const HEALTHY: [Scale, number][] = [
    ['respiratoryRate', 16],
    ['saturationScale1', 100],
    ['saturationScale2OnOxygen', 90],
    ['saturationScale2OnAir', 100],
    ['systolicPressure', 150],
    ['pulse', 70],
    ['temperature', 37],
  ];
  it.each(HEALTHY)(
    'never gives less on %s the farther a value is from health',
    (scale, healthy) => {
      const value = fc.double({ min: 0, max: 300, noNaN: true });
      fc.assert(
        fc.property(value, value, (a, b) => {
          const isSameSide = a >= healthy === b >= healthy;
          fc.pre(isSameSide);
          const [near, far] = Math.abs(a - healthy) <= Math.abs(b - healthy) ? [a, b] : [b, a];
          expect(pointsOf(scale, far)).toBeGreaterThanOrEqual(pointsOf(scale, near));
        }),
      );
    },
  );
});

describe('the score', () => {
  it('is 0 for somebody well, with observations twice a day', () => {
    expect(score({})).toMatchObject({
      status: 'complete',
      total: 0,
      known: 7,
      response: { band: 'low', observeWithinMinutes: 720 },
    });
  });

  it('is 20 at most', () => {
    const worst: News2Inputs = {
      respiratoryRate: at(30),
      oxygenSaturation: at(80),
      supplementalOxygen: at(true),
      systolicPressure: at(80),
      pulse: at(150),
      consciousness: at('unresponsive'),
      temperature: at(34),
    };
    expect(score(worst)).toMatchObject({ total: 20, response: { urgency: 'emergency' } });
  });

  const RESPONSES: [string, News2Inputs, number, string, number][] = [
    ['1 point', { pulse: at(91) }, 1, 'low', 240],
    ['4 points, none of them 3', { pulse: at(111), respiratoryRate: at(21) }, 4, 'low', 240],
    ['3 points in one parameter', { consciousness: at('confusion') }, 3, 'low-medium', 60],
    [
      '5 points',
      { pulse: at(111), respiratoryRate: at(21), temperature: at(38.1) },
      5,
      'medium',
      60,
    ],
    [
      '7 points',
      { pulse: at(131), supplementalOxygen: at(true), temperature: at(40) },
      7,
      'high',
      0,
    ],
  ];
  it.each(RESPONSES)(
    'of %s is answered by the band of the RCP',
    (_what, inputs, total, band, within) => {
      const response = { band, observeWithinMinutes: within };
      expect(score(inputs)).toMatchObject({ status: 'complete', total, response });
    },
  );

  it('has no total without one of the seven, and says which', () => {
    expect(news2({ ...WELL, temperature: undefined }, ADULT, NOW_MS)).toEqual({
      status: 'partial',
      points: expect.objectContaining({ pulse: 0 }),
      known: 6,
      of: 7,
      missing: ['temperature'],
      stale: [],
      undetermined: [],
    });
  });

  it('says "at least" once what is known escalates by itself', () => {
    const known = { respiratoryRate: at(24), pulse: at(130), temperature: at(39) };
    expect(news2(known, ADULT, NOW_MS)).toMatchObject({
      status: 'partial',
      known: 3,
      atLeast: { total: 5, response: { band: 'medium' } },
    });
    expect(news2({ pulse: at(30) }, ADULT, NOW_MS)).toMatchObject({
      known: 1,
      atLeast: { total: 3, response: { band: 'low-medium' } },
    });
    expect(news2({ pulse: at(130) }, ADULT, NOW_MS)).not.toHaveProperty('atLeast');
  });

  it.each(NEWS2_PARAMETERS)(
    'counts %s to the end of its age and not a millisecond longer',
    (name) => {
      const aged = (ageMs: number): News2Inputs => ({
        ...WELL,
        [name]: { ...WELL[name], atMs: NOW_MS - ageMs },
      });
      expect(totalOf(news2(aged(NEWS2_MAX_AGE_MS[name]), ADULT, NOW_MS))).toBe(0);
      expect(news2(aged(NEWS2_MAX_AGE_MS[name] + 1), ADULT, NOW_MS)).toMatchObject({
        status: 'partial',
        known: 6,
        stale: [name],
        missing: [],
      });
    },
  );

  it('does not count what comes from further in the future than a clock may be ahead', () => {
    expect(totalOf(score({ pulse: at(70, -300_000) }))).toBe(0);
    expect(score({ pulse: at(70, -300_001) })).toMatchObject({ stale: ['pulse'] });
  });
});

describe('scale 2', () => {
  it('is used only when a prescriber set it, and from then on', () => {
    expect(totalOf(score({ oxygenSaturation: at(88) }))).toBe(3);
    expect(totalOf(score({ oxygenSaturation: at(88) }, SCALE_2))).toBe(0);
    const later = { ...SCALE_2, scale2: { ...SCALE_2.scale2, fromMs: NOW_MS + 1 } };
    expect(totalOf(score({ oxygenSaturation: at(88) }, later))).toBe(3);
  });

  it('counts a high saturation against somebody on oxygen only', () => {
    const high = { oxygenSaturation: at(98) };
    expect(totalOf(score(high, SCALE_2))).toBe(0);
    expect(totalOf(score({ ...high, supplementalOxygen: at(true) }, SCALE_2))).toBe(5);
  });

  it('does not know a high saturation while it does not know the oxygen', () => {
    const rest = { ...WELL, supplementalOxygen: undefined };
    expect(news2(rest, SCALE_2, NOW_MS)).toMatchObject({
      known: 5,
      missing: ['supplementalOxygen'],
      stale: [],
      undetermined: ['oxygenSaturation'],
    });
    const low = { ...rest, oxygenSaturation: at(83) };
    expect(news2(low, SCALE_2, NOW_MS)).toMatchObject({ known: 6, atLeast: { total: 3 } });
  });
});

describe('somebody for whom NEWS2 was not made', () => {
  const cases: [string, Partial<News2Patient>, string][] = [
    ['a child', { ageYears: 15 }, 'under-16'],
    ['a pregnant woman', { isPregnant: true }, 'pregnancy'],
    ['somebody of unknown age', { ageYears: null }, 'age-unknown'],
    ['somebody with a spinal cord injury', { hasSpinalCordInjury: true }, 'spinal-cord-injury'],
  ];
  it.each(cases)('%s has no score, however ill', (_who, change, reason) => {
    const result = score({ pulse: at(200) }, { ...ADULT, ...change });
    expect(result).toEqual({ status: 'not-applicable', reason });
  });

  it('starts at sixteen', () => {
    expect(totalOf(score({}, { ...ADULT, ageYears: 16 }))).toBe(0);
  });
});

describe('any inputs', () => {
  const some = fc.record(
    {
      respiratoryRate: fc.integer({ min: 0, max: 60 }).map((value) => at(value)),
      oxygenSaturation: fc.integer({ min: 50, max: 100 }).map((value) => at(value)),
      supplementalOxygen: fc.boolean().map((value) => at(value)),
      systolicPressure: fc.integer({ min: 40, max: 260 }).map((value) => at(value)),
      pulse: fc.integer({ min: 20, max: 250 }).map((value) => at(value)),
      consciousness: fc.constantFrom('alert' as const, 'voice' as const).map((value) => at(value)),
      temperature: fc.integer({ min: 300, max: 430 }).map((value) => at(value / 10)),
    },
    { requiredKeys: [] },
  );
  const pick = fc.constantFrom(...NEWS2_PARAMETERS);

  it('have a lower bound that holds whatever the missing ones turn out to be', () => {
    fc.assert(
      fc.property(some, some, fc.constantFrom(ADULT, SCALE_2), (known, rest, patient) => {
        const partial = news2(known, patient, NOW_MS);
        const whole = news2({ ...WELL, ...rest, ...known }, patient, NOW_MS);
        if (whole.status !== 'complete') throw new Error('all seven are there');
        if (partial.status === 'partial' && partial.atLeast !== undefined) {
          expect(whole.total).toBeGreaterThanOrEqual(partial.atLeast.total);
          expect(whole.response.band).not.toBe('low');
        }
      }),
    );
  });

  it('never give a total when one of them is missing', () => {
    fc.assert(
      fc.property(some, pick, (inputs, without) => {
        expect(news2({ ...WELL, ...inputs, [without]: undefined }, ADULT, NOW_MS).status).toBe(
          'partial',
        );
      }),
    );
  });
});
