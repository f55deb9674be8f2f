/** Bytes that are no message, too many messages, and a broker that dies. */
import { gzipSync } from 'node:zlib';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { expect, it } from '@jest/globals';
import { eventually } from '../support/system.ts';
import type { Scene } from './shared.ts';

const LIMIT_MS = 120_000;
const DEPTH = 10_000;
/** Half a minute's work at the rate that one connection is allowed. */
const FLOOD = 3_000;

const deepJson = `${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}`;
const zipBomb = gzipSync(Buffer.alloc(50 * 1024 * 1024));

const PAYLOADS: [string, Buffer][] = [
  ['nothing', Buffer.alloc(0)],
  ['a 300 KB text within the limit of its kind', Buffer.alloc(128 * 1024, 'x')],
  ['JSON of depth 10,000', Buffer.from(deepJson)],
  ['JSON with duplicate keys', Buffer.from('{"deviceId":"a","deviceId":"b"}')],
  ['JSON with __proto__', Buffer.from('{"__proto__":{"isAdmin":true},"constructor":1}')],
  ['invalid UTF-8', Buffer.from([0xc3, 0x28, 0xff, 0xfe, 0xed, 0xa0, 0x80])],
  ['NUL bytes', Buffer.alloc(64)],
  ['a zip bomb', zipBomb.subarray(0, 100 * 1024)],
];

const BODIES: readonly string[] = [
  'no JSON',
  deepJson,
  '{"payload":"AA==","payload":"","clientId":"x","clientId":"y"}',
  '{"__proto__":{"payload":""},"payload":7}',
  '[[],{}]',
];

const PACKETS: readonly Buffer[] = [
  // A topic that is invalid UTF-8, and one with NUL (MQTT 3.1.1 §1.5.3).
  Buffer.from([0x30, 0x05, 0x00, 0x02, 0xc3, 0x28, 0x41]),
  Buffer.from([0x30, 0x05, 0x00, 0x02, 0x61, 0x00, 0x41]),
  // A length of five bytes (§2.2.3), a second CONNECT (§3.1), a reserved type (§2.2.1).
  Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 0xff]),
  Buffer.from('\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00', 'latin1'),
  Buffer.from([0x00, 0x00]),
];

export function theBytes(scene: () => Scene): void {
  it(
    'D13 a payload of 300 KB is cut off at the broker, and nothing is enqueued',
    async () => {
      await scene().leavesNoTrace(async () => {
        const session = await scene().other.connect();
        session.send(Buffer.alloc(300 * 1024, 'x'));
        await session.socket.closed();
        expect(session.pubacks).toEqual([]);
      });
    },
    LIMIT_MS,
  );

  it(
    'D13 bytes that are no chunk end in quarantine one by one, and every process stays alive',
    async () => {
      const device = await scene().attacker();
      const before = [await scene().system.pid('cloud'), await scene().system.pid('lambda-host')];
      const session = await device.connect();
      for (const [, payload] of PAYLOADS) await session.publish(payload);
      await session.close();
      const reasons = await scene().system.reasonsOf(device.deviceId, PAYLOADS.length);
      expect(reasons).toEqual(PAYLOADS.map(() => 'malformed'));
      await scene().goesOn();
      const after = [await scene().system.pid('cloud'), await scene().system.pid('lambda-host')];
      expect(after).toEqual(before);
      expect(Object.hasOwn(Object.prototype, 'isAdmin')).toBe(false);
    },
    LIMIT_MS,
  );

  it(
    'D13 queue messages that no rule ever wrote are kept as malformed, and the function goes on',
    async () => {
      const { sqs, access } = scene().system;
      for (const MessageBody of BODIES) {
        await sqs.send(new SendMessageCommand({ QueueUrl: access.ingestQueueUrl, MessageBody }));
      }
      const reasons = await scene().system.reasonsOf('', BODIES.length);
      expect(reasons).toEqual(BODIES.map(() => 'malformed'));
      await scene().goesOn();
    },
    LIMIT_MS,
  );

  it(
    'D13 MQTT packets that are none end their own connection only, and nothing is enqueued',
    async () => {
      await scene().leavesNoTrace(async () => {
        for (const bytes of PACKETS) {
          const session = await scene().other.connect();
          session.socket.sendBytes(bytes);
          await session.socket.closed();
        }
      });
    },
    LIMIT_MS,
  );

  it(
    'D14 a device that floods is held back, while others go all the way to the ledger',
    async () => {
      const flooder = await scene().attacker();
      const session = await flooder.connect();
      const chunk = flooder.chunk({ firstSequence: 0 });
      for (let i = 0; i < FLOOD; i += 1) session.send(chunk);
      const others = [scene().other, await scene().attacker(), await scene().attacker()];
      await Promise.all(
        others.map(async (device) => {
          const line = await device.connect();
          for (const firstSequence of [20, 25, 30]) {
            const answer = await line.deliver(device.chunk({ firstSequence }), firstSequence);
            expect(answer).toMatchObject({ status: 'committed' });
          }
          await line.close();
        }),
      );
      expect(session.pubacks.length).toBeGreaterThan(0);
      expect(session.pubacks.length).toBeLessThan(FLOOD);
      await session.close();
      await scene().goesOn();
      await eventually('the flood is one record', async () =>
        (await scene().system.timesRecorded(chunk)) === 1 ? true : undefined,
      );
    },
    LIMIT_MS,
  );

  it(
    'D15 what the broker acknowledged reaches the ledger although it is killed before anybody took it',
    async () => {
      const { system } = scene();
      const device = await scene().attacker();
      const session = await device.connect();
      const chunk = device.chunk({ firstSequence: 0 });
      const consumer = await system.pid('lambda-host');
      process.kill(consumer, 'SIGSTOP');
      try {
        await session.publish(chunk);
        const broker = await system.pid('cloud');
        process.kill(broker, 'SIGKILL');
        await session.socket.closed();
        await system.restarted('cloud', broker);
        expect(await system.timesRecorded(chunk)).toBe(0);
      } finally {
        process.kill(consumer, 'SIGCONT');
      }
      await eventually('the chunk is on the ledger', async () =>
        (await system.timesRecorded(chunk)) === 1 ? true : undefined,
      );
    },
    LIMIT_MS,
  );
}
