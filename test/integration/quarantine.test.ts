import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConnectionProfile, DeviceGaps, type Reading } from '@pulseledger/domain';
import { LOG_FIELD_NAMES } from '@pulseledger/lambdas/common/log';
import { connectGateway, RecordClient } from '@pulseledger/ledger';
import { z } from 'zod';
import type { StrandedFacts } from '../../local/src/quarantine-command/stranded-message.ts';
import { StrandedQueue } from '../../local/src/quarantine-command/stranded-queue.ts';
import { personFromKeys } from '../../local/src/supervisor/key-identity.ts';
import { QuarantineAccess } from '../../local/src/supervisor/system-file.ts';
import { RunningSystem } from './running-system.ts';
import { type Finished, freePort, lastJson, start } from './start.ts';
import { StrandedDevice } from './stranded-device.ts';

const LIMIT_MS = 240_000;
const POLL_MS = 100;
const MAX_LISTINGS = 60;
const HOUR_MS = 3_600_000;
const COMMAND = 'local/src/quarantine-command/main.ts';
const DEVICES = 'local/src/devices-command/main.ts';
/** What no command may show, although it is in the message. */
const CONTENT = 'heart rate 72 of Ada';
/** A value that no command may show. */
const RATE = 163;

const Coordinates = z.object({ quarantine: QuarantineAccess });

describe('the quarantine of a running system', () => {
  let folder: string;
  let systemFile: string;
  let system: RunningSystem;
  let broken: StrandedDevice;

  function quarantine(...args: string[]): Promise<Finished> {
    return start(COMMAND, args).finished;
  }

  /** The quarantine without a command around it, which takes its time to start. */
  async function withQueue<T>(work: (queue: StrandedQueue, to: string) => Promise<T>): Promise<T> {
    const { quarantine: access } = Coordinates.parse(
      JSON.parse(await readFile(systemFile, 'utf8')),
    );
    const { region, endpoint, accessKeyId, secretAccessKey } = access;
    const credentials = { accessKeyId, secretAccessKey };
    const client = new SQSClient({ region, endpoint, credentials });
    const queueUrl = access.quarantineQueueUrl;
    const queue = new StrandedQueue({ client, queueUrl, place: 'quarantine', waitSeconds: 0 });
    return work(queue, access.ingestQueueUrl).finally(() => {
      client.destroy();
    });
  }

  async function list(deviceId: string): Promise<StrandedFacts[]> {
    const { entries } = await withQueue((queue) => queue.list({ deviceId }));
    return entries.map(({ facts }) => facts);
  }

  /** The entry of a device, as soon as it is there with so many redrives. */
  async function entryOf(deviceId: string, redrives: number): Promise<StrandedFacts> {
    for (let attempt = 0; attempt < MAX_LISTINGS; attempt += 1) {
      const [entry, ...more] = await list(deviceId);
      expect(more).toEqual([]);
      if (entry?.redrives === redrives) return entry;
      await delay(POLL_MS);
    }
    throw new Error('it never came into the quarantine');
  }

  async function redrive(...args: string[]): Promise<unknown> {
    const { code, stdout } = await quarantine('redrive', '--system', systemFile, '--json', ...args);
    expect(code).toBe(0);
    return lastJson(stdout);
  }

  /** The ledger, as one of the test logins sees it. */
  async function asLogin<T>(user: string, work: (record: RecordClient) => Promise<T>): Promise<T> {
    const login = system.system.logins.find((one) => one.user === user);
    const keys = join(folder, 'keys');
    const role = user === 'administrator' ? 'administrator' : 'patient';
    const claims = { organization: 'hospital', role, subjectId: login?.subjectId ?? '' } as const;
    const profileFile = join(folder, 'run', 'connection-profile.json');
    const profile = ConnectionProfile.parse(JSON.parse(await readFile(profileFile, 'utf8')));
    const connection = connectGateway(profile, 'hospital');
    try {
      const signatories = await personFromKeys(keys, claims);
      return await work(new RecordClient({ connection, signatories }));
    } finally {
      connection.close();
    }
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
    broken = await StrandedDevice.enrol(systemFile, Date.now());
    await broken.publish(CONTENT);
  }, LIMIT_MS);

  afterAll(async () => {
    await broken.close();
    const { code } = await system.stop();
    const after = await quarantine('list', '--system', systemFile);
    await rm(folder, { recursive: true, force: true });
    expect(code).toBe(0);
    expect(after).toMatchObject({ code: 3, stdout: '' });
  }, LIMIT_MS);

  it(
    'lists a message under its reason, sends it through ingest again, and gets it back, counted',
    async () => {
      const { deviceId } = broken;
      const before = await entryOf(deviceId, 0);
      expect(before).toMatchObject({ reason: 'malformed', bytes: CONTENT.length });
      const redriven = await redrive('--reason', 'malformed', '--device', deviceId);
      expect(redriven).toMatchObject({ redriven: 1, copies: 0, isInterrupted: false });
      const after = await entryOf(deviceId, 1);
      expect(after.receivedAtMs).toBe(before.receivedAtMs);
      expect(await redrive('--dlq')).toMatchObject({ redriven: 0, left: 0 });
    },
    LIMIT_MS,
  );

  it(
    'shows a person what to do, and nothing of what was sent',
    async () => {
      const { deviceId } = broken;
      const { id } = await entryOf(deviceId, 1);
      const listed = await quarantine('list', '--system', systemFile);
      expect(listed.stdout).toContain('1 message in the quarantine.');
      expect(listed.stdout).toMatch(new RegExp(`malformed +${deviceId} +- +${CONTENT.length} +1`));
      const shown = await quarantine('show', id, '--system', systemFile);
      expect(shown.stdout).toContain('no chunk can be made out');
      const said = [listed, shown].map(({ stdout, stderr }) => stdout + stderr).join('');
      expect(said).not.toContain(CONTENT);
      expect(said).not.toContain(Buffer.from(CONTENT).toString('base64'));
    },
    LIMIT_MS,
  );

  it(
    'commits exactly once what was not assigned, when it is assigned and redriven, however often',
    async () => {
      // Worn from now on, but it has measured an hour before already.
      const fromMs = Date.now();
      const measuredMs = Math.floor(fromMs / HOUR_MS) * HOUR_MS - HOUR_MS / 2;
      const device = await StrandedDevice.enrol(systemFile, fromMs);
      const { deviceId, patientId } = device;
      const readings = [0, 1, 2].map(
        (second): Reading => ({
          code: '8867-4',
          unit: '/min',
          atMs: measuredMs + second * 1_000,
          value: RATE,
        }),
      );
      await device.publish(device.chunk(4, readings));
      await device.close();
      const { id, readings: count } = await entryOf(deviceId, 0);
      expect(count).toBe(3);
      const shown = await quarantine('show', id, '--system', systemFile);
      expect(shown.stdout).toContain('sequences     4 to 6');
      expect(shown.stdout).toContain('3 × 8867-4 (Heart rate)');
      expect(shown.stdout).not.toContain(String(RATE));

      const again = () =>
        withQueue((queue, ingestQueueUrl) =>
          queue.redrive({ ingestQueueUrl, filter: { deviceId } }),
        );
      expect(await again()).toMatchObject({ redriven: 1 });
      await entryOf(deviceId, 1);
      await asLogin('administrator', (record) =>
        record.assignDevice({ deviceId, patientId, fromMs: measuredMs, untilMs: fromMs }),
      );
      expect(await redrive('--device', deviceId)).toMatchObject({ redriven: 1 });
      const chunks = await asLogin('patient-ada', async (record) => {
        for (let attempt = 0; ; attempt += 1) {
          const range = { patientId, fromMs: measuredMs, toMs: fromMs, pageSize: 10 };
          const page = await record.readChunks(range);
          if (page.chunks.length > 0 || attempt === MAX_LISTINGS) return page.chunks;
          await delay(POLL_MS);
        }
      });
      expect(chunks).toHaveLength(1);
      expect(await again()).toMatchObject({ redriven: 0 });
      expect(await list(deviceId)).toEqual([]);

      const gaps = await start(DEVICES, [
        'gaps',
        '--device',
        deviceId,
        '--system',
        systemFile,
        '--json',
      ]).finished;
      const report = DeviceGaps.parse(lastJson(gaps.stdout));
      expect(report).toMatchObject({
        recordedReadings: 3,
        missingReadings: 4,
        boots: [{ missing: [[0, 3]], state: 'pending' }],
      });
      const stranger = await start(DEVICES, [
        'gaps',
        '--system',
        systemFile,
        '--login',
        'patient-ada',
      ]).finished;
      expect(stranger).toMatchObject({ code: 4, stdout: '' });
    },
    LIMIT_MS,
  );

  it('logs, in every process of its own, only what is in the list', async () => {
    const allowed = [...LOG_FIELD_NAMES, 'time', 'level', 'event', 'message'];
    const logs = (await readdir(join(folder, 'logs'))).filter((name) =>
      /^(cloud|http-api|identity-services|lambda-host)\.log$/.test(name),
    );
    expect(logs).toHaveLength(4);
    for (const name of logs) {
      const text = await readFile(join(folder, 'logs', name), 'utf8');
      for (const line of text.trimEnd().split('\n')) {
        const fields = z.record(z.string(), z.unknown()).parse(JSON.parse(line));
        expect(Object.keys(fields).filter((field) => !allowed.includes(field))).toEqual([]);
      }
    }
  });

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
