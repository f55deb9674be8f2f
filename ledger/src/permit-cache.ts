import type { RecordClass } from '@pulseledger/domain';
import type { OpenedChart } from './opened-chart.ts';

/** A permit is not used in its last moments: the reading that it is for takes time as well. */
const MARGIN_MS = 15_000;
/** Tries so close together are one: a page asks for several things at the same time. */
const REFUSED_MS = 5_000;
/** Logins and patients that are remembered. */
const MAX_OWNERS = 10_000;

interface Remembered {
  readonly chart: OpenedChart;
  /** Classes that it answers for, permitted or not. */
  readonly asked: ReadonlySet<RecordClass>;
  readonly sinceMs: number;
}

interface Owner {
  /** Newest first. */
  charts: readonly Remembered[];
  /** Whoever comes meanwhile waits for it, and fails with it. */
  opening: Promise<void> | undefined;
}

/** Opens a chart; at least the missing classes, and the whole chart when nothing of it is open. */
export type OpenMissing = (
  missing: readonly RecordClass[],
  isNothingOpen: boolean,
) => Promise<OpenedChart>;

/**
 * Open charts of all callers of a process, so that looking at a chart is one entry in the patient's log however many
 * requests it takes. The key says who looks, at whom and why.
 */
export class PermitCache {
  readonly #owners = new Map<string, Owner>();
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /**
   * The chart that answers for each wanted class, permitted or not. What nobody has asked for yet is opened.
   * A refusal is remembered for moments only, so that a later try is an entry of its own.
   */
  async charts(
    key: string,
    wanted: readonly RecordClass[],
    open: OpenMissing,
  ): Promise<ReadonlyMap<RecordClass, OpenedChart>> {
    const owner = this.#ownerOf(key);
    while (owner.opening !== undefined) await owner.opening;
    this.#forgetEnded(owner, wanted);
    const missing = wanted.filter((recordClass) => answerFor(owner, recordClass) === undefined);
    if (missing.length > 0) await this.#open(owner, missing, open);
    return new Map(
      wanted.flatMap((recordClass) => {
        const answer = answerFor(owner, recordClass);
        return answer === undefined ? [] : [[recordClass, answer.chart]];
      }),
    );
  }

  /** Keeps a chart that was opened otherwise. @param asked the classes that it answers for */
  remember(key: string, chart: OpenedChart, asked: readonly RecordClass[]): void {
    const owner = this.#ownerOf(key);
    const remembered = { chart, asked: new Set(asked), sinceMs: this.#now() };
    owner.charts = [remembered, ...owner.charts];
  }

  /** The ledger does not know these permits, or not any more. @returns the charts that are forgotten by that */
  forget(key: string, permitIds: readonly string[]): OpenedChart[] {
    const owner = this.#ownerOf(key);
    const isMeant = ({ chart }: Remembered): boolean => permitIds.includes(chart.permitId);
    const forgotten = owner.charts.filter(isMeant).map(({ chart }) => chart);
    owner.charts = owner.charts.filter((one) => !isMeant(one));
    return forgotten;
  }

  /** The owner that was used last is the last to be forgotten. */
  #ownerOf(key: string): Owner {
    const owner = this.#owners.get(key) ?? { charts: [], opening: undefined };
    this.#owners.delete(key);
    this.#owners.set(key, owner);
    const [oldest] = this.#owners.keys();
    if (this.#owners.size > MAX_OWNERS && oldest !== undefined) this.#owners.delete(oldest);
    return owner;
  }

  #forgetEnded(owner: Owner, wanted: readonly RecordClass[]): void {
    const nowMs = this.#now();
    owner.charts = owner.charts.filter(({ chart }) => nowMs < chart.untilMs - MARGIN_MS);
    if (wanted.some((recordClass) => isOpen(owner, recordClass))) return;
    owner.charts = owner.charts.flatMap((one) => {
      if (nowMs < one.sinceMs + REFUSED_MS) return [one];
      const asked = new Set(one.chart.recordClasses);
      return asked.size === 0 ? [] : [{ ...one, asked }];
    });
  }

  async #open(owner: Owner, missing: readonly RecordClass[], open: OpenMissing): Promise<void> {
    const opening = open(missing, owner.charts.length === 0).then((chart) => {
      const asked = new Set(chart.decisions.map(({ recordClass }) => recordClass));
      owner.charts = [{ chart, asked, sinceMs: this.#now() }, ...owner.charts];
    });
    owner.opening = opening;
    try {
      await opening;
    } finally {
      owner.opening = undefined;
    }
  }
}

/** The newest chart that permits the class, else the newest that refuses it. */
function answerFor({ charts }: Owner, recordClass: RecordClass): Remembered | undefined {
  const asked = charts.filter((one) => one.asked.has(recordClass));
  return asked.find(({ chart }) => chart.recordClasses.includes(recordClass)) ?? asked[0];
}

function isOpen(owner: Owner, recordClass: RecordClass): boolean {
  return answerFor(owner, recordClass)?.chart.recordClasses.includes(recordClass) === true;
}
