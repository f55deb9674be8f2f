import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { acknowledgementTopic, commandTopic, type Reading } from '@pulseledger/domain';
import { Prng } from '../prng.ts';
import { readSystemFile } from '../system-file.ts';
import { eventually, FakeSystem } from '../test-support/fake-system.ts';
import { makeChunks } from './chunk-maker.ts';
import { enrolmentAt } from './enrolment.ts';
import { type DeviceIdentity, deviceIdentity } from './identity.ts';
import { Outbox } from './outbox.ts';
import { type Answer, MAX_CHUNKS_ON_THE_WAY, Publisher } from './publisher.ts';

let system: FakeSystem;
let folder: string;
let identity: DeviceIdentity;
let outbox: Outbox;
let publisher: Publisher;
let answers: Answer[];
let watched: number[];
let published: number;

beforeEach(async () => {
  system = await FakeSystem.start();
  folder = await mkdtemp(join(tmpdir(), 'pulse-publisher-'));
  const enrol = enrolmentAt(await readSystemFile(system.systemFile));
  const description = {
    patientId: system.patients[0] ?? '',
    fromMs: 1_000,
    manufacturer: 'm',
    model: 'm',
    serial: '1',
  };
  identity = await deviceIdentity(folder, 'one', description, enrol);
  outbox = new Outbox(':memory:');
  outbox.beginBoot(identity.deviceId);
  answers = [];
  watched = [];
  published = 0;
  publisher = new Publisher(
    outbox,
    { ...identity, random: new Prng('test') },
    {
      published: () => {
        published += 1;
      },
      answered: (answer) => {
        answers.push(answer);
      },
      watched: (untilMs) => {
        watched.push(untilMs);
      },
    },
  );
});
afterEach(async () => {
  await publisher.close();
  outbox.close();
  await system.close();
  await rm(folder, { recursive: true });
});

function put(count: number): void {
  for (let i = 0; i < count; i += 1) {
    const { boot, nextSequence: firstSequence } = outbox.numbering(identity.deviceId);
    const atMs = 1_790_000_000_000 + i * 1_000;
    const readings: Reading[] = [{ code: '8867-4', unit: '/min', atMs, value: 60 + (i % 40) }];
    const input = {
      deviceId: identity.deviceId,
      boot,
      firstSequence,
      sign: identity.sign,
      zoneOffsetAt: () => 0,
      closedAtMs: Date.now(),
    };
    for (const chunk of makeChunks(input, readings)) outbox.put(chunk);
  }
}

describe('the way from the outbox to the ledger', () => {
  test('no more chunks are on the way at once than the limit, however many wait', async () => {
    system.answer = () => 'silent';
    put(MAX_CHUNKS_ON_THE_WAY + 40);
    publisher.open();
    await eventually(() => published === MAX_CHUNKS_ON_THE_WAY, 'the limit is on the way');
    publisher.pump();
    expect(system.received.size).toBe(MAX_CHUNKS_ON_THE_WAY);
    // Each answer makes room for one more, oldest first.
    for (const { chunk } of [...system.received.values()]) system.acknowledge(chunk, 'committed');
    system.answer = () => 'committed';
    await eventually(() => answers.length === MAX_CHUNKS_ON_THE_WAY + 40, 'all answered');
    expect(outbox.pendingCounts(identity.deviceId).chunks).toBe(0);
    const order = [...system.received.values()].map((entry) => entry.chunk.firstSequence);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
  });

  test('one answer for a range is an answer to every chunk in it, and to none beside it', async () => {
    system.answer = () => 'silent';
    put(250);
    const range = { boot: 1, firstSequence: 10, count: 230, status: 'committed' };
    publisher.open();
    await eventually(() => published === MAX_CHUNKS_ON_THE_WAY, 'the limit is on the way');
    system.broker.send(acknowledgementTopic(identity.deviceId), range);
    await eventually(() => answers.length === 230, 'answered');
    expect(answers.map(({ acknowledgement }) => acknowledgement)).toEqual(
      Array.from({ length: 230 }, (_, n) => ({ ...range, firstSequence: 10 + n, count: 1 })),
    );
    const left = outbox.pendingAfter(identity.deviceId, { boot: 1, firstSequence: -1 }, 300);
    expect(left.map(({ firstSequence }) => firstSequence)).toEqual(
      Array.from({ length: 20 }, (_, n) => (n < 10 ? n : n + 230)),
    );
  });

  test('messages that are no answer to a pending chunk change nothing', async () => {
    system.answer = () => 'silent';
    put(1);
    publisher.open();
    await eventually(() => published === 1, 'published');
    const topic = acknowledgementTopic(identity.deviceId);
    const answer = { boot: 1, firstSequence: 0, count: 1, status: 'committed' };
    for (const wrong of [
      { ...answer, count: 0 },
      { ...answer, count: 2, status: 'quarantined', reason: 'malformed' },
      { ...answer, boot: 9 },
      { ...answer, firstSequence: 1 },
      { ...answer, status: 'perhaps' },
      'committed',
      null,
      { padding: 'x'.repeat(20_000), ...answer },
    ]) {
      system.broker.send(topic, wrong);
    }
    system.broker.send(commandTopic(identity.deviceId), { watchUntilMs: 'forever' });
    system.broker.send(commandTopic(identity.deviceId), { watchUntilMs: 4_102_444_800_000 });
    await eventually(() => watched.length === 1, 'the command after them was seen');
    expect(answers).toEqual([]);
    expect(outbox.pendingCounts(identity.deviceId).chunks).toBe(1);
    // Nobody can make a device send short windows for years.
    expect(watched[0]).toBeLessThanOrEqual(Date.now() + 3_600_000);

    system.broker.send(topic, answer);
    system.broker.send(topic, answer);
    await eventually(() => answers.length === 1, 'answered');
    system.broker.send(commandTopic(identity.deviceId), { watchUntilMs: 0 });
    await eventually(() => watched.length === 2, 'the repeated answer was seen');
    expect(answers.length).toBe(1);
  });

  test('without the answer of the ledger a chunk is sent again when its time has come', async () => {
    system.answer = () => 'silent';
    put(2);
    publisher.open();
    await eventually(() => published === 2, 'published');
    publisher.sendOverdue(Date.now() + 10_000);
    expect(published).toBe(2);
    publisher.sendOverdue(Date.now() + 60_000);
    await eventually(() => published === 4, 'sent again');
    for (const entry of system.received.values()) {
      expect([entry.times, entry.digests.size]).toEqual([2, 1]);
    }
  });

  test('connections cut in the middle of a stream lose nothing and change nothing', async () => {
    system.answer = () => 'committed';
    publisher.open();
    for (let round = 0; round < 4; round += 1) {
      put(25);
      publisher.pump();
      await eventually(() => answers.length > round * 20, 'some answers');
      system.broker.cut();
    }
    await eventually(() => {
      publisher.sendOverdue(Date.now() + 60_000);
      return answers.length === 100;
    }, 'all answered');
    for (const entry of system.received.values()) expect(entry.digests.size).toBe(1);
    expect(system.received.size).toBe(100);
    expect(publisher.reconnects).toBeGreaterThanOrEqual(1);
  });
});
