/** What was seen at one moment. */
export interface Sample {
  /** Chunks acknowledged by the ledger so far. */
  readonly chunks: number;
  readonly atMs: number;
  /** Of the chunks answered since the sample before; null when there were none. */
  readonly latency: { readonly p50: number; readonly p99: number } | null;
  /** Bytes that each process holds. */
  readonly memory: ReadonlyMap<string, number>;
  readonly ledgerBytes: number;
}

/** One tenth of the run. */
export interface Tenth {
  readonly chunks: number;
  readonly chunksPerSecond: number;
  /** Medians of the samples' percentiles, ms. */
  readonly latencyMs: { readonly p50: number; readonly p99: number };
  /** Median of the bytes that each process holds. */
  readonly memory: Readonly<Record<string, number>>;
  readonly ledgerBytes: number;
}

/** What is not flat, in words; none when all is. */
export interface Flatness {
  readonly memoryRatios: Readonly<Record<string, number>>;
  readonly latencyRatio: number;
  readonly findings: readonly string[];
}

export const TENTHS = 10;
/** The first tenths warm caches and heaps; growth is looked for after them. */
const FIRST_WARM = 2;
/** A leak of a few bytes a chunk shows as more than this over a million. */
const MEMORY_GROWTH = 1.25;
/** Less than this is an allocator's mood, not a leak. */
const MEMORY_SLACK_BYTES = 32 * 1_024 * 1_024;
const LATENCY_GROWTH = 1.5;

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function tenth(samples: readonly Sample[], previous: Sample): Tenth {
  const last = samples.at(-1) ?? previous;
  const names = new Set(samples.flatMap(({ memory }) => [...memory.keys()]));
  const latencies = samples.flatMap(({ latency }) => (latency === null ? [] : [latency]));
  const seconds = (last.atMs - previous.atMs) / 1_000;
  return {
    chunks: last.chunks - previous.chunks,
    chunksPerSecond: seconds > 0 ? (last.chunks - previous.chunks) / seconds : 0,
    latencyMs: {
      p50: median(latencies.map(({ p50 }) => p50)),
      p99: median(latencies.map(({ p99 }) => p99)),
    },
    memory: Object.fromEntries(
      [...names]
        .toSorted()
        .map((name) => [name, median(samples.flatMap(({ memory }) => memory.get(name) ?? []))]),
    ),
    ledgerBytes: last.ledgerBytes - previous.ledgerBytes,
  };
}

/** Cuts a run into tenths by chunks; the samples are in the order of time. */
export function tenthsOf(samples: readonly Sample[], chunks: number): Tenth[] {
  const [first] = samples;
  if (first === undefined) return [];
  const found: Tenth[] = [];
  let previous = first;
  for (let index = 1; index <= TENTHS; index += 1) {
    const from = (chunks * (index - 1)) / TENTHS;
    const to = index === TENTHS ? Number.POSITIVE_INFINITY : (chunks * index) / TENTHS;
    const within = samples.filter((sample) => sample.chunks > from && sample.chunks <= to);
    const last = within.at(-1);
    if (last === undefined) continue;
    found.push(tenth(within, previous));
    previous = last;
  }
  return found;
}

/** Compares the last tenth with the first warm one. */
export function flatness(tenths: readonly Tenth[]): Flatness {
  const before = tenths[FIRST_WARM];
  const after = tenths.at(-1);
  if (before === undefined || after === undefined || before === after) {
    return { memoryRatios: {}, latencyRatio: Number.NaN, findings: ['The run was too short.'] };
  }
  const grown = Object.entries(after.memory).filter(([name, bytes]) => {
    const was = before.memory[name] ?? 0;
    return bytes > was * MEMORY_GROWTH && bytes > was + MEMORY_SLACK_BYTES;
  });
  const latencyRatio = after.latencyMs.p50 / before.latencyMs.p50;
  const findings = grown.map(
    ([name, bytes]) => `${name} grew from ${before.memory[name] ?? 0} to ${bytes} bytes.`,
  );
  if (!(latencyRatio <= LATENCY_GROWTH)) {
    findings.push(
      `Commit latency went from ${before.latencyMs.p50} to ${after.latencyMs.p50} ms (median).`,
    );
  }
  const memoryRatios = Object.fromEntries(
    Object.entries(after.memory).map(([name, bytes]) => [name, bytes / (before.memory[name] ?? 0)]),
  );
  return { memoryRatios, latencyRatio, findings };
}
