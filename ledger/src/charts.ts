import {
  CHART_CLASSES,
  type ErrorCode,
  PERMIT_LIFE_MS,
  PulseError,
  type Purpose,
  RECORD_CLASSES,
  type RecordClass,
  type Role,
} from '@pulseledger/domain';
import type { AttestedAccess, Attestor } from './attestor.ts';
import { purposeOf, roleOf } from './caller-role.ts';
import type { LedgerTransaction } from './messages.ts';
import {
  type ChartKey,
  type ChartOwner,
  type ChartRequest,
  isErased,
  type OpenedChart,
  type Permits,
  type PreparedOpening,
  permittedBy,
  prepareOpening,
  randomPermitId,
} from './opened-chart.ts';
import { PermitCache } from './permit-cache.ts';
import { sharedPermit } from './shared-permit.ts';
import type { SignatorySource } from './signatory.ts';

/** Who looks at a chart in general. All others open what they ask for. */
const WHOLE_CHART_ROLES: readonly (Role | undefined)[] = [
  'doctor',
  'nurse',
  'patient',
  'representative',
];
/** What a read is refused with when its permit does not serve any more. */
const CLOSED: readonly ErrorCode[] = ['chart_closed', 'access_denied'];

/** How long an opening may take. */
export interface OpeningOptions {
  /** Unix milliseconds after which it is given up. */
  readonly giveUpAtMs?: number | undefined;
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
  /** See {@link sharedPermit}; without it every process makes entries of its own. */
  readonly permitKey?: (() => Promise<Uint8Array>) | undefined;
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
    this.#now = options.now ?? Date.now;
    this.#cache = options.cache ?? new PermitCache(this.#now);
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
    const prepared = await Promise.all(
      requests.map(async (request) =>
        prepareOpening(await this.#attest(request), randomPermitId()),
      ),
    );
    const transactions = prepared.map(({ transaction }) => transaction);
    await this.#options.submitAll(transactions, options);
    const charts = prepared.map(({ chart }) => chart);
    for (const [index, request] of requests.entries()) {
      const chart = charts[index];
      if (chart !== undefined) await this.remember(request, chart);
    }
    return charts;
  }

  /**
   * From now on what this chart opens is read with its permit. In an emergency that is all: what else is asked for is
   * not open, and asking for it is no entry of its own.
   */
  async remember(request: ChartKey, chart: OpenedChart): Promise<void> {
    const asked = chart.decisions.map(({ recordClass }) => recordClass);
    const answersFor = request.emergency === undefined ? asked : RECORD_CLASSES;
    this.#cache.remember(await this.#keyOf(request), chart, answersFor);
  }

  /**
   * Permits for those of these classes that are permitted. What is not open yet is opened, for clinicians and patients
   * the whole chart at once: one entry in the patient's log for half an hour. A refusal is an entry as well.
   *
   * @throws PulseError `gone` when nothing is permitted because the record is erased.
   */
  async permits(owner: ChartOwner, wanted: readonly RecordClass[]): Promise<Permits> {
    const key = await this.#keyOf(owner);
    const charts = await this.#cache.charts(key, wanted, async (missing, isNothingOpen) => {
      const more = isNothingOpen ? await this.#wholeOf(owner) : [];
      return this.#openShared(key, {
        ...owner,
        recordClasses: [...new Set([...missing, ...more])],
      });
    });
    const permits = [...charts].flatMap(([recordClass, chart]): [RecordClass, string][] =>
      chart.recordClasses.includes(recordClass) ? [[recordClass, chart.permitId]] : [],
    );
    if (permits.length === 0 && [...charts.values()].some(isErased)) throw new PulseError('gone');
    return new Map(permits);
  }

  /**
   * Reads with the permits of open charts. When the ledger says that the chart is closed, or that nothing is permitted any
   * more, it is opened once more: that is an entry also when it is refused.
   *
   * @throws PulseError `access_denied` when none of the classes is permitted; what `read` throws.
   */
  async reading<T>(
    owner: ChartOwner,
    wanted: readonly RecordClass[],
    read: (permits: Permits) => Promise<T>,
  ): Promise<T> {
    const startedMs = this.#now();
    const permits = await this.permits(owner, wanted);
    requireAny(permits);
    try {
      return await read(permits);
    } catch (error) {
      if (!(error instanceof PulseError) || !CLOSED.includes(error.code)) throw error;
      const forgotten = this.#cache.forget(await this.#keyOf(owner), [...permits.values()]);
      const wasJustOpened = forgotten.some(({ untilMs }) => startedMs <= untilMs - PERMIT_LIFE_MS);
      if (error.code !== 'chart_closed' && wasJustOpened) throw error;
      const anew = await this.permits(owner, wanted);
      requireAny(anew);
      return read(anew);
    }
  }

  /** What is opened together with whatever is asked for first. */
  async #wholeOf(owner: ChartOwner): Promise<readonly RecordClass[]> {
    if ('shareId' in owner) return this.#coveredBy(owner);
    const role = roleOf(await this.#options.signatories.current());
    return WHOLE_CHART_ROLES.includes(role) ? CHART_CLASSES : [];
  }

  /** What a share covers at present; asking that is no entry. */
  async #coveredBy(owner: { readonly shareId: string }): Promise<RecordClass[]> {
    const { claims } = await this.#attest({ ...owner, recordClasses: CHART_CLASSES });
    return permittedBy(claims);
  }

  async #keyOf({ purpose: stated, ...owner }: ChartKey): Promise<string> {
    const signatory = await this.#options.signatories.current();
    const role = roleOf(signatory);
    const purpose = stated ?? this.#options.purpose ?? purposeOf(role);
    const ownerId = 'patientId' in owner ? owner.patientId : owner.shareId;
    return `${signatory.mspId}/${role ?? ''}/${signatory.subject?.id ?? ''}/${purpose}/${ownerId}`;
  }

  /** Other instances of this function may open the same chart in the same moment: that is one entry. */
  async #openShared(key: string, request: ChartRequest): Promise<OpenedChart> {
    const attested = await this.#attest(request);
    const recordClasses = permittedBy(attested.claims);
    const secret = recordClasses.length === 0 ? undefined : await this.#options.permitKey?.();
    if (secret === undefined) return this.#commit(prepareOpening(attested, randomPermitId()));
    const { permitId, untilMs } = sharedPermit(secret, key, recordClasses, this.#now());
    const prepared = prepareOpening(attested, permitId);
    try {
      return await this.#commit(prepared);
    } catch (error) {
      if (!(error instanceof PulseError) || error.code !== 'conflict') throw error;
      return { ...prepared.chart, untilMs };
    }
  }

  async #commit({ chart, transaction }: PreparedOpening): Promise<OpenedChart> {
    await this.#options.submitAll([transaction], {});
    return chart;
  }

  async #attest(request: ChartRequest): Promise<AttestedAccess> {
    const { recordClasses, purpose, emergency, ...owner } = request;
    return this.#options.attestor.access({
      ...owner,
      purpose: purpose ?? (await this.#usualPurpose()),
      wants: recordClasses.map((recordClass) => ({ action: 'read', recordClass })),
      ...(emergency === undefined ? {} : { emergency }),
    });
  }

  async #usualPurpose(): Promise<Purpose> {
    const { signatories, purpose } = this.#options;
    return purpose ?? purposeOf(roleOf(await signatories.current()));
  }
}

function requireAny(permits: Permits): void {
  if (permits.size === 0) throw new PulseError('access_denied');
}
