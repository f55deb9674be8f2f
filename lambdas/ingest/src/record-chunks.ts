import {
  type ChunkResult,
  type ErrorCode,
  type LedgerPlace,
  PulseError,
  QUARANTINE_REASONS,
  type QuarantineReason,
} from '@pulseledger/domain';
import {
  type LedgerTransaction,
  MAX_BATCH_TRANSACTIONS,
  parseRecordChunksResult,
  recordChunksTransaction,
  type TransactionOutcome,
} from '@pulseledger/ledger';
import { type Load, type PackedChunk, packChunks } from './pack.ts';
import type { ReceivedChunk } from './parse-message.ts';
import { TransactionSize } from './transaction-size.ts';

/** Transactions that one batch of messages may spend on finding out which chunk the contract fails on. */
const MAX_SPLIT_TRANSACTIONS = 64;

/** Contract errors about the caller, not about a chunk: to quarantine for them would be to blame the device. */
const CALLER_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'access_denied',
  'unauthenticated',
  'wrong_organization_for_role',
  'subject_commitment_mismatch',
]);

/** What became of a chunk: on the ledger, refused for ever, or not known or not possible now. */
export type Verdict =
  | ({ readonly status: 'recorded' | 'already' } & LedgerPlace)
  | { readonly status: 'refused'; readonly reason: QuarantineReason }
  | { readonly status: 'return' };

/** A chunk with what became of it. */
export interface JudgedChunk {
  readonly chunk: PackedChunk;
  readonly verdict: Verdict;
}

/** Submits transactions side by side; see `BatchSigner.submitAll`. */
export type SubmitAll = (
  transactions: readonly LedgerTransaction[],
) => Promise<readonly TransactionOutcome[]>;

/** Verdicts and the outcomes they rest on. */
export interface RecordReport {
  readonly judged: readonly JudgedChunk[];
  readonly outcomes: readonly TransactionOutcome[];
  /** Why whole batches of transactions could not even be begun, for example without an identity. */
  readonly troubles: readonly ErrorCode[];
}

/**
 * Records chunks in as few transactions as the size allows, which it teaches, and judges every chunk by itself. A transaction that the
 * contract fails as a whole is split in halves until the chunk that it fails on stands alone.
 */
export async function recordChunks(
  received: readonly ReceivedChunk[],
  submitAll: SubmitAll,
  size: TransactionSize = new TransactionSize(),
): Promise<RecordReport> {
  const recorder = new Recorder(submitAll);
  for (const round of packChunks(received, size.limits)) {
    for (let at = 0; at < round.length; at += MAX_BATCH_TRANSACTIONS) {
      await recorder.submit(round.slice(at, at + MAX_BATCH_TRANSACTIONS));
    }
  }
  size.learn(recorder.outcomes);
  return recorder;
}

class Recorder implements RecordReport {
  readonly judged: JudgedChunk[] = [];
  readonly outcomes: TransactionOutcome[] = [];
  readonly troubles: ErrorCode[] = [];
  readonly #submitAll: SubmitAll;
  #splits = 0;

  constructor(submitAll: SubmitAll) {
    this.#submitAll = submitAll;
  }

  async submit(loads: readonly Load[]): Promise<void> {
    const transactions = loads.map((load) =>
      recordChunksTransaction(bytesOf(load), receivedTimesOf(load)),
    );
    const outcomes = await this.#try(transactions);
    this.outcomes.push(...outcomes);
    for (const [index, load] of loads.entries()) {
      await this.#settle(load, outcomes[index]);
    }
  }

  async #try(transactions: readonly LedgerTransaction[]): Promise<readonly TransactionOutcome[]> {
    try {
      return await this.#submitAll(transactions);
    } catch (error) {
      this.troubles.push(error instanceof PulseError ? error.code : 'internal');
      return [];
    }
  }

  async #settle(load: Load, outcome: TransactionOutcome | undefined): Promise<void> {
    if (outcome?.status === 'committed') {
      this.#judgeEach(load, outcome);
    } else if (outcome?.status === 'failed' && isAboutContent(outcome)) {
      await this.#isolate(load, outcome.error);
    } else {
      this.#judgeAll(load, { status: 'return' });
    }
  }

  async #isolate(load: Load, error: PulseError): Promise<void> {
    if (load.length === 1) {
      this.#judgeAll(load, { status: 'refused', reason: reasonOf(error.code) });
      return;
    }
    if (this.#splits >= MAX_SPLIT_TRANSACTIONS) {
      this.#judgeAll(load, { status: 'return' });
      return;
    }
    this.#splits += 2;
    const middle = Math.ceil(load.length / 2);
    // One after the other: both halves may hold chunks of one device.
    await this.submit([load.slice(0, middle)]);
    await this.submit([load.slice(middle)]);
  }

  #judgeEach(load: Load, committed: Extract<TransactionOutcome, { status: 'committed' }>): void {
    const results = resultsOf(committed.result);
    if (results.length !== load.length) {
      // On the ledger, but not readable which: what comes back will be answered "already".
      this.#judgeAll(load, { status: 'return' });
      return;
    }
    const { transactionId } = committed;
    const blockNumber = Number(committed.blockNumber);
    for (const [index, chunk] of load.entries()) {
      const result = results[index] ?? { status: 'already' };
      const verdict =
        result.status === 'refused' ? result : { ...result, transactionId, blockNumber };
      this.judged.push({ chunk, verdict });
    }
  }

  #judgeAll(load: Load, verdict: Verdict): void {
    this.judged.push(...load.map((chunk) => ({ chunk, verdict })));
  }
}

function bytesOf(load: Load): Uint8Array[] {
  return load.map(({ bytes }) => bytes);
}

function receivedTimesOf(load: Load): number[] {
  return load.map(({ message }) => message.receivedAtMs);
}

function isAboutContent(failed: Extract<TransactionOutcome, { status: 'failed' }>): boolean {
  const { kind, error } = failed;
  return kind === 'too_large' || (kind === 'contract' && !CALLER_CODES.has(error.code));
}

function reasonOf(code: ErrorCode): QuarantineReason {
  return QUARANTINE_REASONS.find((reason) => reason === code) ?? 'malformed';
}

function resultsOf(result: Uint8Array): readonly ChunkResult[] {
  try {
    return parseRecordChunksResult(result).results;
  } catch {
    return [];
  }
}
