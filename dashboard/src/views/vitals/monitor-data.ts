import type { Series, SeriesAnswer, SeriesPoint, SeriesStep } from '@pulseledger/domain';
import type { MonitorSign } from './signs.ts';

/** What one tile shows. */
export interface TileData {
  readonly lines: readonly (readonly SeriesPoint[])[];
  /** The latest point of each line that has a value; undefined for a line without one. */
  readonly latest: readonly (SeriesPoint | undefined)[];
  /** When the latest value was measured; undefined without one. */
  readonly latestMs: number | undefined;
}

/** The parts of an answer that belong to a sign, in the order of its codes. */
export function tileData(answer: SeriesAnswer | undefined, sign: MonitorSign): TileData {
  const lines = sign.codes.map((code) => pointsOf(answer?.series ?? [], code, sign.unit));
  const latest = lines.map((points) => points.findLast(({ count }) => count > 0));
  const times = latest.flatMap((point) => (point === undefined ? [] : [point.atMs]));
  return { lines, latest, latestMs: times.length === 0 ? undefined : Math.max(...times) };
}

function pointsOf(series: readonly Series[], code: string, unit: string): readonly SeriesPoint[] {
  return series.find((one) => one.code === code && one.unit === unit)?.points ?? [];
}

/** A length of the past that the monitor can show. */
export interface Span {
  readonly key: '5m' | '1h' | '6h' | '24h' | '7d' | '30d';
  readonly ms: number;
  readonly step: SeriesStep;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** What the monitor begins with. */
export const SHORTEST_SPAN: Span = { key: '5m', ms: 5 * MINUTE_MS, step: 'raw' };

export const SPANS: readonly Span[] = [
  SHORTEST_SPAN,
  { key: '1h', ms: HOUR_MS, step: 'raw' },
  { key: '6h', ms: 6 * HOUR_MS, step: 'minute' },
  { key: '24h', ms: DAY_MS, step: 'minute' },
  { key: '7d', ms: 7 * DAY_MS, step: 'hour' },
  { key: '30d', ms: 30 * DAY_MS, step: 'hour' },
];
