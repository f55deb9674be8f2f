import { z } from 'zod';
import { Identifier, MomentMs } from '../identifiers.ts';

/** Where a page of a laboratory's worklist ended. */
export interface OrderPlace {
  readonly patientId: string;
  readonly orderId: string;
}
const OrderPlace: z.ZodType<OrderPlace> = z.strictObject({
  patientId: Identifier,
  orderId: Identifier,
});

/** Input of `record:ListOrders`, by a laboratory. */
export interface ListOrdersInput {
  readonly pageSize: number;
  readonly after?: OrderPlace | undefined;
}
export const ListOrdersInput: z.ZodType<ListOrdersInput> = z.strictObject({
  pageSize: z.int().min(1).max(100),
  after: OrderPlace.optional(),
});

/** An order that a laboratory has to answer. */
export interface OrderToAnswer extends OrderPlace {
  readonly fromMs: number;
  /** Half-open: until then it may be answered. */
  readonly untilMs: number | null;
}
export const OrderToAnswer: z.ZodType<OrderToAnswer> = z.object({
  patientId: Identifier,
  orderId: Identifier,
  fromMs: MomentMs,
  untilMs: MomentMs.nullable(),
});

/** Answer of `record:ListOrders`, by patient; a page may be short, or empty, and say where it ended. */
export interface ListOrdersOutput {
  readonly orders: readonly OrderToAnswer[];
  readonly next?: OrderPlace | undefined;
}
export const ListOrdersOutput: z.ZodType<ListOrdersOutput> = z.object({
  orders: z.array(OrderToAnswer),
  next: OrderPlace.optional(),
});
