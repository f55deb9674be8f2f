import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chunkPublishTopic } from '@pulseledger/domain';
import { z } from 'zod';
import { enrolmentAt } from '../../device-simulator/src/device/enrolment.ts';
import { readSystemFile } from '../../device-simulator/src/system-file.ts';
import { MqttSocket } from '../../local/src/test-support/mqtt-socket.ts';
import { RunningSystem } from './running-system.ts';
import { type Finished, freePort, lastJson, start } from './start.ts';

const LIMIT_MS = 240_000;
const POLL_MS = 100;
const MAX_LISTINGS = 30;
const COMMAND = 'local/src/quarantine-command/main.ts';
/** What no command may show, although it is in the message. */
const CONTENT = 'heart rate 72 of Ada';

const Listing = z.strictObject({
  entries: z.array(
    z.strictObject({
      deviceId: z.string(),
      reason: z.string(),
      receivedAtMs: z.number(),
      quarantinedAtMs: z.number(),
      bytes: z.number(),
    }),
  ),
  isWhole: z.boolean(),
});
type Listing = z.infer<typeof Listing>;

describe('the quarantine of a running system', () => {
  let folder: string;
  let systemFile: string;
  let system: RunningSystem;
  let deviceId: string;

  function quarantine(...args: string[]): Promise<Finished> {
    return start(COMMAND, args).finished;
  }

  async function list(...args: string[]): Promise<Listing> {
    const { code, stdout } = await quarantine('list', '--system', systemFile, '--json', ...args);
    expect(code).toBe(0);
    return Listing.parse(lastJson(stdout));
  }

  /** The listing, as soon as ingest has put something there later than `afterMs`. */
  async function listAfter(afterMs: number): Promise<Listing> {
    for (let attempt = 0; attempt < MAX_LISTINGS; attempt += 1) {
      const listing = await list();
      if (listing.entries.some(({ quarantinedAtMs }) => quarantinedAtMs > afterMs)) return listing;
      await delay(POLL_MS);
    }
    throw new Error('nothing came into the quarantine');
  }

  async function redrive(...args: string[]): Promise<unknown> {
    const { code, stdout } = await quarantine('redrive', '--system', systemFile, '--json', ...args);
    expect(code).toBe(0);
    return lastJson(stdout);
  }

  /** Enrols a new device and publishes, as that device, what is no chunk. */
  async function publishMalformed(): Promise<string> {
    const coordinates = await readSystemFile(systemFile);
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const enrolled = await enrolmentAt(coordinates)({
      publicKeySpkiBase64: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
      patientId: coordinates.patients[0]?.patientId ?? '',
      fromMs: Date.now(),
      manufacturer: 'Test',
      model: 'Broken',
      serial: '1',
    });
    const privateKeyPem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
    const port = Number(new URL(enrolled.brokerUrl).port);
    const device = { ...enrolled, privateKeyPem };
    const mqtt = await MqttSocket.open(port, enrolled.brokerCaPem, device);
    expect(await mqtt.connect(enrolled.deviceId)).toBe(0);
    const topic = chunkPublishTopic(enrolled.deviceId);
    mqtt.send({
      cmd: 'publish',
      messageId: 1,
      qos: 1,
      dup: false,
      retain: false,
      topic,
      payload: CONTENT,
    });
    expect(await mqtt.next()).toMatchObject({ cmd: 'puback', messageId: 1 });
    await mqtt.close();
    return enrolled.deviceId;
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pulse-quarantine-'));
    systemFile = join(folder, 'run', 'system.json');
    system = await RunningSystem.start(folder, [
      '--devices',
      '0',
      '--port',
      String(await freePort()),
    ]);
    deviceId = await publishMalformed();
  }, LIMIT_MS);

  afterAll(async () => {
    const { code } = await system.stop();
    const after = await quarantine('list', '--system', systemFile);
    await rm(folder, { recursive: true, force: true });
    expect(code).toBe(0);
    expect(after).toMatchObject({ code: 3, stdout: '' });
  }, LIMIT_MS);

  it(
    'lists a message under its reason, sends it through ingest again, and gets it back once',
    async () => {
      const before = await listAfter(0);
      const entry = { deviceId, reason: 'malformed', bytes: CONTENT.length };
      expect(before).toMatchObject({ entries: [entry], isWhole: true });
      const quarantinedAtMs = before.entries[0]?.quarantinedAtMs ?? 0;

      expect(await redrive('--reason', 'overlap')).toEqual({ redriven: 0 });
      expect(await redrive('--reason', 'malformed', '--device', deviceId)).toEqual({ redriven: 1 });

      const after = await listAfter(quarantinedAtMs);
      expect(after.entries).toHaveLength(1);
      expect(after.entries[0]).toMatchObject({
        ...entry,
        receivedAtMs: before.entries[0]?.receivedAtMs,
      });
    },
    LIMIT_MS,
  );

  it(
    'shows a person what to do, and nothing of what was sent',
    async () => {
      const { code, stdout, stderr } = await quarantine('list', '--system', systemFile);
      expect(code).toBe(0);
      expect(stdout).toContain('1 message in the quarantine.');
      expect(stdout).toMatch(new RegExp(`malformed +${deviceId} +- +${CONTENT.length}`));
      expect(stdout + stderr).not.toContain(CONTENT);
      expect(stdout + stderr).not.toContain(Buffer.from(CONTENT).toString('base64'));
      expect((await list('--reason', 'overlap')).entries).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    'refuses an unknown reason, a role of another start, other queues, and a file that is none',
    async () => {
      const unknown = await quarantine('list', '--system', systemFile, '--reason', 'bored');
      expect(unknown).toMatchObject({ code: 2, stdout: '' });
      expect(unknown.stderr).toContain('Allowed choices are identity_mismatch');

      const other = join(folder, 'other.json');
      const { quarantine: access } = z
        .object({ quarantine: z.record(z.string(), z.string()) })
        .parse(JSON.parse(await readFile(systemFile, 'utf8')));
      const stranger = { quarantine: { ...access, accessKeyId: 'LOCALSTRANGER' } };
      await writeFile(other, JSON.stringify(stranger));
      const refused = await quarantine('redrive', '--system', other);
      expect(refused).toMatchObject({ code: 4, stdout: '' });
      expect(refused.stderr).toContain('UnrecognizedClientException');

      // The role is for the quarantine only.
      const greedy = { quarantine: { ...access, quarantineQueueUrl: access['ingestQueueUrl'] } };
      await writeFile(other, JSON.stringify(greedy));
      const denied = await quarantine('list', '--system', other);
      expect(denied).toMatchObject({ code: 4, stdout: '' });
      expect(denied.stderr).toContain('AccessDeniedException');

      await writeFile(other, '{}');
      expect(await quarantine('list', '--system', other)).toMatchObject({ code: 1, stdout: '' });
    },
    LIMIT_MS,
  );
});
