/** I4 and I5: answers that get lost, and a ledger that is away. */
import { expect, it } from '@jest/globals';
import { pausedOrderers } from '../support/native-processes.ts';
import { eventually } from '../support/system.ts';
import type { IngestScene } from './ingest.test.ts';

const LIMIT_MS = 240_000;

export function theOutages(scene: () => IngestScene): void {
  it.each(['Submit answered', 'CommitStatus answered'])(
    'I4 when the answer "%s" is lost, the fate is found by the transaction’s id, and nothing is written again',
    async (moment) => {
      const wearer = await scene().world.wearer();
      await scene().running('one', async (lane) => {
        const calls = () => ['Endorse', 'Submit'].map((method) => lane.proxy.count(method));
        const before = calls();
        const lost = lane.once(moment, () => 'drop');
        await lane.send(wearer, wearer.chunk({ firstSequence: 0 }));
        await lost;
        await lane.settled();
        expect(lane.answers(wearer)).toMatchObject([{ status: 'committed' }]);
        expect(calls()).toEqual(before.map((count) => count + 1));
        expect(await scene().world.chunksOf(wearer.patientId)).toHaveLength(1);
      });
    },
    LIMIT_MS,
  );

  it(
    'I5 while the peer cannot be reached messages stay, and none is lost when it is back',
    async () => {
      const wearer = await scene().world.wearer();
      await scene().running('one', async (lane) => {
        lane.at('Endorse called', () => 'drop');
        const said = lane.listen();
        for (const firstSequence of [0, 5, 10]) {
          await lane.send(wearer, wearer.chunk({ firstSequence }));
        }
        await eventually('the function has given them back', () =>
          /"returned":[1-9]/.test(said()) ? true : undefined,
        );
        expect([lane.count(), lane.count('ingest-dlq')]).toEqual([3, 0]);
        expect(lane.queues.queue('ingest').oldestAgeMs).toBeGreaterThan(0);
        expect(lane.answers(wearer)).toEqual([]);
        lane.at('Endorse called');
        await lane.settled();
        expect(await scene().world.chunksOf(wearer.patientId)).toHaveLength(3);
        expect(lane.count('ingest-dlq')).toBe(0);
      });
    },
    LIMIT_MS,
  );

  it(
    'I5 without a quorum of orderers messages stay, and none is lost or doubled when it is back',
    async () => {
      const wearer = await scene().world.wearer();
      await scene().running('one', async (lane) => {
        const resume = await withoutOrderers(scene(), lane);
        const before = lane.proxy.count('Submit');
        for (const firstSequence of [0, 5]) {
          await lane.send(wearer, wearer.chunk({ firstSequence }));
        }
        await eventually('a submit was tried', () =>
          lane.proxy.count('Submit') > before ? true : undefined,
        );
        expect([lane.count(), lane.count('ingest-dlq')]).toEqual([2, 0]);
        expect(lane.answers(wearer)).toEqual([]);
        resume();
        await lane.settled();
        expect(await scene().world.chunksOf(wearer.patientId)).toHaveLength(2);
        const answered = lane.answers(wearer).reduce((readings, { count }) => readings + count, 0);
        expect(answered).toBe(10);
      });
    },
    LIMIT_MS,
  );
}

/** Native: two of three orderers stand still. Devnet, which has one: it cannot be reached. @returns undoes it */
async function withoutOrderers(
  { world }: IngestScene,
  lane: { at: (moment: string, action?: () => 'drop') => void },
): Promise<() => void> {
  if (world.kind === 'fabric') return pausedOrderers(world.folder, 2);
  lane.at('Submit called', () => 'drop');
  return () => {
    lane.at('Submit called');
  };
}
