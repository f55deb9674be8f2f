import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { SQSEvent } from 'aws-lambda';
import { createRole, credentialsOf } from '../aws/role.ts';
import { QueueSet } from '../cloud/queue/queue-set.ts';
import { queueArn, queueUrl, sqsApp } from '../cloud/sqs-service.ts';
import { type RunningServer, serveLoopback } from '../loopback-server.ts';
import { createLogger } from '../process/logger.ts';
import { TestChild } from '../test-support/child-process.ts';
import { EventSourceMapping, type MappingOptions, retrySeconds } from './event-source-mapping.ts';
import { LambdaFunction, LambdaTimeoutError } from './lambda-function.ts';
import { sqsQueuePort } from './queue-port.ts';

const REGION = 'eu-central-1';
const role = createRole('event-source', [{ action: 'sqs:*', resource: 'ingest' }]);

let folder: string;
let queues: QueueSet;
let server: RunningServer;
let client: SQSClient;
let mapping: EventSourceMapping | undefined;
let events: SQSEvent[];
/** Opened after each test, so that a failed one ends. */
let gate = Promise.withResolvers<undefined>();

function map(
  invoke: (event: SQSEvent) => unknown,
  change: Partial<MappingOptions> = {},
): EventSourceMapping {
  mapping = new EventSourceMapping({
    queue: sqsQueuePort(client, queueUrl(server.origin, 'ingest')),
    queueArn: queueArn(REGION, 'ingest'),
    region: REGION,
    batchSize: 1_000,
    batchingWindowMs: 20,
    maxConcurrency: 2,
    logger: createLogger(() => undefined),
    invoke: (event) => {
      events.push(event);
      return Promise.try(invoke, event);
    },
    ...change,
  });
  mapping.start();
  return mapping;
}

function bodies(): string[] {
  return events.flatMap((event) => event.Records.map((record) => record.body));
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    if (tries > 4_000) throw new Error('it never came to that');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function isEmpty(): boolean {
  const { available, inFlight, delayed } = queues.queue('ingest').counts;
  return available + inFlight + delayed === 0;
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pulse-host-'));
  queues = await QueueSet.open(join(folder, 'queue'));
  server = await serveLoopback(
    sqsApp({ queues, roles: [role], region: REGION, origin: () => server.origin }),
  );
  client = new SQSClient({
    region: REGION,
    endpoint: server.origin,
    credentials: credentialsOf(role),
  });
  events = [];
  mapping = undefined;
});

afterEach(async () => {
  gate.resolve(undefined);
  await mapping?.stop();
  client.destroy();
  await server.close();
  await queues.close();
  await rm(folder, { recursive: true });
});

describe('the event source mapping', () => {
  test('hands over messages as Lambda does and deletes them when the function is content', async () => {
    await queues.queue('ingest').send('one');
    map(() => ({ batchItemFailures: [] }));
    await until(isEmpty);
    expect(events[0]?.Records).toMatchObject([
      {
        body: 'one',
        eventSource: 'aws:sqs',
        eventSourceARN: 'arn:aws:sqs:eu-central-1:000000000000:ingest',
        awsRegion: REGION,
        attributes: { ApproximateReceiveCount: '1' },
      },
    ]);
  });

  test('fills a batch beyond what one receive gives', async () => {
    const names = Array.from({ length: 57 }, (_, i) => String(i));
    for (const name of names) await queues.queue('ingest').send(name);
    map(() => undefined, { batchSize: 50, maxConcurrency: 1 });
    await until(isEmpty);
    expect(bodies().sort()).toEqual(names.sort());
    expect(Math.max(...events.map((event) => event.Records.length))).toBeGreaterThan(40);
  });

  test('brings back only the messages that the function named', async () => {
    for (const body of ['good', 'bad']) await queues.queue('ingest').send(body);
    const seen = map((event) => ({
      batchItemFailures: event.Records.filter((record) => record.body === 'bad').map((record) => ({
        itemIdentifier: record.messageId,
      })),
    }));
    await until(() => bodies().filter((body) => body === 'bad').length === 2);
    await seen.stop();
    expect(bodies().filter((body) => body === 'good')).toEqual(['good']);
    expect(seen.figures).toEqual({ invocations: 2, messages: 3, failures: 2, running: 0 });
  });

  test.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
    ['names a message it was not given', () => ({ batchItemFailures: [{ itemIdentifier: 'x' }] })],
    ['answers in another form', () => ({ failures: [] })],
  ])('brings back everything when the function %s', async (_, invoke) => {
    for (const body of ['a', 'b']) await queues.queue('ingest').send(body);
    const seen = map(() => (events.length === 1 ? invoke() : { batchItemFailures: [] }), {
      maxConcurrency: 1,
    });
    await until(isEmpty);
    await seen.stop();
    const receives = events.flatMap((e) =>
      e.Records.map((r) => [r.body, r.attributes.ApproximateReceiveCount]),
    );
    expect(receives.sort()).toEqual([
      ['a', '1'],
      ['a', '2'],
      ['b', '1'],
      ['b', '2'],
    ]);
  });

  test('keeps to its concurrency and waits for what is under way when it stops', async () => {
    for (let i = 0; i < 5; i++) await queues.queue('ingest').send(String(i));
    gate = Promise.withResolvers<undefined>();
    const stopping = map(
      async () => {
        await gate.promise;
        return { batchItemFailures: [] };
      },
      { batchSize: 1 },
    );
    await until(() => events.length === 2);
    let stopped = false;
    const stop = stopping.stop().then(() => (stopped = true));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([events.length, stopped]).toEqual([2, false]);
    gate.resolve(undefined);
    await stop;
    expect(queues.queue('ingest').counts.available + queues.queue('ingest').counts.inFlight).toBe(
      3,
    );
  });

  test('tries again later and later', () => {
    const wait = (count: number) =>
      retrySeconds({ Attributes: { ApproximateReceiveCount: String(count) } });
    expect([1, 2, 3, 4, 5, 6, 9, 12, 20].map(wait)).toEqual([1, 2, 5, 10, 15, 15, 60, 180, 180]);
  });
});

describe('a Lambda function', () => {
  const options = { name: 'f', region: REGION, timeoutMs: 20 };

  test('is loaded from its built file and given a context', async () => {
    const file = join(folder, 'index.cjs');
    await writeFile(
      file,
      'exports.handler = async (event, context) => [event, context.functionName, context.getRemainingTimeInMillis() > 0];',
    );
    expect(await LambdaFunction.load({ ...options, timeoutMs: 5_000, file }).invoke('e')).toEqual([
      'e',
      'f',
      true,
    ]);
  });

  test('that does not answer in time fails', async () => {
    const never = new LambdaFunction({ ...options, file: '' }, () => new Promise(() => undefined));
    await expect(never.invoke({})).rejects.toBeInstanceOf(LambdaTimeoutError);
  });
});

describe('the Lambda host process', () => {
  async function start(source: string, timeoutMs: number): Promise<TestChild> {
    const file = join(folder, 'index.cjs');
    await writeFile(file, source);
    const child = new TestChild(join(__dirname, 'main.ts'), { GREETING: 'hello' });
    await child.start({
      functionName: 'ingest',
      file,
      region: REGION,
      timeoutMs,
      sqsUrl: server.origin,
      queueUrl: queueUrl(server.origin, 'ingest'),
      queueArn: queueArn(REGION, 'ingest'),
      batchSize: 10,
      batchingWindowMs: 0,
      maxConcurrency: 1,
      role,
    });
    return child;
  }

  test('runs the built file in the environment it was given, and ends when asked', async () => {
    await queues.queue('ingest').send('a');
    const file = JSON.stringify(join(folder, 'seen'));
    const child = await start(
      `exports.handler = async (event) => require('node:fs').writeFileSync(${file}, process.env.GREETING);`,
      5_000,
    );
    await until(isEmpty);
    expect(await child.end('SIGTERM')).toBe(0);
    await queues.queue('ingest').send('b');
    expect(queues.queue('ingest').counts.available).toBe(1);
  });

  test('ends when the function times out, and the message comes back', async () => {
    await queues.queue('ingest').send('a');
    const child = await start('exports.handler = () => new Promise(() => {});', 50);
    const exited = new Promise((resolve) => child.process.once('exit', resolve));
    expect(await exited).toBe(75);
    expect(queues.queue('ingest').counts.inFlight).toBe(1);
  });
});
