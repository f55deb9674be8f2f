/** Numbers and quantities: https://hl7.org/fhir/R4/search.html#number, #quantity */
import { PulseError } from '@pulseledger/domain';
import { isObject, type JsonObject } from '../definitions/fhir-json.ts';
import { splitUnescaped, unescape } from './token-search.ts';

const PREFIXES = ['eq', 'ne', 'gt', 'ge', 'lt', 'le', 'sa', 'eb', 'ap'] as const;
type Prefix = (typeof PREFIXES)[number];

/** `ap` allows a tenth of the value more or less. */
const APPROXIMATION = 0.1;

export interface WantedQuantity {
  readonly prefix: Prefix;
  readonly value: number;
  /** The value stands for all numbers that would be rounded to it. */
  readonly low: number;
  readonly high: number;
  readonly system?: string | undefined;
  readonly code?: string | undefined;
}

/** @throws PulseError `invalid_input` */
export function parseQuantity(text: string): WantedQuantity {
  const [number = '', system, code, ...rest] = splitUnescaped(text, '|').map(unescape);
  const [, prefix = 'eq', digits] =
    /^([a-z]{2})?([+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/i.exec(number) ?? [];
  const known = PREFIXES.find((one) => one === prefix);
  if (digits === undefined || known === undefined || rest.length > 0) {
    throw new PulseError(
      'invalid_input',
      'a quantity is [prefix]number or [prefix]number|system|code',
    );
  }
  const value = Number(digits);
  const half = known === 'ap' ? Math.abs(value) * APPROXIMATION : precisionOf(digits) / 2;
  return {
    prefix: known,
    value,
    low: value - half,
    high: value + half,
    system: system === '' ? undefined : system,
    code: code === '' ? undefined : code,
  };
}

/** Of `5.40` it is 0.01, of `5e3` 1000. */
function precisionOf(digits: string): number {
  const [mantissa = '', exponent = '0'] = digits.toLowerCase().split('e');
  const decimals = mantissa.split('.')[1]?.length ?? 0;
  return 10 ** (Number(exponent) - decimals);
}

const COMPARISONS: Readonly<Record<Prefix, (found: number, want: WantedQuantity) => boolean>> = {
  eq: (found, { low, high }) => found >= low && found < high,
  ne: (found, { low, high }) => found < low || found >= high,
  gt: (found, { value }) => found > value,
  ge: (found, { value }) => found >= value,
  lt: (found, { value }) => found < value,
  le: (found, { value }) => found <= value,
  sa: (found, { high }) => found >= high,
  eb: (found, { low }) => found < low,
  ap: (found, { low, high }) => found >= low && found <= high,
};

export function matchesNumber(want: WantedQuantity, found: unknown): boolean {
  return typeof found === 'number' && COMPARISONS[want.prefix](found, want);
}

export function matchesQuantity(want: WantedQuantity, found: unknown): boolean {
  if (!isObject(found)) return false;
  if (typeof found['data'] === 'string') return matchesSamples(want, found, found['data']);
  return matchesNumber(want, found['value']) && hasUnit(want, found);
}

function hasUnit({ system, code }: WantedQuantity, quantity: JsonObject): boolean {
  if (code === undefined) return true;
  if (system === undefined) return quantity['code'] === code || quantity['unit'] === code;
  return quantity['code'] === code && quantity['system'] === system;
}

/** A strip of samples matches when one of them does. */
function matchesSamples(want: WantedQuantity, strip: JsonObject, data: string): boolean {
  const origin = isObject(strip['origin']) ? strip['origin'] : {};
  const zero = typeof origin['value'] === 'number' ? origin['value'] : 0;
  const factor = typeof strip['factor'] === 'number' ? strip['factor'] : 1;
  return (
    hasUnit(want, origin) &&
    data.split(' ').some((sample) => matchesNumber(want, zero + Number(sample) * factor))
  );
}
