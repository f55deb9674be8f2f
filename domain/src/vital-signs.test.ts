import { describe, expect, it } from '@jest/globals';
import {
  isVitalCode,
  plausibility,
  VITAL_CODES,
  VITAL_SIGNS,
  type VitalCode,
} from './vital-signs.ts';

describe('vital signs', () => {
  it('are each listed under their own code, with a place on the wire', () => {
    expect(Object.keys(VITAL_SIGNS).sort()).toEqual([...VITAL_CODES].sort());
    for (const code of VITAL_CODES) expect(VITAL_SIGNS[code].code).toBe(code);
    expect(VITAL_CODES.slice(0, 4)).toEqual(['8867-4', '59408-5', '9279-1', '8310-5']);
    expect(isVitalCode('toString')).toBe(false);
  });

  it('use only UCUM units that fit one byte together with the form', () => {
    for (const code of VITAL_CODES) {
      expect(Object.keys(VITAL_SIGNS[code].units).length).toBeLessThanOrEqual(16);
    }
  });

  const judged: [VitalCode, string, number, number | undefined, string][] = [
    ['8867-4', '/min', 20, undefined, 'plausible'],
    ['8867-4', '/min', 300, undefined, 'plausible'],
    ['8867-4', '/min', 19.9, undefined, 'implausible'],
    ['8867-4', '/min', 301, undefined, 'implausible'],
    ['8867-4', '/min', 0, undefined, 'implausible'],
    ['8867-4', '{beats}/min', 60, undefined, 'implausible'],
    ['59408-5', '%', 36, undefined, 'implausible'],
    ['8310-5', '[degF]', 98.6, undefined, 'plausible'],
    ['8310-5', 'Cel', 98.6, undefined, 'implausible'],
    ['15074-8', 'mmol/L', 5.5, undefined, 'plausible'],
    ['55423-8', '{steps}', 300, 60_000, 'plausible'],
    ['55423-8', '{steps}', 301, 60_000, 'implausible'],
    ['55423-8', '{steps}', 3_000, 600_000, 'plausible'],
    ['55423-8', '{steps}', -1, 60_000, 'implausible'],
    ['8867-4', '/min', Number.NaN, undefined, 'implausible'],
  ];
  it.each(judged)('%s in %s: %d over %s ms is %s %s', (code, unit, value, durationMs, verdict) => {
    expect(plausibility(code, unit, value, durationMs)).toBe(verdict);
  });
});
