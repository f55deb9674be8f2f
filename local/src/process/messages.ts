import { z } from 'zod';

/** Trouble that only the process itself can make for itself; for chaos runs. */
export type Disturbance =
  /** Every fsync of the queue takes so much longer, for a time. */
  | { readonly kind: 'slow-fsync'; readonly delayMs: number; readonly forMs: number }
  /** Messages that are being worked on are delivered again, as SQS may at any time. */
  | { readonly kind: 'redeliver' };

const disturbance: z.ZodType<Disturbance> = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('slow-fsync'),
    delayMs: z.int().min(0).max(60_000),
    forMs: z.int().min(0).max(600_000),
  }),
  z.object({ kind: z.literal('redeliver') }),
]);

/** What the supervisor says to a child process over the IPC channel. */
export type ToChild =
  | { readonly type: 'start'; readonly config: unknown }
  | { readonly type: 'report' }
  | { readonly type: 'disturb'; readonly disturbance: Disturbance };

export const ToChild: z.ZodType<ToChild> = z.discriminatedUnion('type', [
  z.object({ type: z.literal('start'), config: z.unknown() }),
  z.object({ type: z.literal('report') }),
  z.object({ type: z.literal('disturb'), disturbance }),
]);

/** What a child process says to the supervisor. */
export type FromChild =
  | { readonly type: 'ready'; readonly info: unknown }
  | { readonly type: 'failed'; readonly code: string; readonly message: string }
  | { readonly type: 'report'; readonly report: unknown };

export const FromChild: z.ZodType<FromChild> = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready'), info: z.unknown() }),
  z.object({ type: z.literal('failed'), code: z.string(), message: z.string() }),
  z.object({ type: z.literal('report'), report: z.unknown() }),
]);
