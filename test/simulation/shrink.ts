import type { SeedThread } from './seed-thread.ts';
import type { TracedReport } from './worker.ts';
import type { SeedOptions } from './world/simulation.ts';

/** What to run again, without the thread's own part. */
export type Repeatable = Omit<SeedOptions, 'turn'>;

/** Runs that a search for a shorter trace may take. */
const MAX_TRIES = 300;

/** A failing run that is as small as could be found. */
export interface Shrunk {
  readonly options: Repeatable;
  readonly report: TracedReport;
}

/**
 * Looks for a shorter failing run of the same seed: fewer devices, windows and hosts, then fewer faults, first in large
 * parts and then one by one (delta debugging).
 */
export async function shrink(
  thread: SeedThread,
  bundle: string,
  found: Repeatable,
): Promise<Shrunk> {
  let tries = 0;
  const run = async (options: Repeatable): Promise<TracedReport | undefined> => {
    if (++tries > MAX_TRIES) return undefined;
    const work = { bundle, seeds: [options], stopAtFirst: true, withTrace: true };
    const [report] = (await thread.run(work)).reports;
    return report !== undefined && report.violations.length > 0 ? report : undefined;
  };
  const first = await run(found);
  if (first === undefined)
    throw new Error(`Seed ${found.seed} does not fail when it is run again.`);
  let best: Shrunk = { options: found, report: first };
  const attempt = async (options: Repeatable): Promise<boolean> => {
    const report = await run(options);
    if (report === undefined) return false;
    best = { options, report };
    return true;
  };
  await fewerParts(attempt, () => best.options);
  await fewerFaults(attempt, () => best);
  return best;
}

type Attempt = (options: Repeatable) => Promise<boolean>;

async function fewerParts(attempt: Attempt, best: () => Repeatable): Promise<void> {
  for (const part of ['hosts', 'devices', 'windows'] as const) {
    for (let most = 1; most <= 4; most++) {
      if (await attempt({ ...best(), [part]: most })) break;
    }
  }
}

async function fewerFaults(attempt: Attempt, best: () => Shrunk): Promise<void> {
  for (
    let size = Math.ceil(best().report.faults.length / 2);
    size >= 1;
    size = Math.floor(size / 2)
  ) {
    // From the end: what comes last is most often without a part in it.
    for (let end = best().report.faults.length; end > 0; end -= size) {
      const { options, report } = best();
      const without = report.faults.slice(Math.max(0, end - size), end);
      if (without.length === 0) continue;
      await attempt({ ...options, suppressed: [...(options.suppressed ?? []), ...without] });
    }
  }
}
