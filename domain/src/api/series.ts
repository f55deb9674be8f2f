import { z } from 'zod';
import { MomentMs } from '../identifiers.ts';
import { VITAL_CODES, type VitalCode } from '../vital-signs.ts';

/** How dense the points of a series are: every value, or a summary of each minute or hour. */
export const SERIES_STEPS = ['raw', 'minute', 'hour'] as const;
export type SeriesStep = (typeof SERIES_STEPS)[number];
/** Points in one answer; a longer time is answered with a coarser step. */
export const MAX_SERIES_POINTS = 4_000;

/** One point: with `raw`, all of low, high and mean are the value. */
export interface SeriesPoint {
  /** Of the value, or the start of the minute or hour. */
  readonly atMs: number;
  readonly low: number;
  readonly high: number;
  readonly mean: number;
  /** Values it stands for; 0 where the sensor said that it had none. */
  readonly count: number;
}

/** One code in one unit. */
export interface Series {
  readonly code: VitalCode;
  readonly unit: string;
  readonly points: readonly SeriesPoint[];
}

/** Answer of `GET /patients/{id}/series?code=&code=&fromMs=&toMs=&step=`. */
export interface SeriesAnswer {
  /** May be coarser than asked for. */
  readonly step: SeriesStep;
  readonly series: readonly Series[];
}
export const SeriesAnswer: z.ZodType<SeriesAnswer> = z.object({
  step: z.enum(SERIES_STEPS),
  series: z.array(
    z.object({
      code: z.enum(VITAL_CODES),
      unit: z.string(),
      points: z.array(
        z.object({
          atMs: MomentMs,
          low: z.number(),
          high: z.number(),
          mean: z.number(),
          count: z.int().min(0),
        }),
      ),
    }),
  ),
});
