/** Figures of one operation at one load. */
export interface Figures {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface Timed extends Figures {
  /** Of what the operation itself measured; empty when it measured nothing. */
  readonly inner: Pick<Figures, 'p50Ms' | 'p99Ms'> | undefined;
}

/** Nearest rank; NaN for none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

function percentiles(values: readonly number[]): Pick<Figures, 'p50Ms' | 'p99Ms'> {
  return { p50Ms: rounded(percentile(values, 0.5)), p99Ms: rounded(percentile(values, 0.99)) };
}

/**
 * Keeps so many operations under way, each lane one after the other, and counts those that ended within the measured time.
 */
export async function keepInFlight(options: {
  readonly inFlight: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly run: (lane: number, turn: number) => Promise<number | undefined>;
}): Promise<Timed> {
  const { inFlight, seconds, warmUpSeconds, run } = options;
  const startMs = performance.now() + warmUpSeconds * 1_000;
  const endMs = startMs + seconds * 1_000;
  const [outer, inner]: [number[], number[]] = [[], []];
  const lane = async (index: number): Promise<void> => {
    for (let turn = 0; performance.now() < endMs; turn += 1) {
      const before = performance.now();
      const measured = await run(index, turn);
      const after = performance.now();
      if (after < startMs || after >= endMs) continue;
      outer.push(after - before);
      if (measured !== undefined) inner.push(measured);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, (_, index) => lane(index)));
  return {
    perSecond: rounded(outer.length / seconds),
    ...percentiles(outer),
    inner: inner.length === 0 ? undefined : percentiles(inner),
  };
}
