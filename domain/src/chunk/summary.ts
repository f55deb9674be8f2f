import { plausibilityJudge, VITAL_CODES } from '../vital-signs.ts';
import type { Reading, Statistics, Summary } from './reading.ts';
import { mantissaOf, type Scale, scaleOf, valueOf } from './scale.ts';
import { canonicalOrder, type Series, seriesOf } from './series.ts';

/** Digits of a mean or of a sum of sums: enough for any sign, and free of binary dust. */
const DIGITS = 12;

function tidy(value: number): number {
  return Number(value.toPrecision(DIGITS));
}

/** A series' summary as the wire has it: mantissas instead of values. */
export interface ScaledSummary {
  readonly scale: Scale;
  readonly implausible: number;
  readonly statistics?: {
    readonly first: number;
    readonly firstMs: number;
    readonly last: number;
    readonly lastMs: number;
    readonly min: number;
    readonly max: number;
    readonly sum: number;
  };
}

/** Sum up a series; implausible values only count. Strips have no statistics. */
export function scaledSummary(series: Series): ScaledSummary {
  const scale = scaleOf(series.values);
  const { code, unit, times, durations, absentAt } = series;
  let statistics:
    | { -readonly [K in keyof NonNullable<ScaledSummary['statistics']>]: number }
    | undefined;
  const judge = plausibilityJudge(code, unit);
  let implausible = 0;
  let absent = 0;
  let at = -1;
  for (const value of series.values) {
    at += 1;
    while (absentAt[absent] === at) {
      absent += 1;
      at += 1;
    }
    if (judge(value, durations[at]) === 'implausible') {
      implausible += 1;
      continue;
    }
    const mantissa = mantissaOf(value, scale);
    const atMs = times[at] ?? 0;
    if (statistics === undefined) {
      statistics = {
        first: mantissa,
        firstMs: atMs,
        last: mantissa,
        lastMs: atMs,
        min: mantissa,
        max: mantissa,
        sum: mantissa,
      };
      continue;
    }
    statistics.last = mantissa;
    statistics.lastMs = atMs;
    if (mantissa < statistics.min) statistics.min = mantissa;
    if (mantissa > statistics.max) statistics.max = mantissa;
    statistics.sum += mantissa;
  }
  return statistics === undefined ? { scale, implausible } : { scale, implausible, statistics };
}

/** The kind and size of a series, as its header on the wire has them. */
export type SeriesExtent = Pick<Summary, 'code' | 'unit' | 'form' | 'count' | 'absent'>;

/** The summary that a scaled one stands for. */
export function summaryOf(extent: SeriesExtent, scaled: ScaledSummary): Summary {
  const { scale, implausible, statistics } = scaled;
  if (statistics === undefined) return { ...extent, implausible };
  const used = extent.count - extent.absent - implausible;
  const sum = valueOf(statistics.sum, scale);
  return {
    ...extent,
    implausible,
    statistics: {
      first: valueOf(statistics.first, scale),
      firstMs: statistics.firstMs,
      last: valueOf(statistics.last, scale),
      lastMs: statistics.lastMs,
      min: valueOf(statistics.min, scale),
      max: valueOf(statistics.max, scale),
      sum,
      mean: tidy(sum / used),
    },
  };
}

/** Sum up readings by code, unit and form. */
export function summarizeReadings(readings: readonly Reading[]): Summary[] {
  return seriesOf(canonicalOrder(readings)).map((series) =>
    summaryOf({ ...extentOf(series) }, scaledSummary(series)),
  );
}

/** What a series' header says of it. */
export function extentOf(series: Series): SeriesExtent {
  const { code, unit, form } = series;
  return { code, unit, form, count: series.times.length, absent: series.absentAt.length };
}

function mergeStatistics(
  a: Statistics | undefined,
  b: Statistics | undefined,
  used: number,
): Statistics | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const [early, late] = b.firstMs < a.firstMs ? [b, a] : [a, b];
  const end = b.lastMs >= a.lastMs ? b : a;
  const sum = tidy(early.sum + late.sum);
  return {
    first: early.first,
    firstMs: early.firstMs,
    last: end.last,
    lastMs: end.lastMs,
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
    sum,
    mean: tidy(sum / used),
  };
}

function merge(a: Summary, b: Summary): Summary {
  const count = a.count + b.count;
  const implausible = a.implausible + b.implausible;
  const absent = a.absent + b.absent;
  const statistics = mergeStatistics(a.statistics, b.statistics, count - implausible - absent);
  const merged = { code: a.code, unit: a.unit, form: a.form, count, implausible, absent };
  return statistics === undefined ? merged : { ...merged, statistics };
}

function summaryOrder(a: Summary, b: Summary): number {
  const byCode = VITAL_CODES.indexOf(a.code) - VITAL_CODES.indexOf(b.code);
  if (byCode !== 0) return byCode;
  const [left, right] = [`${a.unit} ${a.form}`, `${b.unit} ${b.form}`];
  return left < right ? -1 : Number(left > right);
}

/**
 * Put summaries of several chunks together: one for each code, unit and form, in the order of the
 * code table. Sums are kept to 12 digits; of two values at the same moment the later chunk's is last.
 */
export function mergeSummaries(summaries: readonly Summary[]): Summary[] {
  const merged = new Map<string, Summary>();
  for (const summary of summaries) {
    const key = `${summary.code} ${summary.unit} ${summary.form}`;
    const before = merged.get(key);
    merged.set(key, before === undefined ? summary : merge(before, summary));
  }
  return [...merged.values()].sort(summaryOrder);
}
