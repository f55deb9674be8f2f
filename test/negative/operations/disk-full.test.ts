import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { cloudInfo } from '../../../local/src/cloud/cloud.ts';
import { QueueSet } from '../../../local/src/cloud/queue/queue-set.ts';
import {
  createTestAuthorities,
  createTestDevice,
  type TestAuthorities,
} from '../../../local/src/test-support/devices.ts';
import { MqttSocket } from '../../../local/src/test-support/mqtt-socket.ts';
import { CHECKOUT } from '../../integration/start.ts';
import { Session } from '../support/wearable.ts';

const CLOUD = join(CHECKOUT, 'local', 'src', 'cloud', 'main.ts');
const LIMIT_MS = 120_000;
/** No file may grow beyond so many blocks of 512 bytes: the disk "is full" at one megabyte. */
const BLOCKS = 2_048;
const PAYLOAD_BYTES = 32 * 1024;
/** More than fits. */
const MESSAGES = 80;

/** The broker with its queue, on a disk that takes no more at some point. */
describe('a disk that is full', () => {
  let folder: string;
  let authorities: TestAuthorities;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pulse-disk-'));
    authorities = await createTestAuthorities(join(folder, 'keys'));
  });

  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  async function startCloud(limit: string) {
    const command = `${limit} exec "$0" "$1"`;
    const child = spawn('/bin/sh', ['-c', command, process.execPath, CLOUD], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    let output = '';
    child.stdout?.on('data', (part: Buffer) => (output += part.toString()));
    child.stderr?.on('data', (part: Buffer) => (output += part.toString()));
    const { tls, deviceAuthorities } = authorities;
    child.send({
      type: 'start',
      config: {
        ...{ queueFolder: join(folder, 'queue'), documentFolder: join(folder, 'documents') },
        ...{ tls, deviceAuthorities, roles: [], region: 'eu-central-1' },
        liveAuthorizer: join(folder, 'nobody-listens.cjs'),
        ports: { broker: 0, sqs: 0, iot: 0, live: 0 },
      },
    });
    const [message] = (await once(child, 'message')) as [{ type: string; info: unknown }];
    expect(message.type).toBe('ready');
    return { child, info: cloudInfo.parse(message.info), output: () => output };
  }

  it(
    'O3 a queue whose disk is full acknowledges nothing more, says so, and keeps all it had acknowledged',
    async () => {
      const { child, info, output } = await startCloud(`ulimit -f ${BLOCKS};`);
      const ended = once(child, 'exit');
      const device = createTestDevice(authorities.deviceCa);
      const socket = await MqttSocket.open(info.ports.broker, authorities.tlsCaPem, device);
      expect(await socket.connect(device.deviceId)).toBe(0);
      const session = new Session(device.deviceId, socket);
      for (let i = 0; i < MESSAGES; i += 1) session.send(Buffer.alloc(PAYLOAD_BYTES, i));
      await socket.closed();
      // It ends with the code for a disk that refuses; its supervisor starts it again.
      expect(await ended).toEqual([74, null]);
      expect(output()).toContain('enqueue_failed');
      expect(session.pubacks.length).toBeGreaterThan(0);
      expect(session.pubacks.length).toBeLessThan(MESSAGES);

      const queues = await QueueSet.open(join(folder, 'queue'));
      const kept = await queues.queue('ingest').receive({ max: 1_000 });
      await queues.close();
      // An acknowledgement may be missing for what is there, never the other way round.
      expect(kept.length).toBeGreaterThanOrEqual(session.pubacks.length);

      const again = await startCloud('');
      const back = await MqttSocket.open(again.info.ports.broker, authorities.tlsCaPem, device);
      expect(await back.connect(device.deviceId)).toBe(0);
      const resumed = new Session(device.deviceId, back);
      await resumed.publish(Buffer.alloc(PAYLOAD_BYTES));
      await resumed.close();
      const stopped = once(again.child, 'exit');
      again.child.kill('SIGTERM');
      await stopped;
    },
    LIMIT_MS,
  );
});
