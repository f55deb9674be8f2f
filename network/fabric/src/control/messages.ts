import { z } from 'zod';
import { type Operation, operationSchema } from '../operation.ts';

/** What the network's process is asked over its control socket: one line of JSON. */
export type ControlRequest =
  | { readonly ask: 'perform'; readonly operation: Operation }
  | { readonly ask: 'resume' }
  | { readonly ask: 'stop-node' | 'start-node'; readonly node: string };

export const controlRequest: z.ZodType<ControlRequest> = z.discriminatedUnion('ask', [
  z.strictObject({ ask: z.literal('perform'), operation: operationSchema }),
  z.strictObject({ ask: z.literal('resume') }),
  z.strictObject({ ask: z.enum(['stop-node', 'start-node']), node: z.string() }),
]);

/** A line of its answer: any number of steps, then `done` or `failed`. */
export type ControlAnswer =
  | { readonly type: 'step'; readonly step: string; readonly tookMs: number }
  | { readonly type: 'done' }
  | { readonly type: 'failed'; readonly message: string };

export const controlAnswer: z.ZodType<ControlAnswer> = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('step'), step: z.string(), tookMs: z.number() }),
  z.strictObject({ type: z.literal('done') }),
  z.strictObject({ type: z.literal('failed'), message: z.string() }),
]);
