import { randomBytes } from 'node:crypto';
import {
  type ChunkResult,
  chunkHeader,
  PulseError,
  type QuarantineReason,
  splitChunks,
} from '@pulseledger/domain';
import type { FailureKind, LedgerTransaction, TransactionOutcome } from '@pulseledger/ledger';

const TIMES = { endorseMs: 1, submitMs: 1, commitMs: 1, totalMs: 3 };

/** Records chunks as the contract does, in memory. */
export class MemoryLedger {
  /** Chunks by device, boot and first sequence, base64. */
  readonly recorded: Map<string, string> = new Map<string, string>();
  /** Chunks of each transaction, base64. */
  readonly transactions: string[][] = [];
  /** The next transactions do not commit. */
  readonly troubles: ('unknown' | FailureKind)[] = [];
  /** The contract fails on transactions with this chunk. */
  poison: { chunk: Uint8Array; code: ConstructorParameters<typeof PulseError>[0] } | undefined;
  /** Devices that the contract refuses. */
  readonly refused: Map<string, QuarantineReason> = new Map<string, QuarantineReason>();
  #block = 10;

  readonly submitAll = (
    transactions: readonly LedgerTransaction[],
  ): Promise<TransactionOutcome[]> =>
    Promise.resolve(transactions.map((transaction) => this.#submit(transaction)));

  #submit({ transient }: LedgerTransaction): TransactionOutcome {
    const joined = transient['chunks'];
    if (!(joined instanceof Uint8Array)) throw new TypeError('no chunks');
    const chunks = splitChunks(joined);
    this.transactions.push(chunks.map(base64));
    const common = { transactionId: randomBytes(32).toString('hex'), times: TIMES, steps: 3 };
    const trouble = this.troubles.shift();
    if (trouble === 'unknown') {
      return { ...common, status: 'unknown', error: new PulseError('commit_unknown') };
    }
    if (trouble !== undefined) {
      const error = new PulseError(trouble === 'contract' ? 'access_denied' : 'unavailable');
      return { ...common, status: 'failed', kind: trouble, error };
    }
    const { poison } = this;
    if (poison !== undefined && chunks.map(base64).includes(base64(poison.chunk))) {
      const error = new PulseError(poison.code);
      return { ...common, status: 'failed', kind: 'contract', error };
    }
    this.#block += 1;
    const results = chunks.map((chunk) => this.#record(chunk));
    return {
      ...common,
      status: 'committed',
      result: Buffer.from(JSON.stringify({ results, root: null })),
      blockNumber: BigInt(this.#block),
    };
  }

  #record(chunk: Uint8Array): ChunkResult {
    const { deviceId, boot, firstSequence } = chunkHeader(chunk);
    const reason = this.refused.get(deviceId);
    if (reason !== undefined) return { status: 'refused', reason };
    const key = `${deviceId}.${boot}.${firstSequence}`;
    const known = this.recorded.get(key);
    if (known === undefined) {
      this.recorded.set(key, base64(chunk));
      return { status: 'recorded' };
    }
    return known === base64(chunk)
      ? { status: 'already' }
      : { status: 'refused', reason: 'sequence_conflict' };
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
