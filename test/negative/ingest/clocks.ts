/** O4: the function's clock jumps by a day. */
import { expect, it } from '@jest/globals';
import { chunkHeader } from '@pulseledger/domain';
import type { Lane } from '../support/ingest-lane.ts';
import type { LedgerWorld } from '../support/ledger-world.ts';
import { eventually } from '../support/system.ts';
import type { IngestScene } from './ingest.test.ts';

const LIMIT_MS = 240_000;
const DAY_MS = 86_400_000;

/** Sends while the clock is off, and sets it right when the function has given up once. */
async function jump(world: LedgerWorld, lane: Lane, offMs: number): Promise<void> {
  const wearer = await world.wearer();
  await lane.send(wearer, wearer.chunk({ firstSequence: 0 }));
  await lane.settled();
  const said = lane.listen();
  await lane.shiftClock(offMs);
  for (const firstSequence of [5, 10]) {
    await lane.send(wearer, wearer.chunk({ firstSequence }));
  }
  await eventually('the function has given them back and says that it failed', () =>
    /"returned":[1-9].*"failures":\{"\w+":[1-9]/.test(said()) ? true : undefined,
  );
  expect([lane.count('quarantine'), lane.count('ingest-dlq')]).toEqual([0, 0]);
  await lane.shiftClock(0);
  await lane.settled();
  const chunks = await world.chunksOf(wearer.patientId);
  const order = chunks.map((chunk) => chunkHeader(chunk).firstSequence);
  expect(order).toEqual([0, 5, 10]);
  expect([lane.count('quarantine'), lane.count('ingest-dlq')]).toEqual([0, 0]);
}

export function theClocks(scene: () => IngestScene): void {
  it(
    'O4 a clock that jumps a day forward or back doubles nothing, reorders nothing, and is told in the log',
    async () => {
      const { world, lane: open } = scene();
      await open(async (lane) => {
        const host = await lane.host(1);
        await jump(world, lane, DAY_MS);
        await jump(world, lane, -DAY_MS);
        expect(host.isAlive).toBe(true);
      });
    },
    LIMIT_MS,
  );
}
