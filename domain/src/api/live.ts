import { z } from 'zod';
import { Identifier, MomentMs } from '../identifiers.ts';

/** Most patients that one page listens to. */
export const MAX_LIVE_PATIENTS = 100;

/** Body of `POST /live`. */
export interface LiveRequest {
  readonly patientIds: readonly string[];
}
export const LiveRequest: z.ZodType<LiveRequest> = z.strictObject({
  patientIds: z.array(Identifier).min(1).max(MAX_LIVE_PATIENTS),
});

/** Its answer: with what to connect to the live channel, and which topic is whose. */
export interface LiveAnswer {
  /** MQTT password. */
  readonly ticket: string;
  readonly clientId: string;
  /** Of the patients whose record the caller may read; the others are left out. */
  readonly topics: readonly { readonly patientId: string; readonly topic: string }[];
  readonly expiresAtMs: number;
}
export const LiveAnswer: z.ZodType<LiveAnswer> = z.object({
  ticket: z.string(),
  clientId: z.string(),
  topics: z.array(z.object({ patientId: Identifier, topic: z.string() })),
  expiresAtMs: MomentMs,
});
