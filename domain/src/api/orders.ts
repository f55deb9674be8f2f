import { z } from 'zod';
import { OrderFor, Repeat } from '../clinical/documents.ts';
import { FhirResource } from '../clinical/resource.ts';
import { OrderToAnswer } from '../clinical/worklist.ts';
import { Identifier, MomentMs } from '../identifiers.ts';

/** A result that stands for a new one still. */
export interface EquivalentResult {
  readonly recordId: string;
  /** When the specimen was taken. */
  readonly takenAtMs: number;
  /** MSP of the organization that wrote it. */
  readonly mspId: string;
  readonly resource: FhirResource;
}

/** Answer of `GET /patients/{id}/equivalents?loinc=`: what the doctor is shown before a test is ordered, newest first. */
export interface EquivalentsAnswer {
  /** Days for which a result of this test stands for a new one; null for a test that is not in the table. */
  readonly validityDays: number | null;
  readonly results: readonly EquivalentResult[];
}
export const EquivalentsAnswer: z.ZodType<EquivalentsAnswer> = z.object({
  validityDays: z.number().nullable(),
  results: z.array(
    z.object({
      recordId: Identifier,
      takenAtMs: MomentMs,
      mspId: z.string(),
      resource: FhirResource,
    }),
  ),
});

/** Body of `POST /patients/{id}/orders`. */
export interface OrderRequest {
  /** ServiceRequest. */
  readonly resource: FhirResource;
  /** Which laboratory may answer, and until when. */
  readonly orderFor?: OrderFor | undefined;
  /** Needed when there are equivalent results: the reason, and those that were shown, the newest at least. */
  readonly repeat?: Repeat | undefined;
}
export const OrderRequest: z.ZodType<OrderRequest> = z.strictObject({
  resource: FhirResource,
  orderFor: OrderFor.optional(),
  repeat: Repeat.optional(),
});

/** Answer of `GET /orders`: what the caller's laboratory has to answer. */
export interface WorklistAnswer {
  readonly orders: readonly OrderToAnswer[];
  readonly bookmark?: string | undefined;
}
export const WorklistAnswer: z.ZodType<WorklistAnswer> = z.object({
  orders: z.array(OrderToAnswer),
  bookmark: z.string().optional(),
});

/** Answer of `POST /patients/{id}/orders`. */
export interface OrderAnswer {
  readonly recordId: string;
}
export const OrderAnswer: z.ZodType<OrderAnswer> = z.object({ recordId: Identifier });
