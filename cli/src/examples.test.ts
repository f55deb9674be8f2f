/** Every example that stands in a help text, against a running system. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Command } from 'commander';
import { z } from 'zod';
import { CHECKOUT } from './base/checkout.ts';
import { examplesOf } from './base/examples.ts';
import { program } from './program.ts';

const START_MS = 300_000;
const EXAMPLE_MS = 120_000;
const POLL_MS = 100;
const LOGIN = 'hospital-doctor';

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Started {
  readonly ended: Promise<Ended>;
  readonly isRunning: () => boolean;
  readonly interrupt: () => void;
  /** When it has said so on stderr. */
  readonly said: (words: RegExp) => Promise<void>;
}

let folder: string;
let systemFile: string;
let system: Started;
let conditionId: string;

function start(script: string, args: readonly string[]): Started {
  const child = spawn(process.execPath, [join(CHECKOUT, script), ...args], {
    cwd: CHECKOUT,
    env: { ...process.env, PULSE_SYSTEM: systemFile },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { promise, resolve } = Promise.withResolvers<Ended>();
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (part: Buffer) => (stdout += part.toString()));
  const listeners: (() => void)[] = [];
  child.stderr.on('data', (part: Buffer) => {
    stderr += part.toString();
    for (const listener of listeners) listener();
  });
  child.on('close', (code) => {
    resolve({ code, stdout, stderr });
  });
  return {
    ended: promise,
    isRunning: () => child.exitCode === null,
    interrupt: () => child.kill('SIGINT'),
    said: (words) =>
      new Promise((heard) => {
        const look = (): void => {
          if (words.test(stderr)) heard();
        };
        listeners.push(look);
        look();
      }),
  };
}

function pulse(...args: readonly string[]): Promise<Ended> {
  return start('cli/bin/pulse.js', args).ended;
}

const Imported = z.object({
  files: z.array(
    z.object({
      stored: z.number(),
      refused: z.number(),
      entries: z.array(z.object({ place: z.string().optional() })),
    }),
  ),
});

/** Where each entry of the example was stored. */
async function importVisit(): Promise<string[]> {
  const run = await pulse('import', 'cli/examples/visit.json', '--login', LOGIN, '--json');
  const { files } = Imported.parse(JSON.parse(run.stdout));
  return files.flatMap(({ entries }) => entries.flatMap(({ place }) => place ?? []));
}

function freePort(): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const server = createServer().listen(0, '127.0.0.1', () => {
    const address = server.address();
    server.close(() => {
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  return promise;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pulse-cli-'));
  systemFile = join(folder, 'run', 'system.json');
  const port = String(await freePort());
  const args = ['--data', folder, '--port', port, '--devices', '1', '--window', '2s'];
  system = start('local/src/main.ts', args);
  for (;;) {
    const isThere = await readFile(systemFile).then(
      () => true,
      () => false,
    );
    if (isThere) break;
    if (!system.isRunning()) throw new Error((await system.ended).stderr);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  conditionId = (await importVisit()).at(-1)?.split('/')[1] ?? '';
}, START_MS);

afterAll(async () => {
  system.interrupt();
  await system.ended;
  await rm(folder, { recursive: true, force: true });
}, START_MS);

function verbs(command: Command): Command[] {
  return command.commands.flatMap((one) => (one.commands.length > 0 ? verbs(one) : [one]));
}

/** As a shell takes them apart; ID stands for what an import stored. */
function words(example: string): string[] {
  const found = example.match(/"[^"]*"|\S+/g) ?? [];
  return found.map((word) => (word === 'ID' ? conditionId : word.replaceAll('"', '')));
}

const examples = verbs(program()).flatMap((verb) => examplesOf(verb));

it('every verb has an example', () => {
  const without = verbs(program()).filter((verb) => examplesOf(verb).length === 0);
  expect(without.map((verb) => verb.name())).toEqual([]);
});

describe('the examples of the help texts', () => {
  it.each(examples)(
    'npx pulse %s',
    async (example) => {
      const { code, stdout, stderr } = await pulse(...words(example));
      expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).not.toBe('');
      if (!words(example).includes('--json')) return;
      for (const line of stdout.trimEnd().split('\n')) {
        expect(JSON.parse(line)).toBeInstanceOf(Object);
      }
    },
    EXAMPLE_MS,
  );
});

const Hops = z.object({
  hops: z.array(z.object({ hop: z.string(), atMs: z.number(), tookMs: z.number() })),
  signed: z.object({ value: z.number() }),
  observation: z.string(),
  blockNumber: z.int().min(1),
  transactionId: z.string(),
});

describe('pulse', () => {
  it(
    'gives the time at each hop of a reading, in order, with its block and transaction',
    async () => {
      const { stdout } = await pulse('trigger', 'patient-ada', '--json');
      const { hops, observation, transactionId } = Hops.parse(JSON.parse(stdout));
      expect(hops.map(({ hop }) => hop)).toEqual([
        ...['enrolled', 'connected', 'measured', 'signed', 'queued', 'committed', 'readable'],
      ]);
      const times = hops.map(({ atMs }) => atMs);
      expect(times).toEqual(times.toSorted((one, other) => one - other));
      expect(observation).toMatch(/^Observation\/[0-9a-f]{32}-/);
      expect(transactionId).toMatch(/^[0-9a-f]{64}$/);
    },
    EXAMPLE_MS,
  );

  it(
    'rotates the identity that a service signs with, and the service goes on',
    async () => {
      const Signs = z.object({
        signing: z.array(
          z.object({ service: z.string(), label: z.string(), certificate: z.string() }),
        ),
      });
      const signing = async () =>
        Signs.parse(
          JSON.parse((await pulse('identities', 'list', '--json')).stdout),
        ).signing.filter(({ service }) => service === 'ingest/hospital');
      const [before] = await signing();
      expect((await pulse('identities', 'rotate', 'ingest/hospital', '--json')).code).toBe(0);
      const after = await signing();
      expect(after.map(({ label }) => label)).toEqual(['AWSCURRENT', 'AWSPREVIOUS']);
      expect(after[0]?.certificate).not.toBe(before?.certificate);
      expect(after[1]?.certificate).toBe(before?.certificate);
      expect((await pulse('trigger', 'patient-ada')).code).toBe(0);
      const nobody = await pulse('identities', 'rotate', 'issuing-ca/hospital');
      expect([nobody.code, nobody.stderr.trimEnd().split('\n').length]).toEqual([2, 3]);
    },
    EXAMPLE_MS,
  );

  it(
    'tells a doctor from somebody who is not logged in, and keeps the token for its owner only',
    async () => {
      const file = join(folder, 'cli', 'login.json');
      await rm(file, { force: true });
      const before = await pulse('patients');
      expect([before.code, before.stdout]).toEqual([4, '']);
      expect(before.stderr.trimEnd().split('\n')).toHaveLength(3);
      expect((await pulse('login', LOGIN)).code).toBe(0);
      expect((await stat(file)).mode & 0o777).toBe(0o600);
      const password = z
        .object({ logins: z.array(z.object({ user: z.string(), password: z.string() })) })
        .parse(JSON.parse(await readFile(systemFile, 'utf8')))
        .logins.find(({ user }) => user === LOGIN)?.password;
      expect(await readFile(file, 'utf8')).not.toContain(password);
      const after = await pulse('patients');
      expect([after.code, after.stdout.includes('Sample, Ada')]).toEqual([0, true]);
    },
    EXAMPLE_MS,
  );

  it(
    'does not show a patient to who does not treat them, and says so in three lines',
    async () => {
      const { code, stdout, stderr } = await pulse(
        'chart',
        'patient-ada',
        '--login',
        'clinic-doctor',
      );
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr.trimEnd().split('\n')).toHaveLength(3);
    },
    EXAMPLE_MS,
  );

  it(
    'stores a file once, however often it is imported',
    async () => {
      const places = await importVisit();
      expect(places).toHaveLength(3);
      expect(places.at(-1)).toBe(`Condition/${conditionId}`);
    },
    EXAMPLE_MS,
  );

  it(
    'stores nothing of a strict file in which anything is wrong',
    async () => {
      const file = join(folder, 'wrong.json');
      const entry = [{ resource: { resourceType: 'Patient', gender: 'green' } }];
      await writeFile(file, JSON.stringify({ resourceType: 'Bundle', type: 'collection', entry }));
      const { code, stdout } = await pulse('import', file, '--strict', '--login', LOGIN, '--json');
      expect(code).toBe(1);
      expect(Imported.parse(JSON.parse(stdout)).files).toMatchObject([{ stored: 0, refused: 1 }]);
    },
    EXAMPLE_MS,
  );

  it(
    'shows a consent until it is taken back, and an emergency for ever, in "who-looked"',
    async () => {
      const looked = ['who-looked', 'patient-ben', '--login', 'patient-ben', '--json'];
      const why = ['--reason', 'trauma', '--why', 'fell from a ladder'];
      expect((await pulse('emergency', 'patient-ben', ...why)).code).toBe(0);
      const { accesses } = z
        .object({ accesses: z.array(z.object({ role: z.string(), isEmergency: z.boolean() })) })
        .parse(JSON.parse((await pulse(...looked)).stdout));
      expect(accesses).toContainEqual({ role: 'emergency-medic', isEmergency: true });
      const granted = await pulse('grant', 'patient-ben', 'condition', '--json');
      const { consentId } = z.object({ consentId: z.string() }).parse(JSON.parse(granted.stdout));
      const first = await pulse('revoke', 'patient-ben', '--json');
      expect(JSON.parse(first.stdout)).toEqual({ revoked: [consentId] });
      const second = await pulse('revoke', 'patient-ben', '--json');
      expect(JSON.parse(second.stdout)).toEqual({ revoked: [] });
    },
    EXAMPLE_MS,
  );

  it(
    'ends a tail by Ctrl-C with 130',
    async () => {
      const tail = start('cli/bin/pulse.js', ['tail', 'patient-ada', '--login', 'patient-ada']);
      await tail.said(/^Listening/m);
      tail.interrupt();
      expect((await tail.ended).code).toBe(130);
    },
    EXAMPLE_MS,
  );

  it(
    'names what is wrong where no system runs, with the fix',
    async () => {
      const nowhere = join(folder, 'nowhere.json');
      const { code, stdout } = await pulse('doctor', '--system', nowhere, '--json');
      expect(code).toBe(1);
      const { checks } = z
        .object({ checks: z.array(z.looseObject({ name: z.string(), state: z.string() })) })
        .parse(JSON.parse(stdout));
      expect(checks.find(({ name }) => name === 'running system')).toMatchObject({
        state: 'failed',
        fix: expect.stringContaining('npm start'),
      });
      expect((await pulse('status', '--system', nowhere)).code).toBe(1);
    },
    EXAMPLE_MS,
  );

  it('answers wrong usage with 2', async () => {
    for (const args of [['nonsense'], ['chart'], ['tail', 'patient-ada', '--for', 'ever']]) {
      expect((await pulse(...args)).code).toBe(2);
    }
  });
});
