import { CHART_CLASSES, PulseError, type RecordClass } from '@pulseledger/domain';
import type { ChartOwner, OpenedChart, PermitCache, Permits } from '@pulseledger/ledger';
import type { ChartsPort } from '../record/clinical-port.ts';

/** Charts of the record's twin in memory, remembered as those of the ledger are. */
export class MemoryCharts implements ChartsPort {
  readonly #cache: PermitCache;
  readonly #who: string;
  readonly #open: (patientId: string, recordClasses: readonly RecordClass[]) => OpenedChart;

  /** @param who opens, and why */
  constructor(
    cache: PermitCache,
    who: string,
    open: (patientId: string, recordClasses: readonly RecordClass[]) => OpenedChart,
  ) {
    this.#cache = cache;
    this.#who = who;
    this.#open = open;
  }

  async permits(owner: ChartOwner, wanted: readonly RecordClass[]): Promise<Permits> {
    if ('shareId' in owner) throw new PulseError('not_supported');
    const { patientId } = owner;
    const charts = await this.#cache.charts(
      `${this.#who}/${patientId}`,
      wanted,
      (missing, isNothingOpen) => {
        const classes = isNothingOpen ? [...missing, ...CHART_CLASSES] : missing;
        return Promise.resolve(this.#open(patientId, [...new Set(classes)]));
      },
    );
    return new Map(
      [...charts].flatMap(([recordClass, chart]): [RecordClass, string][] =>
        chart.recordClasses.includes(recordClass) ? [[recordClass, chart.permitId]] : [],
      ),
    );
  }

  async reading<T>(
    owner: ChartOwner,
    wanted: readonly RecordClass[],
    read: (permits: Permits) => Promise<T>,
  ): Promise<T> {
    const permits = await this.permits(owner, wanted);
    if (permits.size === 0) throw new PulseError('access_denied');
    return read(permits);
  }
}
