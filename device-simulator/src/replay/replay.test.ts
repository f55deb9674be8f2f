import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Chunk, Reading } from '@pulseledger/domain';
import { enrolmentAt } from '../device/enrolment.ts';
import { readSystemFile } from '../system-file.ts';
import { eventually, FakeSystem } from '../test-support/fake-system.ts';
import { checkRecordings, type ReplayReport, replay } from './replay.ts';
import type { ImportContext } from './types.ts';

let system: FakeSystem;
beforeEach(async () => {
  system = await FakeSystem.start();
});
afterEach(async () => {
  await system.close();
});

const HEAD = 'Id,Time,Value\n';
const ROWS = [
  '7,5/10/2016 6:59:58 AM,81\n',
  '7,5/10/2016 6:59:59 AM,82\n',
  '7,5/10/2016 7:00:00 AM,83\n',
  '7,5/10/2016 7:00:05 AM,84\n',
];

async function file(name: string, content: string): Promise<string> {
  const path = join(system.folder, name);
  await writeFile(path, content);
  return path;
}

interface More {
  readonly context?: ImportContext;
  readonly strict?: boolean;
  readonly person?: string;
  readonly patienceMs?: number;
  readonly patient?: number;
}

async function run(files: readonly string[], more: More = {}): Promise<ReplayReport> {
  const { context = { zone: 'Europe/Paris' }, strict = false, person, patienceMs = 20_000 } = more;
  return replay(
    { files, context, strict, ...(person === undefined ? {} : { person }) },
    {
      patientId: system.patients[more.patient ?? 0] ?? '',
      enrol: enrolmentAt(await readSystemFile(system.systemFile)),
      folder: join(system.folder, 'replay'),
      patienceMs,
    },
  );
}

function chunks(): Chunk[] {
  return [...system.received.values()].map((entry) => entry.chunk);
}

function received(): string[] {
  return chunks()
    .flatMap((chunk) => chunk.readings)
    .map((r: Reading) => `${new Date(r.atMs).toISOString()} ${'value' in r ? r.value : 'absent'}`)
    .sort();
}

describe('replay of recordings', () => {
  test('the valid rows reach the ledger once, in chunks within an hour, with their offset', async () => {
    const bad = '7,3/27/2016 2:30:00 AM,60\n';
    const report = await run([await file('a.csv', HEAD + ROWS.join('') + ROWS[1]! + bad)]);
    expect(report.files[0]).toMatchObject({
      file: 'a.csv',
      format: 'fitbit',
      rows: 6,
      valid: 4,
      already: 0,
      byCode: { '8867-4': 4 },
      duplicates: { count: 1, places: ['line 6'] },
      refused: [{ count: 1, places: ['line 7'] }],
      zoneOffsets: ['+02:00'],
      span: { from: '2016-05-10T04:59:58.000Z', to: '2016-05-10T05:00:05.000Z' },
      failure: null,
    });
    expect(report.delivery).toMatchObject({ devices: 1, handedOver: 4, committed: 4, pending: 0 });
    expect(received()).toEqual([
      '2016-05-10T04:59:58.000Z 81',
      '2016-05-10T04:59:59.000Z 82',
      '2016-05-10T05:00:00.000Z 83',
      '2016-05-10T05:00:05.000Z 84',
    ]);
    expect(chunks().map((chunk) => [chunk.count, chunk.zoneOffsetMinutes])).toEqual([
      [2, 120],
      [2, 120],
    ]);
    // Assigned from the earliest reading, to the patient that was named.
    expect(system.enrolments).toMatchObject([
      { patientId: system.patients[0], fromMs: Date.UTC(2016, 4, 10, 4, 59, 58) },
    ]);
  });

  test('replaying the same again changes nothing; a longer export adds only what is new', async () => {
    const path = await file('a.csv', HEAD + ROWS.slice(0, 3).join(''));
    await run([path]);
    const again = await run([path]);
    expect(again.files[0]).toMatchObject({ valid: 3, already: 3 });
    expect(again.delivery).toMatchObject({ devices: 0, handedOver: 0, committed: 0 });
    expect([...system.received.values()].map((entry) => entry.times)).toEqual([1, 1]);

    const longer = await run([await file('b.csv', HEAD + ROWS.join(''))]);
    expect(longer.files[0]).toMatchObject({ valid: 4, already: 3 });
    expect(longer.delivery).toMatchObject({ handedOver: 1, committed: 1 });
    expect(received().length).toBe(4);
    expect(system.enrolments.length).toBe(1);
    const sequences = chunks().map((chunk) => [chunk.firstSequence, chunk.count]);
    expect(sequences).toEqual([
      [0, 2],
      [2, 1],
      [3, 1],
    ]);
  });

  test('readings from before the device was assigned come from another device', async () => {
    await run([await file('late.csv', HEAD + ROWS.slice(2).join(''))]);
    await run([await file('early.csv', HEAD + ROWS.slice(0, 2).join(''))]);
    expect(system.enrolments.map((e) => e.fromMs)).toEqual([
      Date.UTC(2016, 4, 10, 5),
      Date.UTC(2016, 4, 10, 4, 59, 58),
    ]);
    expect(received().length).toBe(4);
  });

  test('an interrupted replay goes on with the same chunks', async () => {
    system.answer = () => 'silent';
    const path = await file('a.csv', HEAD + ROWS.join(''));
    const first = await run([path], { patienceMs: 300 });
    expect(first.delivery).toMatchObject({ handedOver: 4, committed: 0, pending: 4 });
    system.answer = () => 'committed';
    const second = await run([path]);
    expect(second.delivery).toMatchObject({ handedOver: 0, resumed: 4, committed: 4, pending: 0 });
    for (const entry of system.received.values()) {
      expect(entry.times).toBeGreaterThanOrEqual(2);
      expect(entry.digests.size).toBe(1);
    }
  });

  test('each patient has devices of its own', async () => {
    const path = await file('a.csv', HEAD + ROWS.join(''));
    await run([path], { patient: 0 });
    await run([path], { patient: 1 });
    expect(system.enrolments.map((e) => e.patientId)).toEqual(system.patients);
    expect(received().length).toBe(8);
  });

  test('what the ledger quarantines is counted with its reason', async () => {
    system.answer = () => 'quarantined';
    const report = await run([await file('a.csv', HEAD + ROWS.join(''))]);
    expect(report.delivery).toMatchObject({
      committed: 0,
      quarantined: 4,
      quarantineReasons: { not_assigned: 4 },
      pending: 0,
    });
  });

  test('strict: nothing of a file in which anything is refused; the other files are replayed', async () => {
    const bad = await file('bad.csv', `${HEAD}${ROWS[0]!}7,yesterday,60\n`);
    const good = await file('good.csv', HEAD + ROWS[3]!);
    const report = await run([bad, good], { strict: true });
    expect(report.files.map((f) => f.failure)).toEqual([
      'strict: 1 refused, so nothing of the file is replayed',
      null,
    ]);
    expect(received()).toEqual(['2016-05-10T05:00:05.000Z 84']);
  });

  test("two persons' rows are never mixed; one can be chosen", async () => {
    const path = await file('a.csv', `${HEAD}${ROWS.join('')}8,5/10/2016 7:00:00 AM,99\n`);
    const mixed = await run([path]);
    expect(mixed.files[0]?.failure).toContain('--person');
    expect(received()).toEqual([]);
    const chosen = await run([path], { person: '8' });
    expect(chosen.files[0]).toMatchObject({ valid: 1, ignored: { 'rows of other persons': 4 } });
    expect(received()).toEqual(['2016-05-10T05:00:00.000Z 99']);
  });

  test('readings from the future are refused', async () => {
    const year = new Date().getUTCFullYear() + 1;
    const path = await file('a.csv', `${HEAD}${ROWS[0]!}7,5/10/${year} 7:00:00 AM,99\n`);
    const report = await run([path]);
    expect(report.files[0]?.refused).toEqual([
      { reason: 'a date in the future', count: 1, places: ['line 3'] },
    ]);
  });

  test('a dry run reads and reports, and sends nothing', async () => {
    const path = await file('a.csv', HEAD + ROWS.join(''));
    const report = await checkRecordings({
      files: [path],
      context: { zone: 'UTC' },
      strict: false,
    });
    expect(report).toMatchObject({ files: [{ valid: 4 }], delivery: null });
    expect(system.enrolments).toEqual([]);
  });

  test('two replays for one patient at once: the second is told to wait', async () => {
    system.answer = () => 'silent';
    const path = await file('a.csv', HEAD + ROWS.join(''));
    const first = run([path], { patienceMs: 1_500 });
    await eventually(() => system.received.size > 0, 'the first replay is under way');
    await expect(run([path])).rejects.toThrow('another simulator');
    await first;
  });

  test('many hours and more readings than a chunk holds, in any order of the file', async () => {
    const rows = Array.from({ length: 12_000 }, (_, i) => {
      const second = (i * 7_919) % 12_000;
      const minute = Math.floor(second / 60) % 60;
      const hour = 1 + Math.floor(second / 3_600);
      const two = (n: number): string => String(n).padStart(2, '0');
      return `7,5/10/2016 ${hour}:${two(minute)}:${two(second % 60)} AM,${60 + (second % 40)}\n`;
    });
    const report = await run([await file('big.csv', HEAD + rows.join(''))], {
      context: { zone: 'UTC' },
    });
    expect(report.delivery).toMatchObject({ handedOver: 12_000, committed: 12_000 });
    const all = chunks().flatMap((chunk) => chunk.readings);
    expect(new Set(all.map((r) => r.atMs)).size).toBe(12_000);
    for (const chunk of chunks()) {
      expect(Math.floor(chunk.startMs / 3_600_000)).toBe(Math.floor(chunk.endMs / 3_600_000));
    }
  });

  test('the command: report as JSON, exit codes, and a killed replay that goes on', async () => {
    const path = await file('a.csv', HEAD + ROWS.join(''));
    const start = (more: readonly string[]) => {
      const main = join(__dirname, '..', 'main.ts');
      const args = [
        'replay',
        path,
        '--system',
        system.systemFile,
        '--zone',
        'UTC',
        '--json',
        ...more,
      ];
      const child = spawn(process.execPath, [main, ...args], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      let output = '';
      child.stdout.on('data', (part: Buffer) => {
        output += part.toString();
      });
      return {
        child,
        done: once(child, 'close').then(([code]) => ({ code: Number(code), output })),
      };
    };
    system.answer = () => 'silent';
    const killed = start(['--patient', 'patient1']);
    await eventually(() => system.received.size === 2, 'both chunks sent');
    killed.child.kill('SIGKILL');
    await killed.done;

    system.answer = () => 'committed';
    const { code, output } = await start(['--patient', 'patient1']).done;
    expect(code).toBe(0);
    expect(JSON.parse(output)).toMatchObject({
      files: [{ valid: 4, already: 4 }],
      delivery: { resumed: 4, committed: 4, pending: 0 },
    });
    for (const entry of system.received.values()) expect(entry.digests.size).toBe(1);

    expect((await start(['--patient', 'nobody']).done).code).toBe(1);
    expect((await start([]).done).code).toBe(2);
    expect((await start(['--patient', 'patient1', '--zone', 'Mars/Base']).done).code).toBe(2);
    expect((await start(['--dry-run', '--start', 'soon']).done).code).toBe(2);
    expect((await start(['--dry-run', '--format', 'bedside']).done).code).toBe(1);
  });
});
