import type { Series, SeriesAnswer } from '@pulseledger/domain';

/** Signs of a device do not all come with the same message; so much before the newest value is asked for again. */
const OVERLAP_MS = 60_000;

/** The newest point of each code that has a value; of a code that the answer does not tell of, what was known before. */
export function newestOf({ series }: SeriesAnswer, before: readonly Series[]): readonly Series[] {
  const told = series.flatMap((one) => {
    const newest = one.points.findLast(({ count }) => count > 0);
    return newest === undefined ? [] : [{ ...one, points: [newest] }];
  });
  const isTold = ({ code, unit }: Series): boolean =>
    told.some((one) => one.code === code && one.unit === unit);
  return [...told, ...before.filter((one) => !isTold(one))];
}

/** From when on to ask, so that an answer is short. @param lookBackMs when nothing is known yet */
export function askFrom(known: readonly Series[], nowMs: number, lookBackMs: number): number {
  const times = known.flatMap(({ points }) => points.map(({ atMs }) => atMs));
  return Math.max(nowMs - lookBackMs, Math.max(0, ...times) - OVERLAP_MS);
}
