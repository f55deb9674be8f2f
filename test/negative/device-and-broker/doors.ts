/** Who may come in, and what they may say and hear there. */
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { expect, it } from '@jest/globals';
import { chunkPublishTopic } from '@pulseledger/domain';
import {
  createRevocationList,
  organizationKeys,
  readAuthority,
  revokeDevice,
} from '@pulseledger/network/identity';
import {
  createOddDevice,
  createTestDevice,
  type OddCertificate,
  type TestDevice,
} from '../../../local/src/test-support/devices.ts';
import { MqttSocket } from '../../../local/src/test-support/mqtt-socket.ts';
import { expiredTwin } from '../../../local/src/test-support/odd-authority.ts';
import { eventually } from '../support/system.ts';
import type { Scene } from './shared.ts';

const LIMIT_MS = 120_000;
const MINUTE_MS = 60_000;
const DENIED = 'pulse_denied_total';
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';

/** What the broker answers to who comes with this certificate under this client id. */
async function knock(scene: Scene, identity: TestDevice, clientId = identity.deviceId) {
  const { port, caPem } = scene.system.broker;
  let socket: MqttSocket;
  try {
    socket = await MqttSocket.open(port, caPem, identity);
  } catch {
    return 'no TLS';
  }
  // In TLS 1.3 a client hears of its refusal only after its own handshake is done.
  const code = await socket.connect(clientId).catch(() => undefined);
  await socket.close();
  return code === undefined ? 'no TLS' : `CONNACK ${code}`;
}

export function theDoors(scene: () => Scene): void {
  const authorityOf = (organization: string) =>
    readAuthority(scene().system.keys, organization, 'device');

  it(
    "D1 a device that publishes on another's topic is cut and counted, and nothing is enqueued",
    async () => {
      const { honest, other, system } = scene();
      await scene().leavesNoTrace(() =>
        system.countsOne(DENIED, 'publish_denied', async () => {
          const session = await other.connect();
          const chunk = other.chunk({ firstSequence: 0 });
          session.send(chunk, { topic: chunkPublishTopic(honest.deviceId) });
          await session.socket.closed();
          expect(session.pubacks).toEqual([]);
          expect(await system.timesRecorded(chunk)).toBe(0);
        }),
      );
    },
    LIMIT_MS,
  );

  it(
    "D2 another's client id with one's own certificate is refused, and the other stays connected",
    async () => {
      const { honest, other } = scene();
      await scene().system.countsOne(DENIED, 'client_id_refused', async () => {
        expect(await knock(scene(), other.identity, honest.deviceId)).toBe('CONNACK 5');
      });
      await scene().goesOn();
    },
    LIMIT_MS,
  );

  it.each<[string, () => Promise<OddCertificate>]>([
    ['that signed itself', () => Promise.resolve({})],
    [
      'of an authority of the same name with another key',
      async () => ({ issuer: await expiredTwin(await authorityOf('hospital'), 'other key') }),
    ],
    [
      'for servers only',
      async () => ({ issuer: await authorityOf('hospital'), extendedKeyUsage: SERVER_AUTH }),
    ],
  ])(
    'D3 a certificate %s gets no MQTT connection',
    async (_what, odd) => {
      const control = await createOddDevice({ issuer: await authorityOf('hospital') });
      expect(await knock(scene(), control)).toBe('CONNACK 0');
      expect(await knock(scene(), await createOddDevice(await odd()))).toBe('no TLS');
    },
    LIMIT_MS,
  );

  it.each<[string, string, number, number]>([
    ['expired', 'certificate_expired', -60 * MINUTE_MS, -MINUTE_MS],
    ['not valid yet', 'certificate_not_yet_valid', 10 * MINUTE_MS, 60 * MINUTE_MS],
  ])(
    'D4 a certificate that is %s gets no MQTT connection, and is counted as such',
    async (_what, reason, fromMs, untilMs) => {
      const odd = await createOddDevice({
        issuer: await authorityOf('hospital'),
        notBefore: new Date(Date.now() + fromMs),
        notAfter: new Date(Date.now() + untilMs),
      });
      await scene().system.countsOne(DENIED, reason, async () => {
        expect(await knock(scene(), odd)).toBe('no TLS');
      });
    },
    LIMIT_MS,
  );

  it(
    'D4 certificates are issued five minutes back, so that a clock that is slow by that much is no reason',
    () => {
      const { certificatePem } = scene().honest.identity;
      const issuedMs = new Date(new X509Certificate(certificatePem).validFrom).getTime();
      expect(Date.now() - issuedMs).toBeGreaterThanOrEqual(5 * MINUTE_MS);
    },
    LIMIT_MS,
  );

  it(
    'D5 a device that is revoked while it is connected is cut, and not let in again',
    async () => {
      const device = await scene().attacker();
      const session = await device.connect();
      const { keys } = scene().system;
      await revokeDevice(keys, 'hospital', device.identity.certificatePem);
      await session.socket.closed();
      expect(await knock(scene(), device.identity)).toBe('CONNACK 5');
      await scene().goesOn();
    },
    LIMIT_MS,
  );

  it(
    'D5 a revocation list past its time lets nobody of its authority in or stay, and only of its own',
    async () => {
      const authority = await authorityOf('clinic');
      const device = createTestDevice(authority);
      const { port, caPem } = scene().system.broker;
      const inside = await MqttSocket.open(port, caPem, device);
      expect(await inside.connect(device.deviceId)).toBe(0);
      const file = organizationKeys(scene().system.keys, 'clinic').deviceRevocationListFile;
      const list = await readFile(file, 'utf8');
      await writeFile(file, createRevocationList(await expiredTwin(authority, 'same key'), []));
      await inside.closed();
      expect(await knock(scene(), device)).toBe('CONNACK 5');
      await scene().goesOn();
      await writeFile(file, list);
      await eventually('the clinic is let in again', async () =>
        (await knock(scene(), device)) === 'CONNACK 0' ? true : undefined,
      );
    },
    LIMIT_MS,
  );

  it.each(['#', '$SYS/#', '+/vitals', 'v1/+/acks', 'v1/+/chunks', 'v1/live/#', '$aws/#'])(
    'D6 a subscription to %s is refused, and the connection ends',
    async (topic) => {
      const session = await scene().other.connect();
      const subscriptions = [{ topic, qos: 1 as const }];
      session.socket.send({ cmd: 'subscribe', messageId: 99, subscriptions });
      await session.socket.closed();
      expect(session.isSubscribed(99)).toBe(false);
    },
    LIMIT_MS,
  );

  it(
    'D6 what is acknowledged to one device is heard by no other, whatever it has tried',
    async () => {
      const session = await scene().other.connect();
      await scene().goesOn();
      expect(session.acknowledgements).toEqual([]);
      await session.close();
    },
    LIMIT_MS,
  );

  it(
    'D16 without TLS, and with TLS 1.1, nobody gets a word of MQTT',
    async () => {
      const { port, caPem } = scene().system.broker;
      const plain = connectTcp({ host: '127.0.0.1', port });
      plain.on('error', () => undefined);
      const received: Buffer[] = [];
      plain.on('data', (bytes: Buffer) => received.push(bytes));
      plain.write('\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00');
      await once(plain, 'close');
      // A TLS alert (content type 21) is all that may come back.
      expect(Buffer.concat(received).length).toBeLessThan(16);
      expect([21, undefined]).toContain(received[0]?.[0]);
      const { certificatePem: cert, privateKeyPem: key } = scene().other.identity;
      const old = connectTls({
        ...{ host: '127.0.0.1', port, ca: caPem, cert, key },
        minVersion: 'TLSv1.1',
        maxVersion: 'TLSv1.1',
        ciphers: 'DEFAULT@SECLEVEL=0',
      });
      await expect(once(old, 'secureConnect')).rejects.toMatchObject({
        code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
      });
      await scene().goesOn();
    },
    LIMIT_MS,
  );
}
