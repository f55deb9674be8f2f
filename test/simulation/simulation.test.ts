import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bundleSimulation } from './bundle.ts';
import { PLANTED_BUGS } from './mutations.ts';
import { SeedThread } from './seed-thread.ts';
import { shrink } from './shrink.ts';
import type { Answer } from './worker.ts';
import { FAULT_KINDS } from './world/choices.ts';

const ROOT = join(__dirname, '..', '..');
const SEEDS = 200;
/** Seeds are fast; a machine that is busy with other things is not. */
const PATIENCE_MS = 600_000;

/** Without these a search is no proof. */
const NEEDED = [
  'chunks already recorded',
  'commit left unknown',
  'ends of cloud',
  'ends of device',
  'ends of ingest',
  'messages redelivered',
  'quarantined: malformed',
  'retried: commit conflict',
  'retried: endorse disagreement',
  'unknown commit resolved: absent',
  'unknown commit resolved: committed',
];

let thread: SeedThread;
let bundle: string;

beforeAll(async () => {
  thread = new SeedThread(ROOT);
  bundle = await bundleSimulation(ROOT);
});

afterAll(async () => {
  await thread.close();
});

function seeds(count: number): { seed: number }[] {
  return Array.from({ length: count }, (_, index) => ({ seed: index + 1 }));
}

async function traceOf(seed: number): Promise<string> {
  const work = { bundle, seeds: [{ seed }], stopAtFirst: false, withTrace: true };
  const { reports } = await thread.run(work);
  return reports.flatMap(({ trace }) => trace).join('\n');
}

describe('the whole system in a simulated world', () => {
  it(
    `keeps its promises in ${SEEDS} seeds, with faults of every kind in them`,
    async () => {
      const work = { bundle, seeds: seeds(SEEDS), stopAtFirst: true, withTrace: false };
      const { reports } = await thread.run(work);
      expect(
        reports.flatMap(({ seed, violations }) => violations.map((v) => `${seed}: ${v}`)),
      ).toEqual([]);
      expect(reports).toHaveLength(SEEDS);
      const kinds = new Set(
        reports.flatMap(({ faults }) => faults.map((name) => name.split('@')[0])),
      );
      expect([...kinds].sort()).toEqual([...FAULT_KINDS].sort());
      const happened = new Set(reports.flatMap(({ counts }) => Object.keys(counts)));
      for (const what of NEEDED) expect(happened).toContain(what);
    },
    PATIENCE_MS,
  );

  it(
    'runs a seed byte for byte the same each time, whatever was run before it',
    async () => {
      const first = await traceOf(3);
      await traceOf(4);
      expect(await traceOf(3)).toBe(first);
      expect(first.split('\n').length).toBeGreaterThan(50);
      const other = new SeedThread(ROOT);
      const work = { bundle, seeds: [{ seed: 3 }], stopAtFirst: false, withTrace: true };
      const { reports }: Answer = await other.run(work).finally(() => other.close());
      expect(reports[0]?.trace.join('\n')).toBe(first);
    },
    PATIENCE_MS,
  );
});

describe('a planted bug', () => {
  it.each(PLANTED_BUGS.map((bug) => [bug.name, bug] as const))(
    'is found: %s',
    async (_, bug) => {
      const planted = await bundleSimulation(ROOT, bug);
      const work = {
        bundle: planted,
        seeds: seeds(bug.within),
        stopAtFirst: true,
        withTrace: false,
      };
      const { reports } = await thread.run(work);
      expect(reports.at(-1)?.violations).not.toEqual([]);
    },
    PATIENCE_MS,
  );

  it(
    'is shown by a run with fewer faults that fails as well',
    async () => {
      const [bug] = PLANTED_BUGS;
      const planted = await bundleSimulation(ROOT, bug);
      const { report } = await shrink(thread, planted, { seed: 1 });
      expect(report.violations).toEqual(['PUBACK for a message that is not durable']);
      expect(report.faults).toEqual([]);
    },
    PATIENCE_MS,
  );

  it('that is not in the code any more is told', async () => {
    const [bug] = PLANTED_BUGS;
    if (bug === undefined) throw new Error('there is none');
    const outdated = { ...bug, find: 'this is nowhere' };
    await expect(bundleSimulation(ROOT, outdated)).rejects.toThrow('does not have, or not once');
  });

  it(
    'that reads the real clock is stopped',
    async () => {
      const impatient = await bundleSimulation(ROOT, {
        name: 'real clock',
        file: 'device-simulator/src/device/publisher.ts',
        find: 'const nowMs = this.#clock.now();',
        replace: 'const nowMs = Date.now();',
      });
      const { reports } = await thread.run({
        bundle: impatient,
        seeds: seeds(1),
        stopAtFirst: true,
        withTrace: true,
      });
      expect(reports[0]?.violations.join()).toContain('has asked the real machine: Date.now');
    },
    PATIENCE_MS,
  );
});
