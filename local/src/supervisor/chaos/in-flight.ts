import { z } from 'zod';

/** What is under way at one moment; null: who could tell is down or does not answer. */
export interface InFlight {
  /** Readings in the devices' outboxes, not yet answered for by the ledger. */
  readonly outboxReadings: number | null;
  /** Messages of the ingest queue that wait. */
  readonly queueVisible: number | null;
  /** Messages that a function has received and not yet deleted. */
  readonly queueInFlight: number | null;
  /** Invocations of the ingest function. */
  readonly invocations: number | null;
  /** Transactions handed to the orderer whose commit is not yet known. */
  readonly transactions: number | null;
}

export interface LambdaHostReport {
  /** Invocations under way. */
  readonly running: number;
  /** Transactions handed to the orderer whose commit is not yet known. */
  readonly submitted: number;
}

export const lambdaHostReport: z.ZodType<LambdaHostReport> = z.object({
  running: z.int(),
  submitted: z.int(),
});

/** Whether anything at all was under way. */
export function isAnythingInFlight(inFlight: InFlight): boolean {
  return Object.values(inFlight).some((count: number | null) => count !== null && count > 0);
}

/** Most of each that was seen at once. */
export function mostInFlight(all: readonly InFlight[]): Record<keyof InFlight, number> {
  const most = (name: keyof InFlight): number =>
    all.reduce((sum, one) => Math.max(sum, one[name] ?? 0), 0);
  return {
    outboxReadings: most('outboxReadings'),
    queueVisible: most('queueVisible'),
    queueInFlight: most('queueInFlight'),
    invocations: most('invocations'),
    transactions: most('transactions'),
  };
}
