import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  acknowledgementTopic,
  chunkPublishTopic,
  commandTopic,
  type IngestMessage,
} from '@pulseledger/domain';
import { certificateFingerprint, revokeDevice } from '@pulseledger/network/identity';
import type { IPublishPacket } from 'mqtt-packet';
import {
  createOddDevice,
  createTestAuthorities,
  createTestDevice,
  type OddCertificate,
  type TestAuthorities,
  type TestDevice,
} from '../../test-support/devices.ts';
import { MqttSocket } from '../../test-support/mqtt-socket.ts';
import { Broker, type BrokerEvent } from './broker.ts';
import { MAX_PAYLOAD_BYTES } from './packet-meter.ts';

const DAY_MS = 86_400_000;
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';

let folder: string;
let authorities: TestAuthorities;
let broker: Broker;
let device: TestDevice;
let queued: IngestMessage[];
let events: BrokerEvent[];
let enqueue: (message: IngestMessage) => Promise<void>;
let sockets: MqttSocket[];

async function open(who: TestDevice | undefined = device): Promise<MqttSocket> {
  const socket = await MqttSocket.open(broker.port, authorities.tlsCaPem, who);
  sockets.push(socket);
  return socket;
}

async function connected(who = device, options = {}): Promise<MqttSocket> {
  const socket = await open(who);
  expect(await socket.connect(who.deviceId, options)).toBe(0);
  return socket;
}

function publish(payload: string | Buffer, change: Partial<IPublishPacket> = {}): IPublishPacket {
  const topic = chunkPublishTopic(device.deviceId);
  return {
    cmd: 'publish',
    topic,
    payload,
    qos: 1,
    messageId: 1,
    dup: false,
    retain: false,
    ...change,
  };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pulse-broker-'));
  authorities = await createTestAuthorities(folder);
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

beforeEach(async () => {
  device = createTestDevice(authorities.deviceCa);
  queued = [];
  events = [];
  sockets = [];
  enqueue = (message) => {
    queued.push(message);
    return Promise.resolve();
  };
  broker = await Broker.start({
    port: 0,
    tls: authorities.tls,
    deviceAuthorities: authorities.deviceAuthorities,
    enqueue: (message) => enqueue(message),
    onEvent: (event) => events.push(event),
    now: () => 1_700_000_000_000,
  });
});

afterEach(async () => {
  await Promise.all(sockets.map((socket) => socket.close()));
  await broker.close();
});

describe('a publish', () => {
  test('becomes the message that the AWS topic rule would make', async () => {
    const socket = await connected();
    socket.send(publish(Buffer.from([0, 255, 1])));
    expect(await socket.next()).toMatchObject({ cmd: 'puback', messageId: 1 });
    expect(queued).toEqual([
      {
        payload: 'AP8B',
        clientId: device.deviceId,
        principal: certificateFingerprint(device.certificatePem),
        topic: `v1/${device.deviceId}/chunks`,
        receivedAtMs: 1_700_000_000_000,
      },
    ]);
  });

  test('of QoS 0 is queued too, without an answer', async () => {
    const socket = await connected();
    const unnumbered = { qos: 0, messageId: undefined } as unknown as Partial<IPublishPacket>;
    socket.send(publish('a', unnumbered), { cmd: 'pingreq' });
    expect(await socket.next()).toMatchObject({ cmd: 'pingresp' });
    expect(queued).toHaveLength(1);
  });

  test('is acknowledged only once it is durable', async () => {
    const written = Promise.withResolvers<undefined>();
    enqueue = async () => {
      await written.promise;
    };
    const socket = await connected();
    socket.send(publish('a'), { cmd: 'pingreq' });
    // The answer to what came after it is there, the acknowledgement is not.
    expect(await socket.next()).toMatchObject({ cmd: 'pingresp' });
    written.resolve(undefined);
    expect(await socket.next()).toMatchObject({ cmd: 'puback' });
  });

  test('is not acknowledged when it could not be stored', async () => {
    enqueue = () => Promise.reject(new Error('disk full'));
    const socket = await connected();
    socket.send(publish('a'));
    expect(await socket.next()).toBeUndefined();
    expect(events).toContain('enqueue_failed');
  });

  test('of the largest size is taken, a larger one is cut off before it has arrived', async () => {
    const socket = await connected();
    socket.send(publish(Buffer.alloc(MAX_PAYLOAD_BYTES)));
    expect(await socket.next()).toMatchObject({ cmd: 'puback' });
    // Only the fixed header: PUBLISH, remaining length 268,435,455.
    socket.sendBytes(Uint8Array.from([0x32, 0xff, 0xff, 0xff, 0x7f]));
    await socket.closed();
    expect(events).toContain('packet_too_long');
    const again = await connected();
    again.send(publish(Buffer.alloc(MAX_PAYLOAD_BYTES + 1)));
    expect(await again.next()).toBeUndefined();
    expect(queued).toHaveLength(1);
  });

  test.each<[string, Partial<IPublishPacket>]>([
    ["to another device's topic", { topic: chunkPublishTopic('0'.repeat(32)) }],
    ['to its own acknowledgements', { topic: 'v1/x/acks' }],
    ['to a system topic', { topic: '$SYS/broker' }],
    ['of QoS 2', { qos: 2 }],
    ['to be retained', { retain: true }],
  ])('%s is refused, the connection cut and nothing queued', async (_, change) => {
    const socket = await connected();
    socket.send(publish('a', change));
    expect(await socket.next()).toBeUndefined();
    expect(queued).toEqual([]);
    expect(events).toContain('publish_denied');
  });

  test('that is left behind as a will is held to the same rules', async () => {
    const socket = await open();
    socket.send({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 4,
      clientId: device.deviceId,
      clean: true,
      keepalive: 60,
      will: { topic: chunkPublishTopic('0'.repeat(32)), payload: 'a', qos: 1 },
    });
    expect(await socket.next()).toMatchObject({ cmd: 'connack', returnCode: 0 });
    await socket.close();
    await connected();
    expect(queued).toEqual([]);
    expect(events).toContain('publish_denied');
  });
});

describe('a subscription', () => {
  test('to its own acknowledgements and commands gets what is published there', async () => {
    const socket = await connected();
    const topics = [acknowledgementTopic(device.deviceId), commandTopic(device.deviceId)];
    const subscriptions = topics.map((topic) => ({ topic, qos: 1 as const }));
    socket.send({ cmd: 'subscribe', messageId: 7, subscriptions });
    expect(await socket.next()).toMatchObject({ cmd: 'suback', granted: [1, 1] });
    await broker.publish(topics[0]!, Buffer.from('committed'), 1);
    expect(await socket.next()).toMatchObject({ cmd: 'publish', topic: topics[0], qos: 1 });
  });

  test.each(['#', '$SYS/#', '+/acks', 'v1/+/acks', `v1/${'0'.repeat(32)}/acks`, '$aws/rules/#'])(
    'to %s is refused and the connection cut',
    async (topic) => {
      const socket = await connected();
      socket.send({ cmd: 'subscribe', messageId: 7, subscriptions: [{ topic, qos: 1 }] });
      expect(await socket.next()).toBeUndefined();
      expect(events).toContain('subscribe_denied');
    },
  );

  test('of a persistent session keeps messages until the device is back', async () => {
    const topic = acknowledgementTopic(device.deviceId);
    const socket = await connected(device, { clean: false });
    socket.send({ cmd: 'subscribe', messageId: 7, subscriptions: [{ topic, qos: 1 }] });
    expect(await socket.next()).toMatchObject({ cmd: 'suback' });
    await socket.close();
    await broker.publish(topic, Buffer.from('committed'), 1);
    const again = await connected(device, { clean: false });
    expect(await again.next()).toMatchObject({ cmd: 'publish', topic });
  });
});

describe('a connection', () => {
  test('under the id of another device is refused and leaves that one connected', async () => {
    const other = createTestDevice(authorities.deviceCa);
    const victim = await connected(other);
    const thief = await open();
    expect(await thief.connect(other.deviceId)).toBe(5);
    await thief.closed();
    victim.send({ cmd: 'pingreq' });
    expect(await victim.next()).toMatchObject({ cmd: 'pingresp' });
    expect(events).toContain('client_id_refused');
  });

  test('of the same device takes over from its earlier one', async () => {
    const first = await connected();
    await connected();
    await first.closed();
    expect(events.filter((event) => event === 'connected')).toHaveLength(2);
  });

  test('without an id is refused', async () => {
    const socket = await open();
    expect(await socket.connect('')).toBe(5);
  });

  test('without keep-alive is refused, since it could stay half-open for ever', async () => {
    const socket = await open();
    expect(await socket.connect(device.deviceId, { keepalive: 0 })).not.toBe(0);
  });

  test.each<[string, BrokerEvent, () => OddCertificate]>([
    ['self-signed', 'tls_refused', () => ({})],
    [
      'for servers only',
      'tls_refused',
      () => ({ issuer: authorities.deviceCa, extendedKeyUsage: SERVER_AUTH }),
    ],
    [
      'expired',
      'certificate_expired',
      () => ({ issuer: authorities.deviceCa, notAfter: new Date(Date.now() - 60_000) }),
    ],
    [
      'not yet valid',
      'certificate_not_yet_valid',
      () => ({
        issuer: authorities.deviceCa,
        notBefore: new Date(Date.now() + DAY_MS),
        notAfter: new Date(Date.now() + 2 * DAY_MS),
      }),
    ],
  ])('with a certificate that is %s fails in the TLS handshake', async (_, event, odd) => {
    // In TLS 1.3 the client hears of the refusal after its own handshake is done.
    const attempt = async () => (await open(await createOddDevice(odd()))).closed();
    await attempt().catch(() => undefined);
    expect(events).toEqual([event]);
  });

  test('with a certificate of the same kind that is in order succeeds', async () => {
    const ordinary = await createOddDevice({ issuer: authorities.deviceCa });
    await connected(ordinary);
    expect(events).toEqual(['connected']);
  });

  test('without a certificate or of another authority fails in the TLS handshake', async () => {
    const folder2 = await mkdtemp(join(tmpdir(), 'pulse-other-'));
    const other = await createTestAuthorities(folder2);
    await rm(folder2, { recursive: true });
    for (const who of [undefined, createTestDevice(other.deviceCa)]) {
      const attempt = MqttSocket.open(broker.port, authorities.tlsCaPem, who);
      await attempt.then((socket) => socket.closed()).catch(() => undefined);
    }
    expect(events).toEqual(['tls_refused', 'tls_refused']);
  });

  test('of a revoked device is cut, and not taken again', async () => {
    const socket = await connected();
    await revokeDevice(authorities.keysDir, 'hospital', device.certificatePem);
    await broker.checkRevocations();
    await socket.closed();
    const again = await open();
    expect(await again.connect(device.deviceId)).toBe(5);
    expect(events).toEqual(['connected', 'revoked', 'revoked']);
  });

  test('is refused while the revocation list cannot be trusted', async () => {
    const folder2 = await mkdtemp(join(tmpdir(), 'pulse-crl-'));
    const list = join(folder2, 'list.pem');
    await writeFile(list, 'not a list');
    const strict = await Broker.start({
      port: 0,
      tls: authorities.tls,
      deviceAuthorities: [
        { certificatePem: authorities.deviceCa.certificatePem, revocationListFile: list },
      ],
      enqueue,
    });
    const socket = await MqttSocket.open(strict.port, authorities.tlsCaPem, device);
    expect(await socket.connect(device.deviceId)).toBe(5);
    await socket.close();
    await strict.close();
    await rm(folder2, { recursive: true });
  });

  test('without TLS or with TLS 1.1 gets nowhere', async () => {
    const plain = connectTcp({ host: '127.0.0.1', port: broker.port });
    plain.on('error', () => undefined);
    plain.write('\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00');
    let received = 0;
    plain.on('data', (bytes) => {
      // A TLS alert (21) is all that may come back.
      expect(bytes[0]).toBe(21);
      received += bytes.length;
    });
    await once(plain, 'close');
    expect(received).toBeLessThan(16);
    const old = connectTls({
      host: '127.0.0.1',
      port: broker.port,
      ca: authorities.tlsCaPem,
      minVersion: 'TLSv1.1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    await expect(once(old, 'secureConnect')).rejects.toMatchObject({
      code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
    });
    old.destroy();
    expect(events).not.toContain('connected');
  });
});
