import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  attachSignature,
  chunkTopic,
  encodeChunk,
  IngestMessage,
  type QuarantineEntry,
  type QuarantineReason,
} from '@pulseledger/domain';
import { createRole } from '../aws/role.ts';
import {
  INGEST_DEAD_LETTERS,
  INGEST_QUEUE,
  QUARANTINE_QUEUE,
  QueueSet,
} from '../cloud/queue/queue-set.ts';
import { queueUrl, sqsApp } from '../cloud/sqs-service.ts';
import { type RunningServer, serveLoopback } from '../loopback-server.ts';
import { details, listing } from './presentation.ts';
import type { Place } from './stranded-message.ts';
import { StrandedQueue } from './stranded-queue.ts';

const WATCH = '11'.repeat(16);
const BAND = '22'.repeat(16);
const NOON_MS = Date.UTC(2026, 10, 22, 12);
const RATE = 163;

let folder: string;
let queues: QueueSet;
let server: RunningServer;
let client: SQSClient;
let entries = 0;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pulse-stranded-'));
  queues = await QueueSet.open(folder);
  const role = createRole('operator', [{ action: 'sqs:*', resource: '*' }]);
  const origin = (): string => server.origin;
  server = await serveLoopback(sqsApp({ queues, roles: [role], region: 'local', origin }));
  const { accessKeyId, secretAccessKey } = role;
  const credentials = { accessKeyId, secretAccessKey };
  client = new SQSClient({ region: 'local', endpoint: server.origin, credentials });
});

afterEach(async () => {
  client.destroy();
  await server.close();
  await queues.close();
  await rm(folder, { recursive: true });
});

function stranded(place: Place = 'quarantine') {
  const name = place === 'quarantine' ? QUARANTINE_QUEUE : INGEST_DEAD_LETTERS;
  const url = queueUrl(server.origin, name);
  return new StrandedQueue({ client, queueUrl: url, place, waitSeconds: 0 });
}

function message(deviceId: string, firstSequence = 0): IngestMessage {
  const body = encodeChunk({
    deviceId,
    boot: 4,
    firstSequence,
    zoneOffsetMinutes: 60,
    readings: [0, 1, 2].map((second) => ({
      code: '8867-4',
      unit: '/min',
      atMs: NOON_MS + second * 1_000,
      value: RATE,
    })),
    salt: Buffer.alloc(16, 7),
  });
  return {
    payload: Buffer.from(attachSignature(body, Buffer.alloc(64))).toString('base64'),
    clientId: deviceId,
    principal: 'ab'.repeat(32),
    topic: chunkTopic(deviceId),
    receivedAtMs: NOON_MS + 60_000 + firstSequence,
  };
}

async function quarantine(reason: QuarantineReason, of: IngestMessage): Promise<void> {
  const quarantinedAtMs = NOON_MS + 120_000 + entries++;
  const entry: QuarantineEntry = { reason, message: of, quarantinedAtMs };
  await queues.queue(QUARANTINE_QUEUE).send(JSON.stringify(entry));
}

/** What is on its way to ingest; takes it from the queue. */
async function sentToIngest(): Promise<IngestMessage[]> {
  const found: IngestMessage[] = [];
  for (;;) {
    const messages = await queues.queue(INGEST_QUEUE).receive({ max: 10 });
    if (messages.length === 0) return found;
    found.push(...messages.map(({ body }) => IngestMessage.parse(JSON.parse(body))));
  }
}

function redrive(queue: StrandedQueue, filter: Parameters<StrandedQueue['list']>[0] = {}) {
  return queue.redrive({ ingestQueueUrl: queueUrl(server.origin, INGEST_QUEUE), filter });
}

describe('what is stranded', () => {
  it('is listed by reason and device, oldest receipt first, and stays', async () => {
    await quarantine('overlap', message(WATCH, 9));
    await quarantine('unknown_device', message(BAND, 3));
    const { entries: listed, isWhole } = await stranded().list({});
    expect(isWhole).toBe(true);
    expect(listed.map(({ facts }) => facts)).toMatchObject([
      { deviceId: BAND, reason: 'unknown_device', readings: 3, redrives: 0 },
      { deviceId: WATCH, reason: 'overlap', receivedAtMs: NOON_MS + 60_009 },
    ]);
    const mine = await stranded().list({ reason: 'overlap', deviceId: WATCH });
    expect(mine.entries).toHaveLength(1);
    expect((await stranded().list({ reason: 'overlap', deviceId: BAND })).entries).toEqual([]);
  });

  it('is shown with its header and kinds of readings, and without a value', async () => {
    await quarantine('not_assigned', message(WATCH, 6));
    const [one] = (await stranded().list({})).entries;
    expect(one?.content).toEqual({
      boot: 4,
      firstSequence: 6,
      count: 3,
      startMs: NOON_MS,
      endMs: NOON_MS + 2_000,
      zoneOffsetMinutes: 60,
      codes: { '8867-4': 3 },
    });
    const text = details(one!.facts, one!.content) + listing('quarantine', [one!.facts], true);
    expect(text).toContain('sequences     6 to 8');
    expect(text).toContain('3 × 8867-4 (Heart rate)');
    expect(text).toContain('Assign the device for that time, then redrive the message.');
    expect(text).not.toContain(String(RATE));
    expect(text).not.toContain(message(WATCH, 6).payload.slice(0, 24));
  });

  it('may be bytes of which no chunk can be made out', async () => {
    await quarantine('malformed', { ...message(WATCH), payload: 'QWRhJ3MgcHVsc2U=' });
    const [one] = (await stranded().list({})).entries;
    expect(one?.facts).toMatchObject({ bytes: 11, deviceId: WATCH });
    expect(one?.facts.readings).toBeUndefined();
    expect(one?.content).toBeUndefined();
    expect(details(one!.facts, undefined)).toContain('no chunk can be made out');
  });
});

describe('a redrive', () => {
  it('sends what matches once, counts it, and finds nothing the second time', async () => {
    await quarantine('unknown_device', message(WATCH, 0));
    await quarantine('unknown_device', message(WATCH, 3));
    await quarantine('overlap', message(BAND, 0));
    const filter = { reason: 'unknown_device' } as const;
    expect(await redrive(stranded(), filter)).toEqual({ redriven: 2, copies: 0, left: 1 });
    expect(await sentToIngest()).toEqual([
      { ...message(WATCH, 0), redrives: 1 },
      { ...message(WATCH, 3), redrives: 1 },
    ]);
    expect(await redrive(stranded(), filter)).toEqual({ redriven: 0, copies: 0, left: 1 });
    expect(await sentToIngest()).toEqual([]);
  });

  it('ends although what is refused again comes back at once, with its count', async () => {
    for (let i = 0; i < 15; i++) await quarantine('overlap', message(WATCH, i * 3));
    client.middlewareStack.add((next) => async (args) => {
      const answer = await next(args);
      for (const one of await sentToIngest()) await quarantine('overlap', one);
      return answer;
    });
    const { redriven } = await redrive(stranded());
    expect(redriven).toBe(15);
    const { entries: listed } = await stranded().list({});
    expect(listed.map(({ redrives }) => redrives)).toEqual(Array.from({ length: 15 }, () => 1));
  });

  it('that broke off between sending and deleting is repeated, and leaves one copy', async () => {
    await quarantine('overlap', message(WATCH));
    client.middlewareStack.add(
      (next, { commandName }) =>
        (args) => {
          if (commandName === 'DeleteMessageCommand') throw new Error('the power is out');
          return next(args);
        },
      { name: 'break' },
    );
    await expect(redrive(stranded())).rejects.toThrow('the power is out');
    client.middlewareStack.remove('break');
    // Ingest refuses what was sent: now it is there twice.
    for (const one of await sentToIngest()) await quarantine('overlap', one);
    expect((await stranded().list({})).entries).toHaveLength(2);
    await redrive(stranded());
    for (const one of await sentToIngest()) await quarantine('overlap', one);
    await redrive(stranded());
    expect(await sentToIngest()).toHaveLength(1);
    expect((await stranded().list({})).entries).toEqual([]);
  });

  it('sends one of several copies and takes the others away', async () => {
    for (let i = 0; i < 3; i++) await quarantine('overlap', message(WATCH));
    await quarantine('overlap', message(BAND));
    expect(await redrive(stranded())).toEqual({ redriven: 2, copies: 2, left: 0 });
    expect(await sentToIngest()).toHaveLength(2);
  });

  it('stops when it is interrupted; the next one goes on, and nothing is sent twice', async () => {
    for (let i = 0; i < 30; i++) await quarantine('overlap', message(WATCH, i * 3));
    const interrupted = new AbortController();
    const first = await stranded().redrive({
      ingestQueueUrl: queueUrl(server.origin, INGEST_QUEUE),
      filter: {},
      signal: interrupted.signal,
      onProgress: () => {
        interrupted.abort();
      },
    });
    expect(first.redriven).toBeGreaterThan(0);
    expect(first.redriven).toBeLessThan(30);
    const second = await redrive(stranded());
    expect(first.redriven + second.redriven).toBe(30);
    const sequences = (await sentToIngest()).map(({ receivedAtMs }) => receivedAtMs);
    expect(new Set(sequences).size).toBe(30);
  });

  it('leaves a foreign body in the quarantine, which it could not name a device for', async () => {
    await queues.queue(QUARANTINE_QUEUE).send('not an entry');
    expect(await redrive(stranded())).toEqual({ redriven: 0, copies: 0, left: 1 });
    expect((await stranded().list({})).entries).toHaveLength(1);
  });

  it('of dead letters lets ingest judge them anew, whatever they are', async () => {
    const dead = queues.queue(INGEST_DEAD_LETTERS);
    await dead.send(JSON.stringify(message(WATCH)));
    await dead.send('not a message of the topic rule');
    const { entries: listed } = await stranded('dead-letters').list({});
    expect(listed.map(({ facts }) => facts.deviceId).sort()).toEqual(['', WATCH]);
    expect(
      listing(
        'dead-letters',
        listed.map(({ facts }) => facts),
        true,
      ),
    ).toContain('2 messages in the dead-letter queue.');
    expect(await redrive(stranded('dead-letters'), { deviceId: WATCH })).toMatchObject({
      redriven: 1,
    });
    expect(await sentToIngest()).toEqual([{ ...message(WATCH), redrives: 1 }]);
    expect(await redrive(stranded('dead-letters'))).toMatchObject({ redriven: 1 });
    const [raw] = await queues.queue(INGEST_QUEUE).receive({ max: 1 });
    expect(raw?.body).toBe('not a message of the topic rule');
  });
});
