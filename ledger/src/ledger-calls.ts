import {
  ChangeOutput,
  EmergencyIntent,
  PROVIDER_MSP_IDS,
  PulseError,
  type Purpose,
  type RecordClass,
  type Role,
} from '@pulseledger/domain';
import type { z } from 'zod';
import { type AccessRequest, Attestor } from './attestor.ts';
import { type BatchOptions, BatchSigner } from './batch-signer.ts';
import { purposeOf, roleOf } from './caller-role.ts';
import { Charts, type OpeningOptions } from './charts.ts';
import { decode, encode } from './coding.ts';
import type { LedgerConnection } from './connection.ts';
import { Evaluator } from './evaluator.ts';
import type { IntentReads } from './intent-reads.ts';
import type { LedgerTransaction } from './messages.ts';
import type { ChartOwner, Permits } from './opened-chart.ts';
import type { PermitCache } from './permit-cache.ts';
import type { SignatorySource } from './signatory.ts';
import type { TransactionOutcome } from './transaction-run.ts';

/** Tries of a change whose attestation grew stale on the way. */
const ATTESTED_TRIES = 3;
/** Openings of one batch that are under way at the same time. */
const CHARTS_AT_ONCE = 32;

/** Options of {@link LedgerCalls} and of the clients that are made of it. */
export interface LedgerCallsOptions {
  readonly connection: LedgerConnection;
  readonly signatories: SignatorySource;
  /** Shared by the clients of one process, so that a chart is opened once for all requests of a person. */
  readonly permits?: PermitCache | undefined;
  /** Of a function that runs in several instances: lets them find each other's open charts. */
  readonly permitKey?: (() => Promise<Uint8Array>) | undefined;
  /** Purpose of use; the usual one of the role when left out. */
  readonly purpose?: Purpose | undefined;
  /**
   * Of an organization's API that reads for a medic while nothing can be ordered. It stands for the permit of every read,
   * whose `permitId` is the intent's.
   */
  readonly intent?: EmergencyIntent | undefined;
  /** Whoever reads instead, when a permit is an intent's. */
  readonly intents?: IntentReads | undefined;
}

/** What is asked before a change: which decision both organizations have to attest. */
export type ChangeRequest = Omit<AccessRequest, 'purpose'> & {
  readonly purpose?: Purpose | undefined;
};

/**
 * Calls of contract functions as one person or service, with checked input and output: evaluated, submitted, submitted with
 * an attested decision, and evaluated by virtue of an open chart.
 */
export class LedgerCalls {
  readonly attestor: Attestor;
  readonly charts: Charts;
  readonly #options: LedgerCallsOptions;
  readonly #evaluator: Evaluator;
  readonly #signer: BatchSigner;

  constructor(options: LedgerCallsOptions) {
    const { signatories, permits: cache, permitKey, purpose } = options;
    this.#options = options;
    this.#evaluator = new Evaluator(options);
    this.#signer = new BatchSigner({ ...options, endorsers: PROVIDER_MSP_IDS });
    this.attestor = new Attestor({ evaluator: this.#evaluator });
    this.charts = new Charts({
      ...{ attestor: this.attestor, signatories, cache, permitKey, purpose },
      submitAll: (transactions, opening) => this.#openAll(transactions, opening),
    });
  }

  /** Evaluates a function at the caller's own organization. */
  async read<In, Out>(
    name: string,
    schema: z.ZodType<In>,
    input: In,
    output: z.ZodType<Out>,
  ): Promise<Out> {
    const { intent, intents } = this.#options;
    const instead = intents?.of(input);
    if (instead !== undefined) return instead.read(name, schema, input, output);
    const further = intent === undefined ? {} : { intent: encode(EmergencyIntent, intent) };
    const transaction = { name, transient: { input: encode(schema, input), ...further } };
    return decode(output, await this.#evaluator.evaluate(transaction));
  }

  /** Evaluates a function that demands an open chart; it is opened for this class when no permit is given. */
  readOpened<In, Out>(
    name: string,
    call: {
      readonly schema: z.ZodType<In>;
      readonly input: (permitId: string) => In;
      readonly output: z.ZodType<Out>;
      readonly owner: ChartOwner;
      readonly recordClass: RecordClass;
      /** Of a chart that the caller opened. */
      readonly permitId?: string | undefined;
    },
  ): Promise<Out> {
    const { schema, input, output, owner, recordClass } = call;
    const permitId = call.permitId ?? this.#options.intent?.permitId;
    const ask = (permit: string): Promise<Out> => this.read(name, schema, input(permit), output);
    if (permitId !== undefined) return ask(permitId);
    const askWith = (permits: Permits): Promise<Out> => ask(permits.get(recordClass) ?? '');
    return this.charts.reading(owner, [recordClass], askWith);
  }

  /** Submits a function that changes something. */
  change<In>(
    name: string,
    schema: z.ZodType<In>,
    input: In,
    options?: Partial<BatchOptions>,
  ): Promise<ChangeOutput> {
    return this.submit(name, schema, input, ChangeOutput, options);
  }

  /** Submits a function whose public answer says more than that. */
  async submit<In, Out>(
    name: string,
    schema: z.ZodType<In>,
    input: In,
    output: z.ZodType<Out>,
    options: Partial<BatchOptions> = {},
  ): Promise<Out> {
    const transaction = { name, transient: { input: encode(schema, input) } };
    return decode(output, await this.submitTransaction(transaction, options));
  }

  /** Submits a function that only the caller's own organization endorses. */
  async changeOwn<In>(name: string, schema: z.ZodType<In>, input: In): Promise<ChangeOutput> {
    const { mspId } = await this.#options.signatories.current();
    if (this.#options.connection.mspId !== mspId) {
      // Whoever runs the peer that is talked to sees what is sent.
      throw new PulseError('access_denied', 'What is the own organization’s goes to its own peer.');
    }
    const signer = new BatchSigner({ ...this.#options, endorsers: [mspId] });
    const transaction = { name, transient: { input: encode(schema, input) } };
    return decode(ChangeOutput, await single(signer, transaction));
  }

  /** Submits a function that goes by an attested decision; a stale attestation is asked for anew. */
  async submitAttested<In, Out>(
    name: string,
    call: {
      readonly schema: z.ZodType<In>;
      readonly input: In;
      readonly output: z.ZodType<Out>;
      readonly request: ChangeRequest;
    },
  ): Promise<Out> {
    const input = encode(call.schema, call.input);
    for (let tries = 1; ; tries += 1) {
      const purpose = call.request.purpose ?? (await this.usualPurpose());
      const { attestation } = await this.attestor.access({ ...call.request, purpose });
      const transient = { input, attestation: JSON.stringify(attestation) };
      try {
        return decode(call.output, await this.submitTransaction({ name, transient }));
      } catch (error) {
        const isStale = error instanceof PulseError && error.code === 'attestation_stale';
        if (!isStale || tries === ATTESTED_TRIES) throw error;
      }
    }
  }

  /** The role in the caller's certificate. */
  async role(): Promise<Role | undefined> {
    return roleOf(await this.#options.signatories.current());
  }

  /** The purpose for which the caller acts when none is stated. */
  async usualPurpose(): Promise<Purpose> {
    return this.#options.purpose ?? purposeOf(await this.role());
  }

  /** Submits one transaction; the contract's answer. */
  submitTransaction(
    transaction: LedgerTransaction,
    options: Partial<BatchOptions> = {},
  ): Promise<Uint8Array> {
    return single(this.#signer, transaction, options);
  }

  /** Submits transactions in one batch; the outcome of each. */
  submitAll(
    transactions: readonly LedgerTransaction[],
    options: BatchOptions,
  ): Promise<TransactionOutcome[]> {
    return this.#signer.submitAll(transactions, options);
  }

  async #openAll(
    transactions: readonly LedgerTransaction[],
    opening: OpeningOptions,
  ): Promise<void> {
    const options = { concurrency: CHARTS_AT_ONCE, ...opening };
    const outcomes = await this.submitAll(transactions, options);
    for (const outcome of outcomes) if (outcome.status !== 'committed') throw outcome.error;
  }
}

async function single(
  signer: BatchSigner,
  transaction: LedgerTransaction,
  options: Partial<BatchOptions> = {},
): Promise<Uint8Array> {
  const [outcome] = await signer.submitAll([transaction], { concurrency: 1, ...options });
  if (outcome === undefined) throw new PulseError('internal');
  if (outcome.status === 'committed') return outcome.result;
  throw outcome.error;
}
