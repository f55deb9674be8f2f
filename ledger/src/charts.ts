import { randomBytes } from 'node:crypto';
import {
  type AttestedDecision,
  type EmergencyClaim,
  OpenChartInput,
  PERMIT_LIFE_MS,
  PulseError,
  type Purpose,
  type RecordClass,
} from '@pulseledger/domain';
import type { Attestor } from './attestor.ts';
import { purposeOf, roleOf } from './caller-role.ts';
import { encode } from './coding.ts';
import type { LedgerTransaction } from './messages.ts';
import type { SignatorySource } from './signatory.ts';

const ID_BYTES = 16;
/** A permit is not used in its last moments: the reading that it is for takes time as well. */
const MARGIN_MS = 15_000;
/** Charts that are remembered as open. */
const MAX_REMEMBERED = 10_000;

/** Whose chart: a patient's, or for an insurer what a share covers. */
export type ChartOwner = { readonly patientId: string } | { readonly shareId: string };

/** A chart to open. */
export type ChartRequest = ChartOwner & {
  readonly recordClasses: readonly RecordClass[];
  /** The usual one of the caller's role when left out. */
  readonly purpose?: Purpose | undefined;
  readonly emergency?: EmergencyClaim | undefined;
};

/** A chart that was opened, or refused: that is committed as well. */
export interface OpenedChart {
  readonly permitId: string;
  /** The classes that are open. */
  readonly recordClasses: readonly RecordClass[];
  readonly decisions: readonly AttestedDecision[];
  readonly untilMs: number;
}

/** How long an opening may take. */
export interface OpeningOptions {
  /** Unix milliseconds after which it is given up. */
  readonly giveUpAtMs?: number | undefined;
}

/** Open charts of all callers of a process, by caller, purpose, owner and class. */
export class PermitCache {
  readonly #charts = new Map<string, Promise<OpenedChart>>();

  get(key: string): Promise<OpenedChart> | undefined {
    return this.#charts.get(key);
  }

  set(key: string, chart: Promise<OpenedChart>): void {
    const [oldest] = this.#charts.keys();
    if (this.#charts.size >= MAX_REMEMBERED && oldest !== undefined) this.#charts.delete(oldest);
    this.#charts.set(key, chart);
    chart.catch(() => {
      this.forget(key, chart);
    });
  }

  /** Forgets it, unless there is another one by now. */
  forget(key: string, chart: Promise<OpenedChart>): void {
    if (this.#charts.get(key) === chart) this.#charts.delete(key);
  }
}

/** Options of {@link Charts}. */
export interface ChartsOptions {
  readonly attestor: Attestor;
  readonly signatories: SignatorySource;
  /** Submits transactions as one batch; throws for each that failed. */
  readonly submitAll: (
    transactions: readonly LedgerTransaction[],
    options: OpeningOptions,
  ) => Promise<void>;
  readonly cache?: PermitCache | undefined;
  readonly purpose?: Purpose | undefined;
  readonly now?: (() => number) | undefined;
}

/** Opens charts, and remembers which are open: reading is an entry, once for half an hour. */
export class Charts {
  readonly #options: ChartsOptions;
  readonly #cache: PermitCache;
  readonly #now: () => number;

  constructor(options: ChartsOptions) {
    this.#options = options;
    this.#cache = options.cache ?? new PermitCache();
    this.#now = options.now ?? Date.now;
  }

  /** Opens one chart. A refusal is no error: it is committed, and no class is open. */
  async open(request: ChartRequest, options: OpeningOptions = {}): Promise<OpenedChart> {
    const [chart] = await this.openAll([request], options);
    if (chart === undefined) throw new PulseError('internal');
    return chart;
  }

  /** Opens several charts, committed as one batch. */
  async openAll(
    requests: readonly ChartRequest[],
    options: OpeningOptions = {},
  ): Promise<OpenedChart[]> {
    const prepared = await Promise.all(requests.map((request) => this.#prepare(request)));
    const transactions = prepared.map(({ transaction }) => transaction);
    await this.#options.submitAll(transactions, options);
    const charts = prepared.map(({ chart }) => chart);
    for (const [index, request] of requests.entries()) {
      const chart = charts[index];
      if (chart !== undefined) await this.remember(request, chart);
    }
    return charts;
  }

  /** From now on what is read of these classes is read with this permit. */
  async remember(
    request: ChartOwner & Pick<ChartRequest, 'purpose'>,
    chart: OpenedChart,
  ): Promise<void> {
    for (const recordClass of chart.recordClasses) {
      const key = await this.#keyOf(request, recordClass, request.purpose);
      this.#cache.set(key, Promise.resolve(chart));
    }
  }

  /** The permit of an open chart, which is opened for this class when it is not. */
  async permitFor(owner: ChartOwner, recordClass: RecordClass): Promise<string> {
    const key = await this.#keyOf(owner, recordClass);
    const known = this.#cache.get(key);
    const open = known === undefined ? undefined : await known;
    if (open !== undefined && this.#now() < open.untilMs - MARGIN_MS) return open.permitId;
    const current = this.#cache.get(key);
    if (current !== undefined && current !== known) return (await current).permitId;
    const chart = this.open({ ...owner, recordClasses: [recordClass] });
    this.#cache.set(key, chart);
    return (await chart).permitId;
  }

  /**
   * Reads with the permit of an open chart. When the ledger says that the chart is closed, it is opened once more.
   * @throws what `read` throws.
   */
  async reading<T>(
    owner: ChartOwner,
    recordClass: RecordClass,
    read: (permitId: string) => Promise<T>,
  ): Promise<T> {
    try {
      return await read(await this.permitFor(owner, recordClass));
    } catch (error) {
      if (!(error instanceof PulseError)) throw error;
      // A refusal is entered each time that somebody tries, not once in half an hour.
      await this.#forget(owner, recordClass);
      if (error.code !== 'chart_closed') throw error;
      return read(await this.permitFor(owner, recordClass));
    }
  }

  async #forget(owner: ChartOwner, recordClass: RecordClass): Promise<void> {
    const key = await this.#keyOf(owner, recordClass);
    const chart = this.#cache.get(key);
    if (chart !== undefined) this.#cache.forget(key, chart);
  }

  async #keyOf(owner: ChartOwner, recordClass: RecordClass, stated?: Purpose): Promise<string> {
    const signatory = await this.#options.signatories.current();
    const role = roleOf(signatory);
    const purpose = stated ?? this.#options.purpose ?? purposeOf(role);
    const ownerId = 'patientId' in owner ? owner.patientId : owner.shareId;
    const who = `${signatory.mspId}/${role ?? ''}/${signatory.subject?.id ?? ''}`;
    return `${who}/${purpose}/${ownerId}/${recordClass}`;
  }

  async #prepare(
    request: ChartRequest,
  ): Promise<{ readonly chart: OpenedChart; readonly transaction: LedgerTransaction }> {
    const { recordClasses, purpose, emergency, ...owner } = request;
    const { attestation, claims } = await this.#options.attestor.access({
      ...owner,
      purpose: purpose ?? (await this.#usualPurpose()),
      wants: recordClasses.map((recordClass) => ({ action: 'read', recordClass })),
      ...(emergency === undefined ? {} : { emergency }),
    });
    const permitId = randomBytes(ID_BYTES).toString('hex');
    const saltHex = randomBytes(ID_BYTES).toString('hex');
    const input = encode(OpenChartInput, { permitId, saltHex });
    const transient = { input, attestation: JSON.stringify(attestation) };
    const { decisions, atMs } = claims;
    const open = decisions.filter(({ outcome }) => outcome === 'permit');
    return {
      chart: {
        permitId,
        recordClasses: open.map(({ recordClass }) => recordClass),
        decisions,
        untilMs: atMs + PERMIT_LIFE_MS,
      },
      transaction: { name: 'access:OpenChart', transient },
    };
  }

  async #usualPurpose(): Promise<Purpose> {
    const { signatories, purpose } = this.#options;
    return purpose ?? purposeOf(roleOf(await signatories.current()));
  }
}
