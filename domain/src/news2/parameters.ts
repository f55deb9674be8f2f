/** The seven parameters of NEWS2, in the order of the chart. */
export const NEWS2_PARAMETERS = [
  'respiratoryRate',
  'oxygenSaturation',
  'supplementalOxygen',
  'systolicPressure',
  'pulse',
  'consciousness',
  'temperature',
] as const;
export type News2Parameter = (typeof NEWS2_PARAMETERS)[number];

/** ACVPU: the chart gives 3 points to everything but alert. */
export const CONSCIOUSNESS = ['alert', 'confusion', 'voice', 'pain', 'unresponsive'] as const;
export type Consciousness = (typeof CONSCIOUSNESS)[number];

/** A value and when it was measured or charted, Unix milliseconds. */
export interface Timed<T> {
  readonly value: T;
  readonly atMs: number;
}

/** What is known of a patient at one time; what is not known is left out. */
export interface News2Inputs {
  /** Per minute. */
  readonly respiratoryRate?: Timed<number> | undefined;
  /** Per cent. */
  readonly oxygenSaturation?: Timed<number> | undefined;
  /** Charted: does the patient breathe added oxygen? No sensor tells. */
  readonly supplementalOxygen?: Timed<boolean> | undefined;
  /** mmHg. */
  readonly systolicPressure?: Timed<number> | undefined;
  /** Per minute. */
  readonly pulse?: Timed<number> | undefined;
  /** Charted. */
  readonly consciousness?: Timed<Consciousness> | undefined;
  /** Degrees Celsius. */
  readonly temperature?: Timed<number> | undefined;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/**
 * How old an input may be and still count. Measured signs as `reference/health.md` proposes; the two charted ones hold as
 * long as the slowest measured one, since they are charted in the same round.
 */
export const NEWS2_MAX_AGE_MS: Readonly<Record<News2Parameter, number>> = {
  respiratoryRate: 5 * MINUTE_MS,
  oxygenSaturation: 5 * MINUTE_MS,
  supplementalOxygen: 4 * HOUR_MS,
  systolicPressure: HOUR_MS,
  pulse: 5 * MINUTE_MS,
  consciousness: 4 * HOUR_MS,
  temperature: 4 * HOUR_MS,
};

/** A device's clock may be ahead by as much as the contract admits. */
export const NEWS2_MAX_AHEAD_MS: number = 5 * MINUTE_MS;

/** Is this input recent enough to count? */
export function isFresh(parameter: News2Parameter, atMs: number, nowMs: number): boolean {
  const age = nowMs - atMs;
  return age >= -NEWS2_MAX_AHEAD_MS && age <= NEWS2_MAX_AGE_MS[parameter];
}
