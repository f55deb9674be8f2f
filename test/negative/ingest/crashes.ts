/** I1: the function's process dies at each call it makes. */
import { expect, it } from '@jest/globals';
import type { Lane } from '../support/ingest-lane.ts';
import type { IngestScene } from './ingest.test.ts';

const LIMIT_MS = 240_000;

/**
 * Every moment at which the function waits for somebody else, in two rows: the process that clears up after one
 * crash is the next one's victim. A process asks for its identity once only, so that stands first.
 */
const ROWS = [
  [
    'GetSecretValue called',
    'Endorse called',
    'Submit called',
    'CommitStatus called',
    'Acknowledge called',
    'SendMessage called',
    'DeleteMessageBatch called',
  ],
  [
    'GetSecretValue answered',
    'Endorse answered',
    'Submit answered',
    'CommitStatus answered',
    'Acknowledge answered',
    'SendMessage answered',
    'DeleteMessageBatch answered',
  ],
] as const;

interface Outcome {
  readonly recorded: number;
  readonly committed: boolean;
  readonly quarantined: readonly string[];
  readonly deadLetters: number;
}

const WANTED: Outcome = {
  recorded: 1,
  committed: true,
  quarantined: ['malformed'],
  deadLetters: 0,
};

async function crashAt(scene: IngestScene, lane: Lane, moment: string, at: number) {
  const wearer = await scene.world.wearer();
  const victim = lane.hosts.at(-1)!;
  const died = lane.once(moment, async () => {
    await victim.end('SIGKILL');
    return undefined;
  });
  const chunk = wearer.chunk({ firstSequence: at * 5 });
  await lane.send(wearer, chunk);
  await lane.send(wearer, Buffer.from('no chunk'));
  await died;
  await victim.end('SIGKILL');
  lane.redeliver();
  await lane.host();
  await lane.settled();
  const chunks = await scene.world.chunksOf(wearer.patientId);
  const reasons = (await lane.quarantined(wearer)).map(({ reason }) => reason);
  return {
    recorded: chunks.filter((one) => one.equals(chunk)).length,
    committed: lane.answers(wearer).some(({ status }) => status === 'committed'),
    quarantined: [...new Set(reasons)],
    deadLetters: lane.count('ingest-dlq'),
  };
}

export function theCrashes(scene: () => IngestScene): void {
  it(
    'I1 killed at any call it makes, the function leaves exactly one record after redelivery',
    async () => {
      const outcomes: Record<string, Outcome> = {};
      await Promise.all(
        ROWS.map((moments) =>
          scene().lane(async (lane) => {
            await lane.host();
            for (const [at, moment] of moments.entries()) {
              outcomes[moment] = await crashAt(scene(), lane, moment, at);
            }
          }),
        ),
      );
      expect(outcomes).toEqual(Object.fromEntries(ROWS.flat().map((moment) => [moment, WANTED])));
    },
    LIMIT_MS,
  );
}
