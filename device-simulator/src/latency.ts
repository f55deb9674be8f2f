/** Buckets grow by this factor: percentiles are right to 2 %. */
const GROWTH = 1.02;
const LOG_GROWTH: number = Math.log(GROWTH);

/** Counts durations in buckets of equal ratio, so that any number of them takes little memory. */
export class LatencyHistogram {
  readonly #buckets = new Map<number, number>();
  #count = 0;

  add(ms: number): void {
    const bucket = ms < 1 ? 0 : 1 + Math.floor(Math.log(ms) / LOG_GROWTH);
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + 1);
    this.#count += 1;
  }

  /** Upper end of the bucket that holds this share of the durations, ms; undefined without any. */
  percentile(share: number): number | undefined {
    if (this.#count === 0) return undefined;
    let left = Math.max(1, Math.ceil(share * this.#count));
    for (const bucket of [...this.#buckets.keys()].sort((a, b) => a - b)) {
      left -= this.#buckets.get(bucket) ?? 0;
      if (left <= 0) return Math.round(GROWTH ** bucket);
    }
    return undefined;
  }
}
