import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SYSTEM_CLOCK } from '@pulseledger/domain';
import { createRole, type LocalRole } from '../aws/role.ts';
import { type RunningServer, serveLoopback } from '../loopback-server.ts';
import { SYSTEM_ENVIRONMENT } from './queue/durable-queue.ts';
import { QueueSet } from './queue/queue-set.ts';
import { sqsApp } from './sqs-service.ts';

const HOUR = 3_600_000;
const everything = createRole('everything', [{ action: 'sqs:*', resource: '*' }]);
const sender = createRole('sender', [{ action: 'sqs:SendMessage', resource: 'work' }]);
const stranger = createRole('stranger', []);

let folder: string;
let queues: QueueSet;
let server: RunningServer;
let clients: SQSClient[] = [];
const now = 0;

function client(role: LocalRole, secret = role.secretAccessKey, skewMs = 0): SQSClient {
  const one = new SQSClient({
    region: 'eu-central-1',
    endpoint: server.origin,
    credentials: { accessKeyId: role.accessKeyId, secretAccessKey: secret },
    systemClockOffset: skewMs,
    maxAttempts: 1,
  });
  clients.push(one);
  return one;
}

function url(name = 'work'): string {
  return `${server.origin}/000000000000/${name}`;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pulse-sqs-'));
  const settings = [
    {
      name: 'work',
      visibilityTimeoutMs: 30_000,
      retentionMs: HOUR,
      maxReceiveCount: 2,
      deadLetterQueue: 'dead',
    },
    { name: 'dead', visibilityTimeoutMs: 30_000, retentionMs: HOUR },
    { name: 'tiny', visibilityTimeoutMs: 30_000, retentionMs: HOUR, maxBytes: 4 },
  ];
  queues = await QueueSet.open(folder, settings, {
    newId: SYSTEM_ENVIRONMENT.newId,
    clock: { ...SYSTEM_CLOCK, now: () => now },
  });
  const roles = [everything, sender];
  const origin = (): string => server.origin;
  server = await serveLoopback(sqsApp({ queues, roles, region: 'eu-central-1', origin }));
});

afterAll(async () => {
  for (const one of clients) one.destroy();
  clients = [];
  await server.close();
  await queues.close();
  await rm(folder, { recursive: true });
});

describe('the unmodified SQS client', () => {
  test('sends, receives and deletes a message with its attributes', async () => {
    const sqs = client(everything);
    const body = JSON.stringify({ text: 'Grüße ☕' });
    const sent = await sqs.send(new SendMessageCommand({ QueueUrl: url(), MessageBody: body }));
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: url(), MessageSystemAttributeNames: ['All'] }),
    );
    expect(Messages).toHaveLength(1);
    expect(Messages[0]).toMatchObject({ MessageId: sent.MessageId, Body: body });
    expect(Messages[0]?.Attributes).toMatchObject({ ApproximateReceiveCount: '1' });
    await sqs.send(
      new DeleteMessageCommand({ QueueUrl: url(), ReceiptHandle: Messages[0]?.ReceiptHandle }),
    );
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: url(), AttributeNames: ['All'] }),
    );
    expect(Attributes).toMatchObject({
      ApproximateNumberOfMessages: '0',
      ApproximateNumberOfMessagesNotVisible: '0',
      VisibilityTimeout: '30',
      QueueArn: 'arn:aws:sqs:eu-central-1:000000000000:work',
    });
  });

  test('sends and deletes batches and hears of each entry that failed', async () => {
    const sqs = client(everything);
    const sent = await sqs.send(
      new SendMessageBatchCommand({
        QueueUrl: url(),
        Entries: [
          { Id: 'a', MessageBody: 'one' },
          { Id: 'b', MessageBody: 'two' },
          { Id: 'c', MessageBody: 'bad\u0000character' },
        ],
      }),
    );
    expect(sent.Successful?.map((e) => e.Id).sort()).toEqual(['a', 'b']);
    expect(sent.Failed).toMatchObject([{ Id: 'c', Code: 'InvalidMessageContents' }]);
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: url(), MaxNumberOfMessages: 10 }),
    );
    expect(Messages.map((m) => m.Body).sort()).toEqual(['one', 'two']);
    const entries = Messages.map((m, i) => ({ Id: String(i), ReceiptHandle: m.ReceiptHandle }));
    const deleted = await sqs.send(
      new DeleteMessageBatchCommand({
        QueueUrl: url(),
        Entries: [...entries, { Id: 'x', ReceiptHandle: 'nonsense' }],
      }),
    );
    expect(deleted.Successful).toHaveLength(2);
    expect(deleted.Failed).toMatchObject([{ Id: 'x', Code: 'ReceiptHandleIsInvalid' }]);
  });

  test('sees a message again after changing its visibility, then in the dead-letter queue', async () => {
    const sqs = client(everything);
    await sqs.send(new SendMessageCommand({ QueueUrl: url(), MessageBody: 'poison' }));
    for (const count of ['1', '2']) {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl: url(), MessageSystemAttributeNames: ['All'] }),
      );
      expect(Messages[0]?.Attributes?.['ApproximateReceiveCount']).toBe(count);
      await sqs.send(
        new ChangeMessageVisibilityCommand({
          QueueUrl: url(),
          ReceiptHandle: Messages[0]?.ReceiptHandle,
          VisibilityTimeout: 0,
        }),
      );
    }
    expect((await sqs.send(new ReceiveMessageCommand({ QueueUrl: url() }))).Messages).toBe(
      undefined,
    );
    const dead = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: url('dead'), MessageSystemAttributeNames: ['All'] }),
    );
    expect(dead.Messages?.[0]?.Attributes?.['DeadLetterQueueSourceArn']).toMatch(/:work$/);
  });

  test('waits for a message that comes while it polls', async () => {
    const sqs = client(everything);
    const poll = sqs.send(new ReceiveMessageCommand({ QueueUrl: url(), WaitTimeSeconds: 20 }));
    // The clock of this queue stands still, so the poll ends by the message and by nothing else.
    await sqs.send(new SendMessageCommand({ QueueUrl: url(), MessageBody: 'late' }));
    const { Messages = [] } = await poll;
    expect(Messages.map((m) => m.Body)).toEqual(['late']);
  });

  test('takes nothing with a poll that it has given up', async () => {
    const sqs = client(everything);
    const gone = new AbortController();
    const command = new ReceiveMessageCommand({ QueueUrl: url(), WaitTimeSeconds: 20 });
    const poll = sqs.send(command, { abortSignal: gone.signal });
    // A round trip on the same server, so that the poll has surely begun.
    await sqs.send(new ListQueuesCommand({}));
    gone.abort();
    await expect(poll).rejects.toMatchObject({ name: 'AbortError' });
    await sqs.send(new SendMessageCommand({ QueueUrl: url(), MessageBody: 'for the next' }));
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: url(), WaitTimeSeconds: 20 }),
    );
    expect(Messages.map((m) => m.Body)).toEqual(['for the next']);
    const [{ ReceiptHandle } = {}] = Messages;
    await sqs.send(new DeleteMessageCommand({ QueueUrl: url(), ReceiptHandle }));
  });

  test('finds queues by name and lists them', async () => {
    const sqs = client(everything);
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: 'dead' }));
    expect(QueueUrl).toBe(url('dead'));
    const { QueueUrls } = await sqs.send(new ListQueuesCommand({ QueueNamePrefix: 't' }));
    expect(QueueUrls).toEqual([url('tiny')]);
  });

  test.each([
    ['an unknown queue', new GetQueueUrlCommand({ QueueName: 'none' }), 'QueueDoesNotExist'],
    [
      'too many messages asked for',
      new ReceiveMessageCommand({ QueueUrl: '/0/work', MaxNumberOfMessages: 11 }),
      'InvalidParameterValue',
    ],
    [
      'an empty batch',
      new SendMessageBatchCommand({ QueueUrl: '/0/work', Entries: [] }),
      'EmptyBatchRequest',
    ],
    [
      'two entries of one id',
      new SendMessageBatchCommand({
        QueueUrl: '/0/work',
        Entries: [
          { Id: 'a', MessageBody: '1' },
          { Id: 'a', MessageBody: '2' },
        ],
      }),
      'BatchEntryIdsNotDistinct',
    ],
    [
      'a full queue',
      new SendMessageCommand({ QueueUrl: '/0/tiny', MessageBody: '12345' }),
      'ServiceUnavailable',
    ],
    [
      'message attributes, which are not kept',
      new SendMessageCommand({
        QueueUrl: '/0/work',
        MessageBody: 'a',
        MessageAttributes: { x: { DataType: 'String', StringValue: 'y' } },
      }),
      'UnsupportedOperation',
    ],
    [
      'an unknown attribute',
      new GetQueueAttributesCommand({ QueueUrl: '/0/work', AttributeNames: ['Policy'] }),
      'InvalidAttributeName',
    ],
  ])('is refused %s with the error of SQS', async (_, command, name) => {
    await expect(client(everything).send(command as never)).rejects.toMatchObject({ name });
  });

  test('is refused what its role does not allow', async () => {
    const sqs = client(sender);
    await sqs.send(new SendMessageCommand({ QueueUrl: url(), MessageBody: 'mine' }));
    const denied = { name: 'AccessDeniedException' };
    const receive = new ReceiveMessageCommand({ QueueUrl: url() });
    await expect(sqs.send(receive)).rejects.toMatchObject(denied);
    const elsewhere = new SendMessageCommand({ QueueUrl: url('dead'), MessageBody: 'a' });
    await expect(sqs.send(elsewhere)).rejects.toMatchObject(denied);
  });

  test('is refused with credentials nobody gave out, a wrong secret or a clock far off', async () => {
    const list = (sqs: SQSClient) => sqs.send(new ListQueuesCommand({}));
    await expect(list(client(stranger))).rejects.toMatchObject({
      name: 'UnrecognizedClientException',
    });
    await expect(list(client(everything, 'wrong'))).rejects.toMatchObject({
      name: 'InvalidSignatureException',
    });
    await expect(
      list(client(everything, everything.secretAccessKey, 6 * 60_000)),
    ).rejects.toMatchObject({ name: 'RequestExpired' });
  });
});

describe('the SQS endpoint', () => {
  test('takes no unsigned request and no body over its limit', async () => {
    const headers = { 'x-amz-target': 'AmazonSQS.ListQueues' };
    const unsigned = await fetch(server.origin, { method: 'POST', headers, body: '{}' });
    expect(unsigned.status).toBe(403);
    const large = await fetch(server.origin, { method: 'POST', body: Buffer.alloc(3_000_000) });
    expect(large.status).toBe(413);
  });
});
