/**
 * One caller's work with the record in one request: opens charts, which is an entry in the patient's log, and reads
 * and writes with the permits that it got. What may not be read looks like what does not exist.
 */
import {
  type HistoryOutput,
  MAX_RECORDS_PER_PAGE,
  type Place,
  PulseError,
  type Purpose,
  type ReadRecordsInput,
  type RecordClass,
  type RecordView,
  type RecordWrite,
} from '@pulseledger/domain';
import type { ChartsPort, ClinicalPort, Written } from './clinical-port.ts';
import { nothingToSee } from './port.ts';

/** Most records of a patient that one request looks through. */
export const MAX_LOADED_RECORDS = 20_000;
const HISTORY_PAGE = 100;
/** The gateways in front of this function have answered by then. */
const MAX_LOAD_PAGES = 60;

export interface ChartOptions {
  readonly port: ClinicalPort;
  /** Of the caller, for the same purpose. */
  readonly charts: ChartsPort;
  readonly purpose: Purpose;
}

export class Chart {
  readonly #options: ChartOptions;

  constructor(options: ChartOptions) {
    this.#options = options;
  }

  get purpose(): Purpose {
    return this.#options.purpose;
  }

  /** Permits by class, of those wanted that are permitted. What is not open yet is opened at once. */
  async open(
    patientId: string,
    wanted: readonly RecordClass[],
  ): Promise<ReadonlyMap<RecordClass, string>> {
    return conceal(this.#options.charts.permits({ patientId }, wanted));
  }

  /** Reads with a permit of the class. @throws PulseError `not_found` for what may not be read */
  async #reading<Answer>(
    patientId: string,
    recordClass: RecordClass,
    read: (permitId: string) => Promise<Answer>,
  ): Promise<Answer> {
    return conceal(
      this.#options.charts.reading({ patientId }, [recordClass], (permits) =>
        read(permits.get(recordClass) ?? ''),
      ),
    );
  }

  /** Where a record is, for who may read it. @throws PulseError `not_found` */
  async locate(recordId: string): Promise<Place> {
    return conceal(this.#options.port.locateRecord({ recordId }));
  }

  /** The present version; deleted ones too. @throws PulseError `not_found` */
  async read(place: Place): Promise<RecordView> {
    const { patientId, recordClass, recordId } = place;
    const { records } = await this.#reading(patientId, recordClass, (permitId) =>
      this.#options.port.readRecords({
        patientId,
        permitId,
        recordClasses: [recordClass],
        recordId,
        pageSize: 1,
      }),
    );
    const [record] = records;
    if (record === undefined) throw nothingToSee();
    return record;
  }

  async readVersion(place: Place, version: number): Promise<RecordView> {
    return this.#reading(place.patientId, place.recordClass, (permitId) =>
      this.#options.port.readVersion({ ...place, permitId, version }),
    );
  }

  /** Newest first, before a version. */
  async history(place: Place, count: number, beforeVersion?: number): Promise<HistoryOutput> {
    const pageSize = Math.min(count, HISTORY_PAGE);
    return this.#reading(place.patientId, place.recordClass, (permitId) =>
      this.#options.port.recordHistory({ ...place, permitId, pageSize, beforeVersion }),
    );
  }

  /**
   * Every present record of these classes; or, of those that were written since, every version with the deleted ones.
   * @throws PulseError `not_found` when none of the classes is permitted; `too_costly`
   */
  async load(
    patientId: string,
    recordClasses: readonly RecordClass[],
    history?: ReadRecordsInput['history'],
  ): Promise<RecordView[]> {
    return conceal(
      this.#options.charts.reading({ patientId }, recordClasses, async (permits) => {
        const byPermit = Map.groupBy(permits.keys(), (recordClass) => permits.get(recordClass));
        const parts = [...byPermit].map(([permitId = '', classes]) =>
          this.#loadWith({ patientId, permitId, recordClasses: classes, history }),
        );
        return (await Promise.all(parts)).flat();
      }),
    );
  }

  async #loadWith(asked: Omit<ReadRecordsInput, 'pageSize'>): Promise<RecordView[]> {
    const all: RecordView[] = [];
    let bookmark: string | undefined;
    for (let page = 0; page < MAX_LOAD_PAGES; page += 1) {
      const input = { ...asked, pageSize: MAX_RECORDS_PER_PAGE };
      const read = this.#options.port.readRecords(
        bookmark === undefined ? input : { ...input, bookmark },
      );
      const answer = await read;
      all.push(...answer.records);
      if (all.length > MAX_LOADED_RECORDS) break;
      bookmark = answer.bookmark;
      if (bookmark === undefined) return all;
    }
    throw new PulseError('too_costly', 'the patient has more records than one request may look at');
  }

  /** All or none. @throws PulseError `access_denied`, `precondition_failed`, `already_exists`, … */
  async write(patientId: string, writes: readonly RecordWrite[]): Promise<Written> {
    const { port, purpose } = this.#options;
    return port.writeRecords({ patientId, writes }, purpose);
  }

  /** The first version of a patient who was registered without FHIR. */
  async writeFirstBasics(patientId: string, write: RecordWrite): Promise<Written> {
    return this.#options.port.writeFirstBasics({ patientId, writes: [write] });
  }

  async findByKey(
    indexName: Parameters<ClinicalPort['findByKey']>[0]['indexName'],
    valueHash: string,
  ): Promise<readonly Place[]> {
    const { places, more } = await this.#options.port.findByKey({ indexName, valueHash });
    if (more) throw new PulseError('too_costly', 'too many records have this key; name another');
    return places;
  }

  /** Undefined when nobody has the key. */
  async findUnique(patientId: string | null, uniqueKey: string): Promise<Place | undefined> {
    try {
      return await this.#options.port.findUnique({ patientId: patientId ?? undefined, uniqueKey });
    } catch (error) {
      if (error instanceof PulseError && error.code === 'not_found') return undefined;
      throw error;
    }
  }
}

/** `not_found` for what the caller may not see, whatever the contract says. */
export async function conceal<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    const isHidden =
      error instanceof PulseError && ['access_denied', 'not_found'].includes(error.code);
    throw isHidden ? nothingToSee(error) : error;
  }
}
