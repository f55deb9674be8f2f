import { z } from 'zod';
import { MomentMs } from '../identifiers.ts';
import { CONSCIOUSNESS, NEWS2_PARAMETERS, type News2Parameter } from '../news2/parameters.ts';
import type { Points } from '../news2/points.ts';
import type { News2, News2Response } from '../news2/score.ts';

/** One input, also when it is too old to count. */
export interface News2Input {
  readonly parameter: News2Parameter;
  readonly value: number | boolean | string;
  readonly atMs: number;
  readonly ageMs: number;
  /** Older ones do not count. */
  readonly maxAgeMs: number;
}

/** Answer of `GET /patients/{id}/news2`. */
export interface News2Answer {
  readonly atMs: number;
  /** Of oxygen saturation; 2 only by a prescriber's order. */
  readonly scale: 1 | 2;
  readonly score: News2;
  readonly inputs: readonly News2Input[];
}

const Parameter = z.enum(NEWS2_PARAMETERS);
const Point: z.ZodType<Points> = z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]);
const Response: z.ZodType<News2Response> = z.object({
  band: z.enum(['low', 'low-medium', 'medium', 'high']),
  observeWithinMinutes: z.int(),
  urgency: z.enum(['routine', 'ward-doctor', 'urgent', 'emergency']),
});
const counted = {
  points: z.partialRecord(Parameter, Point),
  known: z.int(),
  of: z.literal(7),
};
const Score: z.ZodType<News2> = z.discriminatedUnion('status', [
  z.object({
    status: z.literal('not-applicable'),
    reason: z.enum(['age-unknown', 'under-16', 'pregnancy', 'spinal-cord-injury']),
  }),
  z.object({ status: z.literal('complete'), ...counted, total: z.int(), response: Response }),
  z.object({
    status: z.literal('partial'),
    ...counted,
    missing: z.array(Parameter),
    stale: z.array(Parameter),
    undetermined: z.array(Parameter),
    atLeast: z.object({ total: z.int(), response: Response }).exactOptional(),
  }),
]);
export const News2Answer: z.ZodType<News2Answer> = z.object({
  atMs: MomentMs,
  scale: z.union([z.literal(1), z.literal(2)]),
  score: Score,
  inputs: z.array(
    z.object({
      parameter: Parameter,
      value: z.union([z.number(), z.boolean(), z.enum(CONSCIOUSNESS)]),
      atMs: MomentMs,
      ageMs: z.number(),
      maxAgeMs: z.number(),
    }),
  ),
});
