import { z } from 'zod';
import {
  ERASURE_SCOPES,
  Erasure,
  type ErasureScope,
  REFUSAL_REASONS,
  type RefusalReason,
  ReplayEntry,
} from '../clinical/erasure.ts';
import { Identifier, MomentMs } from '../identifiers.ts';

/** Body of `POST /patients/{id}/erasures`. */
export interface ErasureRequest {
  /** Readings of wearables at once, or the whole record after the custodians' answers. */
  readonly scope: ErasureScope;
}
export const ErasureRequest: z.ZodType<ErasureRequest> = z.strictObject({
  scope: z.enum(ERASURE_SCOPES),
});

/** Answer of `POST /patients/{id}/erasures`. */
export interface ErasureRequested {
  readonly requestId: string;
}
export const ErasureRequested: z.ZodType<ErasureRequested> = z.object({ requestId: Identifier });

/** Answer of `GET /patients/{id}/erasures`; a `destroyed` one is the receipt: how much, when, and a digest of what. */
export interface ErasuresAnswer {
  readonly erasures: readonly Erasure[];
}
export const ErasuresAnswer: z.ZodType<ErasuresAnswer> = z.object({ erasures: z.array(Erasure) });

/** Body of `POST /patients/{id}/erasures/{request}/answer`. */
export interface ErasureAnswerRequest {
  /** Null grants. */
  readonly refusal: RefusalReason | null;
  /** End of this organization's retention: nothing is destroyed before. */
  readonly retainUntilMs: number;
}
export const ErasureAnswerRequest: z.ZodType<ErasureAnswerRequest> = z.strictObject({
  refusal: z.enum(REFUSAL_REASONS).nullable(),
  retainUntilMs: MomentMs,
});

/** Answer of `POST /patients/{id}/erasures/{request}/carry-out`; ask again until it is done. */
export interface ErasureProgress {
  /** Keys purged by this call. */
  readonly purged: number;
  readonly done: boolean;
}
export const ErasureProgress: z.ZodType<ErasureProgress> = z.object({
  purged: z.int().min(0),
  done: z.boolean(),
});

/** Answer of `GET /erasures`: requests that wait for the caller's organization. */
export interface WaitingErasures {
  readonly erasures: readonly ReplayEntry[];
  readonly bookmark?: string | undefined;
}
export const WaitingErasures: z.ZodType<WaitingErasures> = z.object({
  erasures: z.array(ReplayEntry),
  bookmark: Identifier.optional(),
});
