/** I2, I3, I6, I7, I8, I12: batches that overlap, hold poison, conflict, come again, or come from somebody else. */
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { expect, it } from '@jest/globals';
import { chunkHeader, chunkTopic } from '@pulseledger/domain';
import { z } from 'zod';
import { createRole, credentialsOf, type LocalRole } from '../../../local/src/aws/role.ts';
import { queueUrl } from '../../../local/src/cloud/sqs-service.ts';
import { lastJson, start } from '../../integration/start.ts';
import type { Lane } from '../support/ingest-lane.ts';
import { eventually } from '../support/system.ts';
import type { IngestScene } from './ingest.test.ts';

const LIMIT_MS = 240_000;
const QUARANTINE = 'local/src/quarantine-command/main.ts';
const Redriven = z.object({ redriven: z.number() });
/** New proposals that one transaction gets when others keep changing what it reads (ledger/src/retry.ts). */
const PROPOSALS = 8;

async function sendAs(lane: Lane, role: LocalRole | undefined, body: string): Promise<string> {
  const client = new SQSClient({
    region: 'eu-central-1',
    endpoint: lane.sqsOrigin,
    credentials: credentialsOf(role ?? createRole('stranger', [])),
  });
  try {
    const QueueUrl = queueUrl(lane.sqsOrigin, 'ingest');
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: body }));
    return 'taken';
  } catch (error) {
    return error instanceof Error ? error.name : 'unknown';
  } finally {
    client.destroy();
  }
}

export function theBatches(scene: () => IngestScene): void {
  it(
    'I2 a batch that is delivered again while its first run goes on is recorded once',
    async () => {
      const wearers = await Promise.all([scene().world.wearer(), scene().world.wearer()]);
      await scene().lane(async (lane) => {
        const held = Promise.withResolvers<undefined>();
        const first = lane.once('CommitStatus answered', async () => {
          await held.promise;
          return undefined;
        });
        for (const wearer of wearers) {
          for (const firstSequence of [0, 5, 10]) {
            await lane.send(wearer, wearer.chunk({ firstSequence }));
          }
        }
        const one = await lane.host(1);
        await first;
        // The first run waits for its answer; its messages come to light again and another takes them.
        const endorsedByFirst = lane.proxy.count('Endorse');
        const other = await lane.host(1);
        lane.redeliver();
        await eventually('the second run has begun', () =>
          lane.proxy.count('Endorse') > endorsedByFirst ? true : undefined,
        );
        await lane.settled();
        held.resolve(undefined);
        await eventually('both runs have answered', () =>
          [one, other].every((host) => host.output.includes('ingested')) ? true : undefined,
        );
        for (const wearer of wearers) {
          const chunks = await scene().world.chunksOf(wearer.patientId);
          expect(chunks.map((chunk) => chunkHeader(chunk).firstSequence)).toEqual([0, 5, 10]);
          expect(lane.answers(wearer).every(({ status }) => status === 'committed')).toBe(true);
        }
        expect([one.isAlive, other.isAlive]).toEqual([true, true]);
        expect([lane.count('ingest-dlq'), lane.count('quarantine')]).toEqual([0, 0]);
      });
    },
    LIMIT_MS,
  );

  it(
    'I3 one poison in ten: nine are committed, one is in quarantine under its reason, no dead letter',
    async () => {
      const [wearer, stranger] = [await scene().world.wearer(), await scene().world.wearer()];
      const poisons: [string, Buffer][] = [
        ['malformed', Buffer.from('{"value":')],
        ['bad_signature', stranger.chunk({ firstSequence: 300, deviceId: wearer.deviceId })],
      ];
      const run = async (lane: Lane, round: number): Promise<void> => {
        const [reason, poison] = poisons[round]!;
        const earlier = lane.answers(wearer).length;
        const firsts = Array.from({ length: 9 }, (_, index) => (round * 9 + index) * 2);
        for (const [index, firstSequence] of firsts.entries()) {
          if (index === 4) await lane.send(wearer, poison);
          await lane.send(wearer, wearer.chunk({ firstSequence, count: 2 }));
        }
        await lane.settled();
        const entries = await lane.quarantined(wearer);
        expect(entries.at(-1)?.reason).toBe(reason);
        expect(entries).toHaveLength(1);
        expect(lane.count('ingest-dlq')).toBe(0);
        const committed = lane
          .answers(wearer)
          .slice(earlier)
          .filter(({ status }) => status === 'committed');
        const answered = firsts.filter((first) =>
          committed.some(
            ({ firstSequence, count }) =>
              firstSequence <= first && first + 2 <= firstSequence + count,
          ),
        );
        expect(answered).toEqual(firsts);
      };
      for (const round of poisons.keys()) {
        await scene().running('one', (lane) => run(lane, round));
      }
      expect(await scene().world.chunksOf(wearer.patientId)).toHaveLength(18);
    },
    LIMIT_MS,
  );

  it(
    'I6 a conflict at every try is given up after a bounded number of them, and ends as a dead letter',
    async () => {
      const wearer = await scene().world.wearer();
      const rival = scene().world.client(await scene().world.ingest());
      await scene().lane(
        async (lane) => {
          let rivals = 0;
          // Right before each submit somebody else records for the same device, so the transaction is out of date.
          lane.at('Submit called', async () => {
            rivals += 1;
            await rival.recordChunks([wearer.chunk({ firstSequence: 100 + rivals * 5 })]);
            return undefined;
          });
          const chunk = wearer.chunk({ firstSequence: 0 });
          await lane.send(wearer, chunk);
          await lane.host(1);
          await eventually('the message is a dead letter', () =>
            lane.count('ingest-dlq') === 1 ? true : undefined,
          );
          expect(lane.count()).toBe(0);
          // Fewer only when its time was over before.
          expect(rivals).toBeLessThanOrEqual(PROPOSALS);
          expect(rivals).toBeGreaterThan(1);
          expect(await scene().world.chunksOf(wearer.patientId)).toHaveLength(rivals);
        },
        { maxReceiveCount: 1 },
      );
    },
    LIMIT_MS,
  );

  it(
    'I6 chunks of one device that are recorded by several processes at once are each recorded once',
    async () => {
      const wearer = await scene().world.wearer();
      await scene().running('pair', async (lane) => {
        const firsts = Array.from({ length: 12 }, (_, index) => index * 2);
        for (const firstSequence of firsts) {
          await lane.send(wearer, wearer.chunk({ firstSequence, count: 2 }));
        }
        await lane.settled();
        const chunks = await scene().world.chunksOf(wearer.patientId);
        expect(chunks.map((chunk) => chunkHeader(chunk).firstSequence)).toEqual(firsts);
        expect([lane.count('ingest-dlq'), lane.count('quarantine')]).toEqual([0, 0]);
      });
    },
    LIMIT_MS,
  );

  it(
    'I7 a dead letter redriven by two people at once, and sent once more, is one record',
    async () => {
      const wearer = await scene().world.wearer();
      await scene().lane(
        async (lane) => {
          lane.at('Endorse called', () => 'drop');
          await lane.host(1);
          await lane.send(wearer, wearer.chunk({ firstSequence: 0 }));
          await eventually('the message is a dead letter', () =>
            lane.count('ingest-dlq') === 1 ? true : undefined,
          );
          const [letter] = await lane.queues.queue('ingest-dlq').receive({
            ...{ max: 1, visibilityTimeoutMs: 0 },
          });
          lane.at('Endorse called');
          const system = await lane.systemFile();
          const redrive = () =>
            start(QUARANTINE, ['redrive', '--dlq', '--json', '--system', system]).finished;
          const both = await Promise.all([redrive(), redrive()]);
          expect(both.map(({ code }) => code)).toEqual([0, 0]);
          const counts = both.map(({ stdout }) => Redriven.parse(lastJson(stdout)).redriven);
          expect(counts.sort()).toEqual([0, 1]);
          await lane.settled();
          expect(await sendAs(lane, lane.roles.operator, letter!.body)).toBe('taken');
          await lane.settled();
          expect(Redriven.parse(lastJson((await redrive()).stdout)).redriven).toBe(0);
          expect(await scene().world.chunksOf(wearer.patientId)).toHaveLength(1);
          expect([lane.count('ingest-dlq'), lane.count('quarantine')]).toEqual([0, 0]);
        },
        { maxReceiveCount: 1 },
      );
    },
    LIMIT_MS,
  );

  it(
    'I8 nobody but the rule’s role can put a message into the queue',
    async () => {
      await scene().lane(async (lane) => {
        expect(await sendAs(lane, lane.roles.ingest, 'forged')).toBe('AccessDeniedException');
        expect(await sendAs(lane, lane.roles.eventSource, 'forged')).toBe('AccessDeniedException');
        expect(await sendAs(lane, undefined, 'forged')).toBe('UnrecognizedClientException');
        const bare = await fetch(lane.sqsOrigin, { method: 'POST', body: '{}' });
        expect(bare.status).toBeGreaterThanOrEqual(400);
        expect(lane.count()).toBe(0);
      });
    },
    LIMIT_MS,
  );

  it(
    'I8 a message whose sender, topic and chunk do not name one device is quarantined',
    async () => {
      const [one, other] = [await scene().world.wearer(), await scene().world.wearer()];
      await scene().running('one', async (lane) => {
        const chunk = one.chunk({ firstSequence: 0 });
        await lane.send(one, chunk, chunkTopic(other.deviceId));
        await lane.send(other, chunk, chunkTopic(one.deviceId));
        await lane.send(other, chunk);
        await lane.settled();
        const reasons = (await lane.quarantined(one, other)).map(({ reason }) => reason);
        expect(reasons).toEqual(Array.from({ length: 3 }, () => 'identity_mismatch'));
        for (const { patientId } of [one, other]) {
          expect(await scene().world.chunksOf(patientId)).toEqual([]);
        }
      });
    },
    LIMIT_MS,
  );

  it(
    'I12 chunks of interleaved devices that come out of order are read in each device’s order',
    async () => {
      const wearers = await Promise.all([scene().world.wearer(), scene().world.wearer()]);
      await scene().running('pair', async (lane) => {
        const firsts = [20, 0, 15, 5, 10];
        for (const firstSequence of firsts) {
          for (const wearer of wearers) {
            await lane.send(wearer, wearer.chunk({ firstSequence }));
          }
        }
        await lane.settled();
      });
      for (const wearer of wearers) {
        const chunks = await scene().world.chunksOf(wearer.patientId);
        const order = chunks.map((chunk) => chunkHeader(chunk).firstSequence);
        expect(order).toEqual([0, 5, 10, 15, 20]);
      }
    },
    LIMIT_MS,
  );
}
