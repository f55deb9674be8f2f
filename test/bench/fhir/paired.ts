/** Times two sides on the same work, in turns. */
import { percentile } from '../networks/keep-in-flight.ts';

/** What is measured on both sides. Each answers what it got, so that it can be seen that both got the same. */
export interface Work {
  readonly name: string;
  /** Times that it is done, after once that is not counted. */
  readonly turns: number;
  /** So many at the same time. */
  readonly readers: number;
  readonly ours: (turn: number, reader: number) => Promise<unknown>;
  readonly reference: (turn: number, reader: number) => Promise<unknown>;
}

export interface Times {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface PairedRow {
  readonly name: string;
  readonly readers: number;
  /** On each side; with fewer than a hundred p99 is the longest. */
  readonly samples: number;
  readonly ours: Times;
  readonly reference: Times;
  /** How many times as long as the reference. */
  readonly ratio: { readonly p50: number; readonly p99: number };
}

type Side = 'ours' | 'reference';

/** @throws Error when the sides answer differently: a figure for something else would be worth nothing */
export async function measurePaired(work: Work): Promise<PairedRow> {
  const times: Record<Side, number[]> = { ours: [], reference: [] };
  let order: Side[] = ['ours', 'reference'];
  for (let turn = 0; turn <= work.turns; turn += 1) {
    const answers = new Map<Side, string>();
    for (const side of order) {
      const timed = await Promise.all(
        Array.from({ length: work.readers }, (_, reader) => time(() => work[side](turn, reader))),
      );
      if (turn > 0) times[side].push(...timed.map(({ ms }) => ms));
      answers.set(side, JSON.stringify(timed.map(({ answer }) => answer)));
    }
    requireSame(work.name, answers);
    order = order.toReversed();
  }
  const [ours, reference] = [timesOf(times.ours), timesOf(times.reference)];
  return {
    ...{ name: work.name, readers: work.readers, samples: times.ours.length, ours, reference },
    ratio: {
      p50: rounded(ours.p50Ms / reference.p50Ms, 1),
      p99: rounded(ours.p99Ms / reference.p99Ms, 1),
    },
  };
}

async function time(run: () => Promise<unknown>): Promise<{ ms: number; answer: unknown }> {
  const before = performance.now();
  const answer = await run();
  return { ms: performance.now() - before, answer };
}

function requireSame(name: string, answers: ReadonlyMap<Side, string>): void {
  const [ours, reference] = [answers.get('ours'), answers.get('reference')];
  if (ours !== reference) {
    throw new Error(`${name}: the sides answer differently: ${ours} and ${reference}`);
  }
}

function timesOf(values: readonly number[]): Times {
  const at = (share: number): number => rounded(percentile(values, share), 2);
  return { p50Ms: at(0.5), p99Ms: at(0.99) };
}

function rounded(value: number, decimals: number): number {
  return Number(value.toFixed(decimals));
}
