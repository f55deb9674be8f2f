import { isFresh, NEWS2_PARAMETERS, type News2Inputs, type News2Parameter } from './parameters.ts';
import { consciousnessPoints, oxygenPoints, type Points, pointsOf } from './points.ts';

/** Who the score is for. */
export interface News2Patient {
  /** Completed years; null = not known. */
  readonly ageYears: number | null;
  readonly isPregnant: boolean;
  readonly hasSpinalCordInjury: boolean;
  /** Scale 2 for oxygen saturation (target 88–92 %): only by a prescriber's order, and since when; null = scale 1. */
  readonly scale2: { readonly prescriberId: string; readonly fromMs: number } | null;
}

/** Why there is no NEWS2 for somebody. */
export type NotApplicable = 'age-unknown' | 'under-16' | 'pregnancy' | 'spinal-cord-injury';

/** How the ward responds; bands of the RCP's table "thresholds and triggers". */
export type ResponseBand = 'low' | 'low-medium' | 'medium' | 'high';

/** What a band asks for. */
export interface News2Response {
  readonly band: ResponseBand;
  /** Longest time until the next observation, minutes; 0 = continuous monitoring. */
  readonly observeWithinMinutes: number;
  readonly urgency: 'routine' | 'ward-doctor' | 'urgent' | 'emergency';
}

/** Points of the parameters that are known. */
export type News2Points = Readonly<Partial<Record<News2Parameter, Points>>>;

interface Counted {
  readonly points: News2Points;
  /** How many of the seven are known. */
  readonly known: number;
  readonly of: 7;
}

/** The score, or how far one can say. */
export type News2 =
  | { readonly status: 'not-applicable'; readonly reason: NotApplicable }
  | (Counted & {
      readonly status: 'complete';
      readonly total: number;
      readonly response: News2Response;
    })
  | (Counted & {
      readonly status: 'partial';
      /** Never given, in the order of the chart. */
      readonly missing: readonly News2Parameter[];
      /** Given, but too old. */
      readonly stale: readonly News2Parameter[];
      /** Given and recent, but without points until another parameter is known. */
      readonly undetermined: readonly News2Parameter[];
      /** Only when what is known escalates by itself: the total is at least this. */
      readonly atLeast?: { readonly total: number; readonly response: News2Response };
    });

const FIRST_AGE = 16;
const MEDIUM_FROM = 5;
const HIGH_FROM = 7;
const HALF_A_DAY_MINUTES = 720;
const FOUR_HOURS_MINUTES = 240;
const HOURLY_MINUTES = 60;

const RESPONSES = {
  none: { band: 'low', observeWithinMinutes: HALF_A_DAY_MINUTES, urgency: 'routine' },
  low: { band: 'low', observeWithinMinutes: FOUR_HOURS_MINUTES, urgency: 'routine' },
  single: { band: 'low-medium', observeWithinMinutes: HOURLY_MINUTES, urgency: 'ward-doctor' },
  medium: { band: 'medium', observeWithinMinutes: HOURLY_MINUTES, urgency: 'urgent' },
  high: { band: 'high', observeWithinMinutes: 0, urgency: 'emergency' },
} as const satisfies Record<string, News2Response>;

/** Response to a total in which one parameter has at most these points. */
export function news2Response(total: number, most: Points): News2Response {
  if (total >= HIGH_FROM) return RESPONSES.high;
  if (total >= MEDIUM_FROM) return RESPONSES.medium;
  if (most === 3) return RESPONSES.single;
  return total === 0 ? RESPONSES.none : RESPONSES.low;
}

function notApplicable(patient: News2Patient): NotApplicable | undefined {
  if (patient.ageYears === null) return 'age-unknown';
  if (patient.ageYears < FIRST_AGE) return 'under-16';
  if (patient.isPregnant) return 'pregnancy';
  return patient.hasSpinalCordInjury ? 'spinal-cord-injury' : undefined;
}

/**
 * Points of the saturation. On scale 2, whether 93 % and more is too much depends on added oxygen: while that is not
 * known, such a value is as good as not known.
 */
function saturationPoints(inputs: News2Inputs, onScale2: boolean): Points | undefined {
  const { oxygenSaturation: measured, supplementalOxygen: oxygen } = inputs;
  if (measured === undefined) return undefined;
  if (!onScale2) return pointsOf('saturationScale1', measured.value);
  const onAir = pointsOf('saturationScale2OnAir', measured.value);
  const onOxygen = pointsOf('saturationScale2OnOxygen', measured.value);
  if (onAir === onOxygen) return onAir;
  if (oxygen === undefined) return undefined;
  return oxygen.value ? onOxygen : onAir;
}

function measuredPoints(
  inputs: News2Inputs,
  scale: 'respiratoryRate' | 'systolicPressure' | 'pulse' | 'temperature',
): Points | undefined {
  const measured = inputs[scale];
  return measured === undefined ? undefined : pointsOf(scale, measured.value);
}

function chartedPoints({
  supplementalOxygen: oxygen,
  consciousness,
}: News2Inputs): Readonly<Record<'supplementalOxygen' | 'consciousness', Points | undefined>> {
  return {
    supplementalOxygen: oxygen === undefined ? undefined : oxygenPoints(oxygen.value),
    consciousness:
      consciousness === undefined ? undefined : consciousnessPoints(consciousness.value),
  };
}

function allPoints(inputs: News2Inputs, onScale2: boolean): News2Points {
  const points: Readonly<Record<News2Parameter, Points | undefined>> = {
    respiratoryRate: measuredPoints(inputs, 'respiratoryRate'),
    oxygenSaturation: saturationPoints(inputs, onScale2),
    systolicPressure: measuredPoints(inputs, 'systolicPressure'),
    pulse: measuredPoints(inputs, 'pulse'),
    temperature: measuredPoints(inputs, 'temperature'),
    ...chartedPoints(inputs),
  };
  return Object.fromEntries(
    NEWS2_PARAMETERS.flatMap((name) => (points[name] === undefined ? [] : [[name, points[name]]])),
  );
}

function onlyFresh(inputs: News2Inputs, nowMs: number): News2Inputs {
  const fresh = NEWS2_PARAMETERS.flatMap((name) => {
    const input = inputs[name];
    return input !== undefined && isFresh(name, input.atMs, nowMs) ? [[name, input] as const] : [];
  });
  return Object.fromEntries(fresh);
}

/**
 * NEWS2 at a time. There is a total only when all seven parameters are known and recent enough; a parameter that is not
 * known never counts as 0 points.
 *
 * @param nowMs Unix milliseconds.
 */
export function news2(inputs: News2Inputs, patient: News2Patient, nowMs: number): News2 {
  const reason = notApplicable(patient);
  if (reason !== undefined) return { status: 'not-applicable', reason };
  const onScale2 = patient.scale2 !== null && patient.scale2.fromMs <= nowMs;
  const fresh = onlyFresh(inputs, nowMs);
  const points = allPoints(fresh, onScale2);
  const each = Object.values(points);
  const total = each.reduce<number>((sum, one) => sum + one, 0);
  const response = news2Response(total, each.includes(3) ? 3 : 0);
  const counted: Counted = { points, known: each.length, of: 7 };
  if (each.length === NEWS2_PARAMETERS.length) {
    return { status: 'complete', ...counted, total, response };
  }
  const unknown = NEWS2_PARAMETERS.filter((name) => points[name] === undefined);
  return {
    status: 'partial',
    ...counted,
    missing: unknown.filter((name) => inputs[name] === undefined),
    stale: unknown.filter((name) => inputs[name] !== undefined && fresh[name] === undefined),
    undetermined: unknown.filter((name) => fresh[name] !== undefined),
    ...(response.band === 'low' ? {} : { atLeast: { total, response } }),
  };
}
