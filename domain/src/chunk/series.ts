import { PulseError } from '../errors.ts';
import { VITAL_CODES, VITAL_SIGNS, type VitalCode } from '../vital-signs.ts';
import { ABSENT_REASONS, type Reading, type ReadingForm, type SampledReading } from './reading.ts';

/** Order of the forms in canonical chunks; a form's place is its number on the wire. */
export const FORMS: readonly ReadingForm[] = ['instant', 'interval', 'sampled'];

export type Strip = SampledReading['sampled'];

/** The readings of one code, unit and form in columns. */
export interface Series {
  readonly code: VitalCode;
  readonly unit: string;
  readonly form: ReadingForm;
  /** One for each reading, never falling. */
  readonly times: number[];
  /** One for each reading of an interval series, none otherwise. */
  readonly durations: number[];
  /** Places of the readings without a value, rising, and why they have none. */
  readonly absentAt: number[];
  readonly absentReasons: number[];
  /** The values, of the readings that have one. */
  readonly values: number[];
  readonly strips: Strip[];
}

const CODE_NUMBERS: ReadonlyMap<string, number> = new Map(VITAL_CODES.map((code, i) => [code, i]));
const UNIT_NUMBERS: readonly ReadonlyMap<string, number>[] = VITAL_CODES.map(
  (code) => new Map(Object.keys(VITAL_SIGNS[code].units).map((unit, i) => [unit, i])),
);

/** Units of a code in the order of their numbers on the wire. */
export function unitsOf(code: VitalCode): readonly string[] {
  return Object.keys(VITAL_SIGNS[code].units);
}

/** Place of a reading's series in canonical order: code, unit, form. */
export function seriesRank(code: string, unit: string, form: ReadingForm): number {
  const codeNumber = CODE_NUMBERS.get(code);
  if (codeNumber === undefined) throw new PulseError('invalid_input', 'A code is not known.');
  const unitNumber = UNIT_NUMBERS[codeNumber]?.get(unit);
  if (unitNumber === undefined) {
    throw new PulseError('invalid_input', `A unit does not belong to code ${code}.`);
  }
  return (codeNumber * 16 + unitNumber) * FORMS.length + FORMS.indexOf(form);
}

/** How a reading lies in time. */
function formOf(reading: Reading): ReadingForm {
  if ('sampled' in reading) return 'sampled';
  return reading.durationMs === undefined ? 'instant' : 'interval';
}

function rankOf(reading: Reading): number {
  return seriesRank(reading.code, reading.unit, formOf(reading));
}

/**
 * Readings in the order of a chunk: by start, then code, unit and form as the code table has them;
 * equal ones keep the given order.
 *
 * @throws PulseError `invalid_input` for a code or unit that the table does not have.
 */
export function canonicalOrder(readings: readonly Reading[]): Reading[] {
  return readings
    .map((reading) => ({ reading, rank: rankOf(reading) }))
    .sort((a, b) => a.reading.atMs - b.reading.atMs || a.rank - b.rank)
    .map(({ reading }) => reading);
}

function emptySeries(reading: Reading): Series {
  return {
    code: reading.code,
    unit: reading.unit,
    form: formOf(reading),
    times: [],
    durations: [],
    absentAt: [],
    absentReasons: [],
    values: [],
    strips: [],
  };
}

function append(series: Series, reading: Reading): void {
  if ('sampled' in reading) {
    series.strips.push(reading.sampled);
  } else {
    if (reading.durationMs !== undefined) series.durations.push(reading.durationMs);
    if ('absent' in reading) {
      const reason = ABSENT_REASONS.indexOf(reading.absent);
      if (reason < 0) throw new PulseError('invalid_input', 'A reason of absence is not known.');
      series.absentAt.push(series.times.length);
      series.absentReasons.push(reason);
    } else {
      // JSON has no negative zero either.
      series.values.push(reading.value === 0 ? 0 : reading.value);
    }
  }
  series.times.push(reading.atMs);
}

/**
 * Sort readings into their series, which come out in canonical order.
 *
 * @throws PulseError `invalid_input` when the readings are not in canonical order, because their
 * sequence numbers follow from it.
 */
export function seriesOf(readings: readonly Reading[]): Series[] {
  const byRank = new Map<number, Series>();
  let beforeMs = -1;
  let beforeRank = -1;
  for (const reading of readings) {
    const rank = rankOf(reading);
    if (reading.atMs < beforeMs || (reading.atMs === beforeMs && rank < beforeRank)) {
      throw new PulseError('invalid_input', 'The readings are not in canonical order.');
    }
    beforeMs = reading.atMs;
    beforeRank = rank;
    let series = byRank.get(rank);
    if (series === undefined) {
      series = emptySeries(reading);
      byRank.set(rank, series);
    }
    append(series, reading);
  }
  return [...byRank].sort(([a], [b]) => a - b).map(([, series]) => series);
}

function readingsOfSeries(series: Series): Reading[] {
  const { code, unit, durations, strips, values } = series;
  let present = 0;
  let absent = 0;
  return series.times.map((atMs, i): Reading => {
    const durationMs = durations[i];
    const length = durationMs === undefined ? {} : { durationMs };
    if (series.absentAt[absent] === i) {
      const reason = ABSENT_REASONS[series.absentReasons[absent++] ?? 0] ?? 'unknown';
      return { code, unit, atMs, ...length, absent: reason };
    }
    const strip = strips[present];
    const value = values[present++] ?? Number.NaN;
    if (strip !== undefined) return { code, unit, atMs, sampled: strip };
    return durationMs === undefined
      ? { code, unit, atMs, value }
      : { code, unit, atMs, durationMs, value };
  });
}

/** The readings of all series in canonical order; sorting by time is enough, as it is stable. */
export function readingsOf(series: readonly Series[]): Reading[] {
  return series.flatMap(readingsOfSeries).sort((a, b) => a.atMs - b.atMs);
}
