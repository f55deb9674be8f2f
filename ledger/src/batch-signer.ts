import { setTimeout as delay } from 'node:timers/promises';
import { PulseError } from '@pulseledger/domain';
import { type BulkheadPolicy, bulkhead } from 'cockatiel';
import type { LedgerConnection } from './connection.ts';
import { type LedgerTransaction, newProposal, signMessages, toUnsigned } from './messages.ts';
import { NO_OBSERVER, type SubmissionObserver } from './observer.ts';
import type { Signatory, SignatorySource } from './signatory.ts';
import { type RunContext, type TransactionOutcome, TransactionRun } from './transaction-run.ts';

/**
 * Transactions in one batch. All proposals are signed before the first is sent, and a peer refuses a proposal
 * that is older than a minute (`peer.authentication.timewindow`).
 */
export const MAX_BATCH_TRANSACTIONS = 128;

/**
 * Endorsements under way at the same time. An endorsing chaincode works on one thread: asked for more at once, it finishes
 * all of them late instead of one after the other, and then nothing is endorsed while all of them wait for their block.
 */
const ENDORSEMENTS_AT_ONCE = 3;
/** Endorsements that may wait for their turn, over all batches. */
const MAX_WAITING_ENDORSEMENTS = 10_000;

/** Options of {@link BatchSigner}. */
export interface BatchSignerOptions {
  readonly connection: LedgerConnection;
  readonly signatories: SignatorySource;
  /** MSP ids of the organizations that must endorse every transaction. */
  readonly endorsers: readonly string[];
  readonly now?: () => number;
  readonly sleep?: (ms: number) => Promise<void>;
  /** In [0, 1); spreads retries. */
  readonly random?: () => number;
  readonly endorsementsAtOnce?: number;
  /** Told of retries and unknown commits. */
  readonly observer?: SubmissionObserver | undefined;
}

/** Limits of one batch. */
export interface BatchOptions {
  /** Transactions under way at the same time. */
  readonly concurrency: number;
  /** Unix milliseconds after which nothing new is begun; what is under way then ends `unknown`. */
  readonly giveUpAtMs?: number | undefined;
}

/**
 * Submits batches of transactions: all are built, signed off-line in one pass, endorsed by every named organization
 * and submitted side by side, each with its own outcome.
 */
export class BatchSigner {
  readonly #options: BatchSignerOptions;
  readonly #endorsing: BulkheadPolicy;

  constructor(options: BatchSignerOptions) {
    this.#options = options;
    const atOnce = options.endorsementsAtOnce ?? ENDORSEMENTS_AT_ONCE;
    this.#endorsing = bulkhead(atOnce, MAX_WAITING_ENDORSEMENTS);
  }

  /**
   * Outcomes in the order of the transactions. Nothing that the ledger does makes it throw.
   * When the ledger refuses the identity itself, those transactions are tried once more with another one.
   * @throws PulseError `invalid_input` for more than {@link MAX_BATCH_TRANSACTIONS} transactions.
   * @throws PulseError when there is no identity to sign with.
   */
  async submitAll(
    transactions: readonly LedgerTransaction[],
    options: BatchOptions,
  ): Promise<TransactionOutcome[]> {
    if (transactions.length > MAX_BATCH_TRANSACTIONS) {
      throw new PulseError('invalid_input', 'There are too many transactions in one batch.');
    }
    const { signatories } = this.#options;
    const signatory = await signatories.current();
    const outcomes = await this.#submit(signatory, transactions, options);
    const refused = [...outcomes.keys()].filter((index) => isRefused(outcomes[index]));
    const other = refused.length > 0 ? await signatories.afterRefusal(signatory) : undefined;
    if (other === undefined) {
      return outcomes;
    }
    const again = refused.flatMap((index) => transactions[index] ?? []);
    const second = await this.#submit(other, again, options);
    for (const [at, index] of refused.entries()) {
      outcomes[index] = second[at] ?? missing();
    }
    return outcomes;
  }

  async #submit(
    signatory: Signatory,
    transactions: readonly LedgerTransaction[],
    options: BatchOptions,
  ): Promise<TransactionOutcome[]> {
    const { connection, endorsers } = this.#options;
    const context: RunContext = {
      connection,
      signatory,
      endorsers,
      giveUpAtMs: options.giveUpAtMs ?? Number.POSITIVE_INFINITY,
      now: this.#options.now ?? Date.now,
      sleep: this.#options.sleep ?? ((ms) => delay(ms)),
      random: this.#options.random ?? Math.random,
      endorsing: (work) => this.#endorsing.execute(work),
      observer: this.#options.observer ?? NO_OBSERVER,
    };
    const gateway = connection.builder(signatory);
    const unsigned = transactions.map((transaction) =>
      toUnsigned(
        newProposal(gateway, { connection, signatory, transaction, organizations: endorsers }),
      ),
    );
    const proposals = await signMessages(signatory, unsigned);
    const slots = bulkhead(options.concurrency, MAX_BATCH_TRANSACTIONS);
    return Promise.all(
      transactions.map((transaction, index) => {
        const run = new TransactionRun(context, transaction, proposals[index] ?? missing());
        return slots.execute(() => run.finish());
      }),
    );
  }
}

function isRefused(outcome: TransactionOutcome | undefined): boolean {
  return outcome?.status === 'failed' && outcome.kind === 'identity';
}

function missing(): never {
  throw new RangeError('A transaction of the batch has been lost.');
}
