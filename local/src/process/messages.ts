import { z } from 'zod';

/** What the supervisor says to a child process over the IPC channel. */
export type ToChild =
  | { readonly type: 'start'; readonly config: unknown }
  | { readonly type: 'drain' }
  | { readonly type: 'report' };

export const ToChild: z.ZodType<ToChild> = z.discriminatedUnion('type', [
  z.object({ type: z.literal('start'), config: z.unknown() }),
  z.object({ type: z.literal('drain') }),
  z.object({ type: z.literal('report') }),
]);

/** What a child process says to the supervisor. */
export type FromChild =
  | { readonly type: 'ready'; readonly info: unknown }
  | { readonly type: 'failed'; readonly code: string; readonly message: string }
  | { readonly type: 'drained' }
  | { readonly type: 'report'; readonly report: unknown };

export const FromChild: z.ZodType<FromChild> = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready'), info: z.unknown() }),
  z.object({ type: z.literal('failed'), code: z.string(), message: z.string() }),
  z.object({ type: z.literal('drained') }),
  z.object({ type: z.literal('report'), report: z.unknown() }),
]);
