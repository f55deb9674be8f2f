import type { VitalCode } from '@pulseledger/domain';
import { parseDecimal, parseFractionAsPercent } from './decimal.ts';

/** How a HealthKit quantity becomes a reading. */
export interface QuantityRule {
  /** Apple's unit → our code and UCUM unit. */
  readonly units: Readonly<Record<string, { readonly code: VitalCode; readonly unit: string }>>;
  readonly parse: (text: string) => number | undefined;
  readonly expected: string;
}

function rule(code: VitalCode, units: Readonly<Record<string, string>>): QuantityRule {
  const entries = Object.entries(units).map(([apple, unit]) => [apple, { code, unit }] as const);
  return { units: Object.fromEntries(entries), parse: parseDecimal, expected: 'a number' };
}

const PER_MINUTE = { 'count/min': '/min' } as const;
const TEMPERATURE = { degC: 'Cel', degF: '[degF]' } as const;
const PRESSURE = { mmHg: 'mm[Hg]' } as const;

function fraction(text: string): number | undefined {
  const percent = parseFractionAsPercent(text);
  return percent !== undefined && percent >= 0 && percent <= 100 ? percent : undefined;
}

const GLUCOSE: QuantityRule = {
  units: {
    'mg/dL': { code: '2339-0', unit: 'mg/dL' },
    'mmol/L': { code: '15074-8', unit: 'mmol/L' },
  },
  parse: parseDecimal,
  expected: 'a number',
};

/** Quantity types we keep, without their prefix `HKQuantityTypeIdentifier`. */
export const QUANTITIES: Readonly<Record<string, QuantityRule>> = {
  HeartRate: rule('8867-4', PER_MINUTE),
  RestingHeartRate: rule('40443-4', PER_MINUTE),
  OxygenSaturation: {
    units: { '%': { code: '59408-5', unit: '%' } },
    parse: fraction,
    expected: 'a fraction from 0 to 1',
  },
  RespiratoryRate: rule('9279-1', PER_MINUTE),
  BodyTemperature: rule('8310-5', TEMPERATURE),
  AppleSleepingWristTemperature: rule('39106-0', TEMPERATURE),
  BloodPressureSystolic: rule('8480-6', PRESSURE),
  BloodPressureDiastolic: rule('8462-4', PRESSURE),
  StepCount: rule('55423-8', { count: '{steps}' }),
  DistanceWalkingRunning: rule('55430-3', { km: 'km', m: 'm' }),
  HeartRateVariabilitySDNN: rule('80404-7', { ms: 'ms' }),
  BloodGlucose: GLUCOSE,
};

/** Values of `HKCategoryTypeIdentifierSleepAnalysis`, without `HKCategoryValueSleepAnalysis`. */
export const SLEEP_STAGES: Readonly<Record<string, VitalCode>> = {
  InBed: '103213-5',
  Asleep: '93832-4',
  AsleepUnspecified: '93832-4',
  AsleepCore: '93830-8',
  AsleepDeep: '93831-6',
  AsleepREM: '93829-0',
  Awake: '103210-1',
};

/** Apple writes the molar mass of glucose into its unit: `mmol<180.1558800000541>/L`. */
export function normalUnit(unit: string): string {
  return unit.replace(/^mmol<180(?:\.\d+)?>\/L$/, 'mmol/L');
}
