import type { VitalCode } from '@pulseledger/domain';
import { z } from 'zod';

const STATISTICS = [
  'average',
  'count',
  'maximum',
  'median',
  'minimum',
  'standard deviation',
  'sum',
  'variance',
  '20th percentile',
  '80th percentile',
  'lower quartile',
  'upper quartile',
  'quartile deviation',
  '1st quintile',
  '2nd quintile',
  '3rd quintile',
  '4th quintile',
] as const;
/** What a value is of many measurements; without one it is a single measurement. */
export type Statistic = (typeof STATISTICS)[number];

/** A duration; months and years are left out because they have no fixed length. */
export const MS_PER_UNIT = {
  ms: 1,
  sec: 1_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  wk: 604_800_000,
} as const;
const DurationUnit = z.enum(['ms', 'sec', 'min', 'h', 'd', 'wk']);

/** Two of start, end and duration; texts are RFC 3339. */
export interface TimeInterval {
  readonly start_date_time?: string | undefined;
  readonly end_date_time?: string | undefined;
  readonly duration?:
    | { readonly value: number; readonly unit: keyof typeof MS_PER_UNIT }
    | undefined;
}

const TimeInterval: z.ZodType<TimeInterval> = z
  .object({
    start_date_time: z.string().optional(),
    end_date_time: z.string().optional(),
    duration: z.object({ value: z.number().min(0), unit: DurationUnit }).optional(),
  })
  .refine(
    (t) =>
      [t.start_date_time, t.end_date_time, t.duration].filter((part) => part !== undefined)
        .length === 2,
    'expected two of start_date_time, end_date_time and duration',
  );

/** A moment or an interval. */
export interface TimeFrame {
  readonly date_time?: string | undefined;
  readonly time_interval?: TimeInterval | undefined;
}

const TimeFrame: z.ZodType<TimeFrame> = z
  .object({ date_time: z.string().optional(), time_interval: TimeInterval.optional() })
  .refine(
    (frame) => (frame.date_time === undefined) !== (frame.time_interval === undefined),
    'expected either date_time or time_interval',
  );

/** What all bodies share: when it was measured, and as what statistic. */
export interface BodyFrame {
  readonly effective_time_frame?: TimeFrame | undefined;
  readonly descriptive_statistic?: Statistic | undefined;
  readonly specimen_source?: string | undefined;
  readonly blood_specimen_type?: string | undefined;
}

/**
 * The fields beside the value, of every published version of every measure we read
 * (https://github.com/openmhealth/schemas): a body that breaks one of them is not what it says.
 */
export const BodyFrame: z.ZodType<BodyFrame> = z.object({
  effective_time_frame: TimeFrame.optional(),
  descriptive_statistic: z.enum(STATISTICS).optional(),
  temporal_relationship_to_physical_activity: z
    .enum(['at rest', 'active', 'before exercise', 'after exercise', 'during exercise'])
    .optional(),
  temporal_relationship_to_sleep: z
    .enum(['before sleeping', 'during sleep', 'on waking'])
    .optional(),
  temporal_relationship_to_meal: z
    .enum([
      'fasting',
      'not fasting',
      'before meal',
      'after meal',
      'before breakfast',
      'after breakfast',
      'before lunch',
      'after lunch',
      'before dinner',
      'after dinner',
      '2 hours postprandial',
      'not related to meals',
      'with meal',
      'with food',
    ])
    .optional(),
  blood_specimen_type: z.enum(['whole blood', 'plasma', 'serum']).optional(),
  specimen_source: z
    .enum([
      'whole blood',
      'capillary blood',
      'plasma',
      'serum',
      'interstitial fluid',
      'lacrimal fluid',
      'tears',
      'breath',
      'saliva',
      'sweat',
      'urine',
    ])
    .optional(),
  body_posture: z.enum(['sitting', 'lying down', 'standing', 'semi-recumbent']).optional(),
  system: z.enum(['peripheral capillary']).optional(),
  measurement_method: z.enum(['pulse oximetry']).optional(),
  oxygen_therapy_mode_of_administration: z.enum(['nasal cannula']).optional(),
  supplemental_oxygen_flow_rate: z
    .object({ value: z.number(), unit: z.enum(['L/min']) })
    .optional(),
  user_notes: z.string().optional(),
});

/** A value of a body: the field's name, and what its units are for us. */
interface Part {
  readonly field: string;
  readonly units: Readonly<Record<string, readonly [VitalCode, unit: string]>>;
}

/** The measures we read, by the fields that hold their values. */
export const MEASURES: readonly (readonly Part[])[] = [
  [{ field: 'heart_rate', units: { 'beats/min': ['8867-4', '/min'] } }],
  [{ field: 'respiratory_rate', units: { 'breaths/min': ['9279-1', '/min'] } }],
  [{ field: 'oxygen_saturation', units: { '%': ['59408-5', '%'] } }],
  [{ field: 'body_temperature', units: { C: ['8310-5', 'Cel'], F: ['8310-5', '[degF]'] } }],
  [
    { field: 'systolic_blood_pressure', units: { mmHg: ['8480-6', 'mm[Hg]'] } },
    { field: 'diastolic_blood_pressure', units: { mmHg: ['8462-4', 'mm[Hg]'] } },
  ],
  [
    {
      field: 'blood_glucose',
      units: { 'mg/dL': ['2339-0', 'mg/dL'], 'mmol/L': ['15074-8', 'mmol/L'] },
    },
  ],
  [{ field: 'step_count', units: { steps: ['55423-8', '{steps}'] } }],
];

/** A number with a unit. */
export interface UnitValue {
  readonly value: number;
  readonly unit: string;
}
export const UnitValue: z.ZodType<UnitValue> = z.object({ value: z.number(), unit: z.string() });

/** Header of a data point, as far as it concerns us. */
export interface PointHeader {
  readonly id: string;
  readonly schema_id: {
    readonly namespace: string;
    readonly name: string;
    readonly version: string;
  };
  readonly acquisition_provenance?: { readonly source_name: string } | undefined;
  readonly user_id?: string | undefined;
}
export const PointHeader: z.ZodType<PointHeader> = z.object({
  id: z.string().max(256),
  creation_date_time: z.string(),
  schema_id: z.object({ namespace: z.string(), name: z.string(), version: z.string() }),
  acquisition_provenance: z
    .object({
      source_name: z.string().max(256),
      modality: z.enum(['sensed', 'self-reported']).optional(),
    })
    .optional(),
  user_id: z.string().max(256).optional(),
});
