import { IoTDataPlaneClient, PublishCommand } from '@aws-sdk/client-iot-data-plane';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createRole, credentialsOf, type LocalRole } from '../aws/role.ts';
import { type RunningServer, serveLoopback } from '../loopback-server.ts';
import { iotDataPlaneApp } from './iot-data-plane.ts';

const ingest = createRole('ingest', [{ action: 'iot:Publish', resource: 'v1/*' }]);
let server: RunningServer;
let published: [string, string, number][] = [];
const clients: IoTDataPlaneClient[] = [];

function client(role: LocalRole): IoTDataPlaneClient {
  const one = new IoTDataPlaneClient({
    region: 'eu-central-1',
    endpoint: server.origin,
    credentials: credentialsOf(role),
    maxAttempts: 1,
  });
  clients.push(one);
  return one;
}

beforeAll(async () => {
  const app = iotDataPlaneApp({
    roles: [ingest],
    publish: (topic, payload, qos) => {
      published.push([topic, Buffer.from(payload).toString(), qos]);
      return Promise.resolve();
    },
  });
  server = await serveLoopback(app);
});

beforeEach(() => {
  published = [];
});

afterAll(async () => {
  for (const one of clients) one.destroy();
  await server.close();
});

describe('the unmodified IoT data plane client', () => {
  test('publishes to a topic', async () => {
    const payload = Buffer.from('{"status":"committed"}');
    await client(ingest).send(new PublishCommand({ topic: 'v1/abc/acks', qos: 1, payload }));
    await client(ingest).send(new PublishCommand({ topic: 'v1/ü b%/acks', payload }));
    expect(published).toEqual([
      ['v1/abc/acks', '{"status":"committed"}', 1],
      ['v1/ü b%/acks', '{"status":"committed"}', 0],
    ]);
  });

  test.each([
    ['outside its role', { topic: '$aws/rules/pulse_ingest/v1/a/chunks' }, 'ForbiddenException'],
    ['to a wildcard', { topic: 'v1/+/acks' }, 'InvalidRequestException'],
    ['to a topic of nine levels', { topic: 'v1/2/3/4/5/6/7/8/9' }, 'InvalidRequestException'],
    ['with QoS 2', { topic: 'v1/a/acks', qos: 2 }, 'InvalidRequestException'],
    ['a message to retain', { topic: 'v1/a/acks', retain: true }, 'InvalidRequestException'],
    [
      'more than 128 KB',
      { topic: 'v1/a/acks', payload: Buffer.alloc(128 * 1024 + 1) },
      'RequestEntityTooLargeException',
    ],
  ])('is refused a publish %s', async (_, input, name) => {
    await expect(client(ingest).send(new PublishCommand(input))).rejects.toMatchObject({ name });
    expect(published).toEqual([]);
  });

  test('is refused with unknown credentials', async () => {
    const command = new PublishCommand({ topic: 'v1/a/acks' });
    const stranger = createRole('stranger', ingest.permissions);
    await expect(client(stranger).send(command)).rejects.toMatchObject({
      name: 'UnrecognizedClientException',
    });
  });
});
