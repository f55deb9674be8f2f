/** Order of the codes in canonical chunks. A code's place is its number on the wire: only append. */
export const VITAL_CODES = [
  '8867-4',
  '59408-5',
  '9279-1',
  '8310-5',
  '8480-6',
  '8462-4',
  '8478-0',
  '8889-8',
  '40443-4',
  '8883-1',
  '8873-2',
  '41924-2',
  '39106-0',
  '80404-7',
  '2339-0',
  '15074-8',
  '55423-8',
  '41950-7',
  '55430-3',
  '93832-4',
  '93831-6',
  '93830-8',
  '93829-0',
  '103210-1',
  '103213-5',
  '131329',
  '131330',
] as const;
export type VitalCode = (typeof VITAL_CODES)[number];

/** How a sign is measured: one value at a moment, over a time, as a part of a panel, or as a strip. */
export type VitalKind = 'quantity' | 'period-quantity' | 'component' | 'sampled';

/** Closed interval of values that a living person can have. */
export interface PlausibleRange {
  readonly low: number;
  readonly high: number;
}

/** One vital sign as FHIR, the chunk codec and the alarms see it. */
export interface VitalSign {
  readonly code: VitalCode;
  readonly system: 'http://loinc.org' | 'urn:iso:std:iso:11073:10101';
  readonly display: string;
  readonly kind: VitalKind;
  /** Allowed UCUM units with their plausible values; the first one is what we store by choice. */
  readonly units: Readonly<Record<string, PlausibleRange>>;
  /** Highest plausible value per minute of duration, for counts over a time. */
  readonly highPerMinute?: number;
  /** FHIR R4 vital-signs profile; none where R4 has no profile for the code. */
  readonly profile?: string;
  /** Panel code under which components are shown together. */
  readonly panel?: string;
  /** Codes to send beside the own one (R4 profile of oxygen saturation asks for both). */
  readonly alsoCodes?: readonly string[];
}

const LOINC = 'http://loinc.org';
const MDC = 'urn:iso:std:iso:11073:10101';
const PROFILE = 'http://hl7.org/fhir/StructureDefinition/';
const BLOOD_PRESSURE_PANEL = '85354-9';

const RATE = { '/min': { low: 20, high: 300 } } as const;
const PRESSURE_MEAN = { 'mm[Hg]': { low: 25, high: 250 } } as const;
const ASLEEP = {
  min: { low: 0, high: 1_440 },
  h: { low: 0, high: 24 },
  s: { low: 0, high: 86_400 },
} as const;
const STRIP = { mV: { low: -20, high: 20 }, uV: { low: -20_000, high: 20_000 } } as const;

function quantity(
  code: VitalCode,
  display: string,
  units: VitalSign['units'],
  more: Partial<VitalSign> = {},
): VitalSign {
  return { code, system: LOINC, display, kind: 'quantity', units, ...more };
}

/**
 * The vital signs of the system by code. Sources: FHIR R4 vital-signs profiles, LOINC, ISO/IEEE
 * 11073-10101; limits are where a value stops being plausible for a living person.
 */
export const VITAL_SIGNS: Readonly<Record<VitalCode, VitalSign>> = {
  '8867-4': quantity('8867-4', 'Heart rate', RATE, { profile: `${PROFILE}heartrate` }),
  '59408-5': quantity(
    '59408-5',
    'Oxygen saturation in Arterial blood by Pulse oximetry',
    { '%': { low: 50, high: 100 } },
    { profile: `${PROFILE}oxygensat`, alsoCodes: ['2708-6'] },
  ),
  '9279-1': quantity(
    '9279-1',
    'Respiratory rate',
    { '/min': { low: 2, high: 80 } },
    { profile: `${PROFILE}resprate` },
  ),
  '8310-5': quantity(
    '8310-5',
    'Body temperature',
    { Cel: { low: 25, high: 45 }, '[degF]': { low: 77, high: 113 } },
    { profile: `${PROFILE}bodytemp` },
  ),
  '8480-6': quantity(
    '8480-6',
    'Systolic blood pressure',
    { 'mm[Hg]': { low: 40, high: 300 } },
    { kind: 'component', panel: BLOOD_PRESSURE_PANEL },
  ),
  '8462-4': quantity(
    '8462-4',
    'Diastolic blood pressure',
    { 'mm[Hg]': { low: 20, high: 200 } },
    { kind: 'component', panel: BLOOD_PRESSURE_PANEL },
  ),
  '8478-0': quantity('8478-0', 'Mean blood pressure', PRESSURE_MEAN),
  '8889-8': quantity('8889-8', 'Heart rate by Pulse oximetry', RATE),
  '40443-4': quantity('40443-4', 'Heart rate --resting', RATE),
  '8883-1': quantity('8883-1', 'Heart rate 24 hour minimum', RATE),
  '8873-2': quantity('8873-2', 'Heart rate 24 hour maximum', RATE),
  '41924-2': quantity('41924-2', 'Heart rate 24 hour mean', RATE),
  '39106-0': quantity('39106-0', 'Temperature of Skin', {
    Cel: { low: 10, high: 45 },
    '[degF]': { low: 50, high: 113 },
  }),
  '80404-7': quantity('80404-7', 'R-R interval.standard deviation (Heart rate variability)', {
    ms: { low: 1, high: 500 },
  }),
  '2339-0': quantity('2339-0', 'Glucose [Mass/volume] in Blood', {
    'mg/dL': { low: 10, high: 1_000 },
  }),
  '15074-8': quantity('15074-8', 'Glucose [Moles/volume] in Blood', {
    'mmol/L': { low: 0.56, high: 55.5 },
  }),
  '55423-8': quantity(
    '55423-8',
    'Number of steps in unspecified time Pedometer',
    { '{steps}': { low: 0, high: 100_000 } },
    { kind: 'period-quantity', highPerMinute: 300 },
  ),
  '41950-7': quantity(
    '41950-7',
    'Number of steps in 24 hour Measured',
    { '{steps}': { low: 0, high: 100_000 } },
    { kind: 'period-quantity' },
  ),
  '55430-3': quantity(
    '55430-3',
    'Walking distance unspecified time Pedometer',
    { km: { low: 0, high: 300 }, m: { low: 0, high: 300_000 } },
    { kind: 'period-quantity' },
  ),
  '93832-4': quantity('93832-4', 'Sleep duration', ASLEEP, { kind: 'period-quantity' }),
  '93831-6': quantity('93831-6', 'Deep sleep duration', ASLEEP, { kind: 'period-quantity' }),
  '93830-8': quantity('93830-8', 'Light sleep duration', ASLEEP, { kind: 'period-quantity' }),
  '93829-0': quantity('93829-0', 'REM sleep duration', ASLEEP, { kind: 'period-quantity' }),
  '103210-1': quantity('103210-1', 'Time awake during sleep period', ASLEEP, {
    kind: 'period-quantity',
  }),
  '103213-5': quantity('103213-5', 'Time in bed', ASLEEP, { kind: 'period-quantity' }),
  '131329': {
    code: '131329',
    system: MDC,
    display: 'MDC_ECG_ELEC_POTL_I',
    kind: 'sampled',
    units: STRIP,
  },
  '131330': {
    code: '131330',
    system: MDC,
    display: 'MDC_ECG_ELEC_POTL_II',
    kind: 'sampled',
    units: STRIP,
  },
};

/** Is this one of our codes? */
export function isVitalCode(code: string): code is VitalCode {
  return Object.hasOwn(VITAL_SIGNS, code);
}

/** Whether a value can come from a living person. */
export type Plausibility = 'plausible' | 'implausible';

const MS_PER_MINUTE = 60_000;

/** Judges one value after the other of one code and unit. */
export type PlausibilityJudge = (value: number, durationMs?: number) => Plausibility;

/** The judge of a code and unit; a unit that the sign does not have makes all values implausible. */
export function plausibilityJudge(code: VitalCode, unit: string): PlausibilityJudge {
  const { units, highPerMinute = Infinity } = VITAL_SIGNS[code];
  const { low, high } = units[unit] ?? { low: Infinity, high: -Infinity };
  return (value, durationMs = 0) => {
    if (!(value >= low && value <= high)) return 'implausible';
    if (durationMs === 0) return 'plausible';
    const minutes = Math.max(1, durationMs / MS_PER_MINUTE);
    return value <= highPerMinute * minutes ? 'plausible' : 'implausible';
  };
}

/**
 * Judge one value. Implausible values are kept and flagged, never dropped and never corrected.
 *
 * @param unit UCUM unit.
 * @param durationMs Time over which the value was counted, for signs with a limit per minute.
 */
export function plausibility(
  code: VitalCode,
  unit: string,
  value: number,
  durationMs?: number,
): Plausibility {
  return plausibilityJudge(code, unit)(value, durationMs);
}
