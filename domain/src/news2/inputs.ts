import { z } from 'zod';
import type { FhirResource } from '../clinical/resource.ts';
import type { Consciousness, News2Inputs, Timed } from './parameters.ts';

const Text = z.string().optional().catch(undefined);
const Quantity = z
  .object({ value: z.number(), code: Text, unit: Text })
  .optional()
  .catch(undefined);
const Coding = z.object({ code: Text, display: Text });
const Concept = z
  .object({ coding: z.array(Coding).catch([]), text: Text })
  .catch({ coding: [], text: undefined });

/** The members of an Observation that NEWS2 looks at; what has another form is as if it were not there. */
const Observation = z.object({
  resourceType: z.literal('Observation'),
  status: z.enum(['preliminary', 'final', 'amended', 'corrected']),
  code: Concept,
  effectiveDateTime: Text,
  effectiveInstant: Text,
  effectivePeriod: z.object({ start: Text, end: Text }).optional().catch(undefined),
  valueQuantity: Quantity,
  valueCodeableConcept: Concept.optional(),
  component: z.array(z.object({ code: Concept, valueQuantity: Quantity })).catch([]),
  meta: z
    .object({ security: z.array(Coding).catch([]) })
    .optional()
    .catch(undefined),
});
type Observation = z.infer<typeof Observation>;

/** Answers by code: SNOMED CT's findings of ACVPU, LOINC's answer; else the word itself. */
const CONSCIOUSNESS_CODES: Readonly<Record<string, Consciousness>> = {
  '248234008': 'alert',
  '130987000': 'confusion',
  '300202002': 'voice',
  '450847001': 'pain',
  '422768004': 'unresponsive',
  'LA9343-0': 'unresponsive',
  alert: 'alert',
  confusion: 'confusion',
  voice: 'voice',
  pain: 'pain',
  unresponsive: 'unresponsive',
};
/** AVPU (LOINC), ACVPU (SNOMED CT UK). */
const CONSCIOUSNESS: readonly string[] = ['67775-7', '1104441000000107'];
const OXYGEN_FLOW = '3151-8';
const INSPIRED_OXYGEN = '3150-0';
/** Per cent of oxygen in room air, rounded up. */
const ROOM_AIR = 21;

/** Vital signs by LOINC code, with the units that count. */
const MEASURED = {
  respiratoryRate: { codes: ['9279-1'], units: ['/min'] },
  oxygenSaturation: { codes: ['59408-5', '2708-6'], units: ['%'] },
  systolicPressure: { codes: ['8480-6'], units: ['mm[Hg]'] },
  pulse: { codes: ['8867-4'], units: ['/min', '{beats}/min'] },
  temperature: { codes: ['8310-5'], units: ['Cel', '[degF]'] },
} as const satisfies Record<string, { codes: readonly string[]; units: readonly string[] }>;
type Measured = keyof typeof MEASURED;

const FREEZING_F = 32;
const F_PER_C = 1.8;

function codesOf({ coding }: z.infer<typeof Concept>): string[] {
  return coding.flatMap(({ code }) => code ?? []);
}

function timeOf(observation: Observation): number | undefined {
  const { effectiveDateTime, effectiveInstant, effectivePeriod: period } = observation;
  const text = effectiveDateTime ?? effectiveInstant ?? period?.end ?? period?.start;
  // A day without a time is too coarse for any maximum age.
  if (text === undefined || !/T\d\d:\d\d/.test(text)) return undefined;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? undefined : atMs;
}

function valueOf(observation: Observation, name: Measured): number | undefined {
  const codes: readonly string[] = MEASURED[name].codes;
  const units: readonly string[] = MEASURED[name].units;
  const parts = [observation, ...observation.component];
  const found = parts.find(({ code }) => codesOf(code).some((one) => codes.includes(one)));
  const quantity = found?.valueQuantity;
  const unit = quantity?.code ?? quantity?.unit;
  if (quantity === undefined || unit === undefined || !units.includes(unit)) return undefined;
  return unit === '[degF]' ? (quantity.value - FREEZING_F) / F_PER_C : quantity.value;
}

function oxygenOf({ code, valueQuantity }: Observation): boolean | undefined {
  if (valueQuantity === undefined) return undefined;
  const codes = codesOf(code);
  if (codes.includes(OXYGEN_FLOW)) return valueQuantity.value > 0;
  return codes.includes(INSPIRED_OXYGEN) ? valueQuantity.value > ROOM_AIR : undefined;
}

function consciousnessOf({
  code,
  valueCodeableConcept: value,
}: Observation): Consciousness | undefined {
  const isAsked = codesOf(code).some((one) => CONSCIOUSNESS.includes(one));
  if (!isAsked || value === undefined) return undefined;
  const names = [...codesOf(value), value.text?.toLowerCase() ?? ''];
  return names.flatMap((name) => CONSCIOUSNESS_CODES[name] ?? [])[0];
}

function isUncertain({ meta }: Observation): boolean {
  return meta?.security.some(({ code }) => code === 'UNCERTREL') === true;
}

function latest<T>(
  observations: readonly Observation[],
  valueIn: (observation: Observation) => T | undefined,
): Timed<T> | undefined {
  let found: Timed<T> | undefined;
  for (const observation of observations) {
    const atMs = timeOf(observation);
    const value = valueIn(observation);
    if (atMs === undefined || value === undefined) continue;
    if (found === undefined || atMs > found.atMs) found = { value, atMs };
  }
  return found;
}

/**
 * The latest of each input among FHIR Observations, measured and charted ones alike: vital signs by their LOINC codes, added
 * oxygen as flow (3151-8) or inspired fraction (3150-0), consciousness as AVPU or ACVPU. Implausible values, which carry the
 * security label UNCERTREL, and Observations that were withdrawn do not count.
 */
export function news2InputsOf(resources: readonly FhirResource[]): News2Inputs {
  const observations = resources.flatMap((resource) => {
    const parsed = Observation.safeParse(resource);
    return parsed.success && !isUncertain(parsed.data) ? [parsed.data] : [];
  });
  const measured = (name: Measured): Timed<number> | undefined =>
    latest(observations, (one) => valueOf(one, name));
  return {
    respiratoryRate: measured('respiratoryRate'),
    oxygenSaturation: measured('oxygenSaturation'),
    supplementalOxygen: latest(observations, oxygenOf),
    systolicPressure: measured('systolicPressure'),
    pulse: measured('pulse'),
    consciousness: latest(observations, consciousnessOf),
    temperature: measured('temperature'),
  };
}

function completedYears(year: number, month: number, day: number, nowMs: number): number {
  const now = new Date(nowMs);
  const years = now.getUTCFullYear() - year;
  const isBefore =
    now.getUTCMonth() + 1 < month || (now.getUTCMonth() + 1 === month && now.getUTCDate() < day);
  return isBefore ? years - 1 : years;
}

/**
 * Completed years of somebody born on a FHIR date. For a date without month or day the least that it can be; null when the
 * date is none, or when it is open whether somebody is sixteen.
 */
export function ageInYears(birthDate: string, nowMs: number): number | null {
  const parts = /^(\d{4})(?:-(\d\d))?(?:-(\d\d))?$/.exec(birthDate);
  if (parts === null) return null;
  const [year, month, day] = [Number(parts[1]), parts[2], parts[3]];
  const youngest = completedYears(year, Number(month ?? 12), Number(day ?? 31), nowMs);
  const oldest = completedYears(year, Number(month ?? 1), Number(day ?? 1), nowMs);
  const isOpen = youngest < 16 && oldest >= 16;
  return youngest < 0 || isOpen ? null : youngest;
}
