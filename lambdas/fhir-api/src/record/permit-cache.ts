/** Permits of logins, kept until they end, so that a chart is opened once and not at every request. */
import type { Purpose, RecordClass } from '@pulseledger/domain';
import type { OpenedChart } from './clinical-port.ts';

/** For whom, about whom and why a permit is. */
export interface PermitOwner {
  readonly user: string;
  readonly patientId: string;
  readonly purpose: Purpose;
}

interface Permit {
  readonly permitId: string | undefined;
  readonly untilMs: number;
}

type Permits = Map<RecordClass, Promise<Permit>>;

/** A permit that ends so soon is not used any more: what is read with it may take a while. */
const MARGIN_MS = 15_000;
/** What was not permitted is asked again after so long. */
const REFUSED_MS = 5_000;
const MAX_OWNERS = 2_000;

export class PermitCache {
  readonly #owners = new Map<string, Permits>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Calls of one moment for the same owner and class share one opening. */
  async open(
    owner: PermitOwner,
    wanted: readonly RecordClass[],
    open: (missing: readonly RecordClass[]) => Promise<OpenedChart>,
  ): Promise<ReadonlyMap<RecordClass, string>> {
    const permits = this.#permitsOf(owner);
    await this.#forgetEnded(permits, wanted);
    const missing = wanted.filter((recordClass) => !permits.has(recordClass));
    if (missing.length > 0) this.#start(permits, missing, open(missing));
    const found = new Map<RecordClass, string>();
    for (const recordClass of wanted) {
      const permit = await permits.get(recordClass);
      if (permit?.permitId !== undefined) found.set(recordClass, permit.permitId);
    }
    return found;
  }

  /** Keeps a chart that was opened otherwise, in place of what was refused before. */
  adopt(owner: PermitOwner, chart: OpenedChart): void {
    this.#start(this.#permitsOf(owner), chart.recordClasses, Promise.resolve(chart));
  }

  /** The ledger does not know these permits, or not any more. */
  forget(owner: PermitOwner): void {
    this.#owners.delete(keyOf(owner));
  }

  #permitsOf(owner: PermitOwner): Permits {
    const key = keyOf(owner);
    const permits = this.#owners.get(key) ?? new Map<RecordClass, Promise<Permit>>();
    // The owner that was used last is the last to be forgotten.
    this.#owners.delete(key);
    this.#owners.set(key, permits);
    const [oldest] = this.#owners.keys();
    if (this.#owners.size > MAX_OWNERS && oldest !== undefined) this.#owners.delete(oldest);
    return permits;
  }

  async #forgetEnded(permits: Permits, wanted: readonly RecordClass[]): Promise<void> {
    for (const recordClass of wanted) {
      const pending = permits.get(recordClass);
      const permit = await pending?.catch(() => undefined);
      const hasEnded = permit === undefined || permit.untilMs - MARGIN_MS <= this.#now();
      if (hasEnded && permits.get(recordClass) === pending) permits.delete(recordClass);
    }
  }

  #start(permits: Permits, missing: readonly RecordClass[], opening: Promise<OpenedChart>): void {
    for (const recordClass of missing) {
      const permit = opening.then((chart): Permit => {
        if (chart.recordClasses.includes(recordClass)) return chart;
        return { permitId: undefined, untilMs: this.#now() + MARGIN_MS + REFUSED_MS };
      });
      permits.set(recordClass, permit);
      permit.catch(() => {
        if (permits.get(recordClass) === permit) permits.delete(recordClass);
      });
    }
  }
}

function keyOf({ user, patientId, purpose }: PermitOwner): string {
  return JSON.stringify([user, patientId, purpose]);
}
