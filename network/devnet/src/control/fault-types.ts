import { z } from 'zod';

/** Which transactions a fault is for; what is not said matches all. */
export interface FaultMatch {
  readonly chaincode?: string | undefined;
  /** First argument of the transaction, e.g. `AssetContract:Create` or `Create`. */
  readonly functionName?: string | undefined;
  /** The creator's organization. */
  readonly creatorMspId?: string | undefined;
  readonly txId?: string | undefined;
}

/** What goes wrong. */
export type FaultKind =
  /** The transaction is ordered and gets MVCC_READ_CONFLICT, as if somebody had been faster. */
  | { readonly kind: 'conflict' }
  /** The second endorser answers something else than the first. */
  | { readonly kind: 'endorsement-mismatch' }
  /** The orderer answers that it has the transaction, and loses it. */
  | { readonly kind: 'drop' }
  /** Simulation (also of a query), or ordering, takes that much longer. */
  | { readonly kind: 'delay'; readonly at: 'simulation' | 'ordering'; readonly ms: number }
  /** One organization's peer commits without the private data, and gets it from nobody. */
  | { readonly kind: 'lose-private-data'; readonly peerMspId: string };

export interface Fault {
  readonly fault: FaultKind;
  /** For so many of the next transactions. */
  readonly times: number;
  readonly match: FaultMatch;
}

/** A fault that still waits for transactions. */
export interface ListedFault {
  readonly id: number;
  readonly fault: FaultKind;
  /** How many transactions more it is for. */
  readonly left: number;
  readonly match: FaultMatch;
}

const MAX_TIMES = 1_000_000;
const MAX_DELAY_MS = 10 * 60_000;
const text = z.string().min(1).max(1_000);

const match: z.ZodType<FaultMatch> = z.strictObject({
  chaincode: text.optional(),
  functionName: text.optional(),
  creatorMspId: text.optional(),
  txId: text.optional(),
});

const kind: z.ZodType<FaultKind> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('conflict') }),
  z.strictObject({ kind: z.literal('endorsement-mismatch') }),
  z.strictObject({ kind: z.literal('drop') }),
  z.strictObject({
    kind: z.literal('delay'),
    at: z.enum(['simulation', 'ordering']),
    ms: z.int().min(1).max(MAX_DELAY_MS),
  }),
  z.strictObject({ kind: z.literal('lose-private-data'), peerMspId: text }),
]);

export const faultSchema: z.ZodType<Fault> = z.strictObject({
  fault: kind,
  times: z.int().min(1).max(MAX_TIMES),
  match,
});

export const listedFaultSchema: z.ZodType<ListedFault> = z.strictObject({
  id: z.int(),
  fault: kind,
  left: z.int(),
  match,
});
