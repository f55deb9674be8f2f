/** O4: the function's clock jumps by a day. */
import { expect, it } from '@jest/globals';
import { chunkHeader } from '@pulseledger/domain';
import { eventually } from '../support/system.ts';
import type { IngestScene } from './ingest.test.ts';

const LIMIT_MS = 240_000;
const DAY_MS = 86_400_000;

/** Sends while the clock is off, and sets it right when the function has given up once. */
async function jump({ world, lane: open }: IngestScene, offMs: number): Promise<void> {
  const wearer = await world.wearer();
  await open(async (lane) => {
    const host = await lane.host(1);
    await lane.send(wearer, wearer.chunk({ firstSequence: 0 }));
    await lane.settled();
    await lane.shiftClock(offMs);
    for (const firstSequence of [5, 10]) {
      await lane.send(wearer, wearer.chunk({ firstSequence }));
    }
    await eventually('the function has given them back and says that it failed', () =>
      /"returned":[1-9].*"failures":\{"\w+":[1-9]/.test(host.output) ? true : undefined,
    );
    expect([lane.count('quarantine'), lane.count('ingest-dlq')]).toEqual([0, 0]);
    await lane.shiftClock(0);
    await lane.settled();
    const chunks = await world.chunksOf(wearer.patientId);
    const order = chunks.map((chunk) => chunkHeader(chunk).firstSequence);
    expect(order).toEqual([0, 5, 10]);
    expect(host.isAlive).toBe(true);
    expect([lane.count('quarantine'), lane.count('ingest-dlq')]).toEqual([0, 0]);
  });
}

export function theClocks(scene: () => IngestScene): void {
  it(
    'O4 a clock that jumps a day forward or back doubles nothing, reorders nothing, and is told in the log',
    async () => {
      await Promise.all([jump(scene(), DAY_MS), jump(scene(), -DAY_MS)]);
    },
    LIMIT_MS,
  );
}
