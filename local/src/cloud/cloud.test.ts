import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { chunkPublishTopic, IngestMessage } from '@pulseledger/domain';
import { TestChild } from '../test-support/child-process.ts';
import {
  createTestAuthorities,
  createTestDevice,
  type TestAuthorities,
} from '../test-support/devices.ts';
import { MqttSocket } from '../test-support/mqtt-socket.ts';
import { type CloudInfo, cloudInfo, cloudReport } from './cloud.ts';
import { QueueSet } from './queue/queue-set.ts';

const ENTRY = join(__dirname, 'main.ts');

let keys: string;
let authorities: TestAuthorities;
let queueFolder: string;
let children: TestChild[];

async function startCloud(): Promise<{ child: TestChild; info: CloudInfo }> {
  const child = new TestChild(ENTRY);
  children.push(child);
  const { tls, deviceAuthorities } = authorities;
  const info = await child.start({
    queueFolder,
    documentFolder: join(queueFolder, 'documents'),
    tls,
    deviceAuthorities,
    roles: [],
    region: 'eu-central-1',
    liveAuthorizer: join(__dirname, 'nobody-listens.cjs'),
    ports: { broker: 0, sqs: 0, iot: 0, live: 0 },
  });
  return { child, info: cloudInfo.parse(info) };
}

async function queuedPayloads(): Promise<string[]> {
  const queues = await QueueSet.open(queueFolder);
  const messages = await queues.queue('ingest').receive({ max: 100_000 });
  await queues.close();
  return messages.map(({ body }) => {
    const { payload } = IngestMessage.parse(JSON.parse(body));
    return Buffer.from(payload, 'base64').toString();
  });
}

beforeAll(async () => {
  keys = await mkdtemp(join(tmpdir(), 'pulse-cloud-keys-'));
  authorities = await createTestAuthorities(keys);
});

afterAll(async () => {
  await rm(keys, { recursive: true });
});

beforeEach(async () => {
  queueFolder = await mkdtemp(join(tmpdir(), 'pulse-cloud-'));
  children = [];
});

afterEach(async () => {
  for (const child of children) await child.end('SIGKILL');
  await rm(queueFolder, { recursive: true });
});

describe('the cloud process', () => {
  test('has in its queue every message it acknowledged, after kill -9 in the middle', async () => {
    const { child, info } = await startCloud();
    const device = createTestDevice(authorities.deviceCa);
    const socket = await MqttSocket.open(info.ports.broker, authorities.tlsCaPem, device);
    await socket.connect(device.deviceId);
    const topic = chunkPublishTopic(device.deviceId);
    const count = 90;
    for (let messageId = 1; messageId <= count; messageId++) {
      const rest = { qos: 1, dup: false, retain: false } as const;
      socket.send({ cmd: 'publish', topic, payload: String(messageId), messageId, ...rest });
    }
    const acknowledged: string[] = [];
    for (;;) {
      const packet = await socket.next();
      if (packet === undefined) break;
      acknowledged.push(String(packet.messageId));
      // Right after an acknowledgement, with others still on their way.
      if (acknowledged.length === 5) child.process.kill('SIGKILL');
    }
    expect(acknowledged.length).toBeGreaterThanOrEqual(5);
    expect(await queuedPayloads()).toEqual(expect.arrayContaining(acknowledged));
  });

  test('ends cleanly by SIGTERM and reports how full its queues are', async () => {
    const { child, info } = await startCloud();
    const device = createTestDevice(authorities.deviceCa);
    const socket = await MqttSocket.open(info.ports.broker, authorities.tlsCaPem, device);
    await socket.connect(device.deviceId);
    const topic = chunkPublishTopic(device.deviceId);
    socket.send({
      cmd: 'publish',
      topic,
      payload: 'a',
      messageId: 1,
      qos: 1,
      dup: false,
      retain: false,
    });
    await socket.next();
    child.send({ type: 'report' });
    const message = await child.next();
    expect(message.type === 'report' && cloudReport.parse(message.report)).toEqual({
      queued: 1,
      inFlight: 0,
      deadLetters: 0,
      quarantined: 0,
    });
    expect(await child.end('SIGTERM')).toBe(0);
    await socket.closed();
    expect(await queuedPayloads()).toEqual(['a']);
  });

  test('ends when its supervisor is gone', async () => {
    const { child } = await startCloud();
    const exited = new Promise((resolve) => child.process.once('exit', resolve));
    child.process.disconnect();
    expect(await exited).toBe(1);
  });

  test('says why it cannot start', async () => {
    const { info } = await startCloud();
    const second = new TestChild(ENTRY);
    children.push(second);
    const other = await mkdtemp(join(tmpdir(), 'pulse-cloud-'));
    const { tls, deviceAuthorities } = authorities;
    const config = {
      queueFolder: other,
      documentFolder: join(other, 'documents'),
      tls,
      deviceAuthorities,
      roles: [],
      region: 'eu-central-1',
      liveAuthorizer: join(__dirname, 'nobody-listens.cjs'),
      ports: { broker: info.ports.broker, sqs: 0, iot: 0, live: 0 },
    };
    second.send({ type: 'start', config });
    expect(await second.next()).toMatchObject({ type: 'failed', code: 'EADDRINUSE' });
    await rm(other, { recursive: true });
  });

  test('refuses a configuration it does not know', async () => {
    const child = new TestChild(ENTRY);
    children.push(child);
    child.send({ type: 'start', config: { nonsense: true } });
    expect(await child.next()).toMatchObject({ type: 'failed', code: 'ZodError' });
  });
});
