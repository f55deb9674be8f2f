/** A patient's vital signs as lines to draw: every value while they are few, else a summary of each minute or hour. */
import {
  MAX_PAGE_SIZE,
  MAX_SERIES_POINTS,
  type Reading,
  type Series,
  type SeriesAnswer,
  type SeriesPoint,
  type SeriesStep,
  type SummaryRow,
  type VitalCode,
} from '@pulseledger/domain';
import type { PagePort } from '../record/page-port.ts';
import { decodeStored, type RecordPort, storedChunks } from '../record/port.ts';

/** Calls of the ledger that one series may cost. */
const MAX_PAGES = 12;

export interface SeriesWanted {
  readonly patientId: string;
  readonly codes: readonly VitalCode[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly step: SeriesStep;
}

type Source = Pick<RecordPort, 'readChunks'> & Pick<PagePort, 'readMinutes' | 'readHours'>;

/**
 * In the step that was wanted, or in the next coarser one that is short enough; hours are answered in any case.
 * @throws PulseError of the record
 */
export async function readSeries(source: Source, wanted: SeriesWanted): Promise<SeriesAnswer> {
  if (wanted.step === 'raw') {
    const lines = await rawLines(source, wanted);
    if (lines !== undefined) return answer('raw', lines);
  }
  if (wanted.step !== 'hour') {
    const lines = await summaryLines((page) => source.readMinutes({ ...query(wanted), ...page }));
    if (lines !== undefined) return answer('minute', lines);
  }
  const lines = await summaryLines((page) => source.readHours({ ...query(wanted), ...page }));
  return answer('hour', lines ?? new Lines());
}

/** Points by code and unit, in the order in which they are met. */
class Lines {
  readonly #points = new Map<string, Series & { readonly points: SeriesPoint[] }>();
  count = 0;

  add(code: VitalCode, unit: string, point: SeriesPoint): void {
    const key = `${code} ${unit}`;
    const line = this.#points.get(key) ?? { code, unit, points: [] };
    this.#points.set(key, line);
    line.points.push(point);
    this.count += 1;
  }

  get series(): Series[] {
    return [...this.#points.values()].map((line) => ({
      ...line,
      points: line.points.toSorted((a, b) => a.atMs - b.atMs),
    }));
  }
}

function answer(step: SeriesStep, lines: Lines): SeriesAnswer {
  return { step, series: lines.series };
}

function query({ patientId, codes, fromMs, toMs }: SeriesWanted): {
  readonly patientId: string;
  readonly codes: VitalCode[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly pageSize: number;
} {
  return { patientId, codes: [...codes], fromMs, toMs, pageSize: MAX_PAGE_SIZE };
}

/** Undefined when there are more than may be answered. */
async function rawLines(source: Source, wanted: SeriesWanted): Promise<Lines | undefined> {
  const lines = new Lines();
  const codes = new Set<VitalCode>(wanted.codes);
  let bookmark: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const read = await source.readChunks({ ...query(wanted), bookmark });
    for (const { readings } of storedChunks(read).map(decodeStored)) {
      for (const reading of readings) {
        if (codes.has(reading.code) && isWithin(reading, wanted)) addReading(lines, reading);
      }
    }
    if (lines.count > MAX_SERIES_POINTS) return undefined;
    ({ bookmark } = read);
    if (bookmark === undefined) return lines;
  }
  return undefined;
}

function isWithin({ atMs }: Reading, { fromMs, toMs }: SeriesWanted): boolean {
  return atMs >= fromMs && atMs < toMs;
}

/** A reading without a value is a point that stands for none; strips are no points. */
function addReading(lines: Lines, reading: Reading): void {
  if ('sampled' in reading) return;
  const { code, unit, atMs } = reading;
  const value = 'value' in reading ? reading.value : 0;
  const count = 'value' in reading ? 1 : 0;
  lines.add(code, unit, { atMs, low: value, high: value, mean: value, count });
}

async function summaryLines(
  readPage: (page: { readonly bookmark: string | undefined }) => Promise<{
    readonly rows: readonly SummaryRow[];
    readonly bookmark?: string | undefined;
  }>,
): Promise<Lines | undefined> {
  const lines = new Lines();
  let bookmark: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const read = await readPage({ bookmark });
    for (const { atMs, summaries } of read.rows) {
      for (const { code, unit, statistics, count, absent, implausible } of summaries) {
        const { min: low, max: high, mean } = statistics ?? { min: 0, max: 0, mean: 0 };
        const known = statistics === undefined ? 0 : count - absent - implausible;
        lines.add(code, unit, { atMs, low, high, mean, count: known });
      }
    }
    if (lines.count > MAX_SERIES_POINTS) return undefined;
    ({ bookmark } = read);
    if (bookmark === undefined) return lines;
  }
  return undefined;
}
