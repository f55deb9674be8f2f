import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { RunningSystem } from './running-system.ts';
import { CHECKOUT, freePort, lastJson, start } from './start.ts';

const SAMPLES = join(CHECKOUT, '..', 'shared', 'data');
const LIMIT_MS = 240_000;
const BEDSIDE = 'bedside-monitor/s25047-2704-05-04-10-44n.csv';
const APPLE = 'apple-health/export6s3sample.xml';
const FIT = 'fit/developer-types-sample.fit';
const OPEN_MHEALTH = 'open-mhealth/heart-rate/2.0';

const Quantity = z.object({ value: z.number(), code: z.string() });
const Observation = z.object({
  code: z.object({ coding: z.array(z.object({ code: z.string() })) }),
  effectiveDateTime: z.string().optional(),
  effectivePeriod: z.object({ start: z.string(), end: z.string() }).optional(),
  valueQuantity: Quantity.optional(),
  dataAbsentReason: z.object({ coding: z.array(z.object({ code: z.string() })) }).optional(),
  component: z
    .array(
      z.object({
        code: z.object({ coding: z.array(z.object({ code: z.string() })) }),
        valueQuantity: Quantity.optional(),
      }),
    )
    .optional(),
});
type Observation = z.infer<typeof Observation>;

const Bundle = z.object({
  link: z.array(z.object({ relation: z.string(), url: z.string() })),
  entry: z.array(z.object({ resource: Observation })).optional(),
});

/** One line an observation: when, which code, what value; what the API says, sorted. */
function lineOf(observation: Observation): string {
  const when = observation.effectiveDateTime ?? Object.values(observation.effectivePeriod ?? {});
  const codes = observation.code.coding.map(({ code }) => code).join('+');
  const { valueQuantity, component } = observation;
  const parts = component?.map(
    (part) => `${part.code.coding[0]?.code ?? ''}=${String(part.valueQuantity?.value)}`,
  );
  const value =
    valueQuantity === undefined
      ? (parts?.sort().join(' ') ?? observation.dataAbsentReason?.coding[0]?.code)
      : `${valueQuantity.value} ${valueQuantity.code}`;
  return `${String(when)} ${codes} ${String(value)}`;
}

const onSamples = existsSync(SAMPLES) ? describe : describe.skip;

onSamples('a recording replayed onto a running system (skipped: ../shared/data is absent)', () => {
  let folder: string;
  let system: RunningSystem;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pulse-replay-'));
    const port = await freePort();
    system = await RunningSystem.start(folder, ['--devices', '0', '--port', port.toString()]);
  }, LIMIT_MS);

  afterAll(async () => {
    const { code } = await system.stop();
    await rm(folder, { recursive: true, force: true });
    expect(code).toBe(0);
  }, LIMIT_MS);

  async function replay(patient: string, file: string, ...args: string[]): Promise<unknown> {
    const run = start('device-simulator/src/main.ts', [
      'replay',
      join(SAMPLES, file),
      ...['--patient', patient, '--system', join(folder, 'run', 'system.json'), '--json'],
      ...args,
    ]);
    const { code, stdout } = await run.finished;
    return { code, ...z.object({}).loose().parse(lastJson(stdout)) };
  }

  async function observations(patient: string, query: string): Promise<string[]> {
    const token = await system.token('hospital-doctor');
    const patientId = system.system.patients.find(({ login }) => login === patient)?.patientId;
    const lines: string[] = [];
    let next: string | undefined = `/Observation?patient=${String(patientId)}&_count=500&${query}`;
    while (next !== undefined) {
      const { status, body } = await system.get(next, token);
      expect(status).toBe(200);
      const bundle: z.infer<typeof Bundle> = Bundle.parse(JSON.parse(body));
      lines.push(...(bundle.entry ?? []).map(({ resource }) => lineOf(resource)));
      next = bundle.link.find(({ relation }) => relation === 'next')?.url;
    }
    return lines.sort();
  }

  it(
    'shows exactly the valid readings of a bedside monitor, sensor off as absent',
    async () => {
      const args = ['--start', '2026-03-01T10:44:18', '--zone', 'Europe/Paris'];
      expect(await replay('patient-ben', BEDSIDE, ...args)).toMatchObject({ code: 0 });
      const rows = (await readFile(join(SAMPLES, BEDSIDE), 'utf8')).trim().split('\n').slice(1);
      const expected = rows.flatMap((row) => {
        const [seconds, hr, pulse, resp, spo2, systolic, diastolic, mean] = row.trim().split(',');
        const at = Date.UTC(2026, 2, 1, 10, 44, 18) + Number(seconds) * 1000;
        const when = `${new Date(at).toISOString().slice(0, 23)}+01:00`;
        const single = (codes: string, text: string | undefined, unit: string): string[] =>
          text === undefined || text === ''
            ? []
            : [
                `${when} ${codes} ${Number(text) === 0 ? 'not-performed' : `${Number(text)} ${unit}`}`,
              ];
        // Systolic and diastolic are one panel; R4's profile of it has no mean, which stands alone.
        const isPanel = Boolean(systolic) && Boolean(diastolic);
        const panel = `8462-4=${Number(diastolic)} 8480-6=${Number(systolic)}`;
        return [
          ...single('8867-4', hr, '/min'),
          ...single('8889-8', pulse, '/min'),
          ...single('9279-1', resp, '/min'),
          ...single('59408-5+2708-6', spo2, '%'),
          ...(isPanel ? [`${when} 85354-9 ${panel}`] : []),
          ...single('8478-0', mean, 'mm[Hg]'),
        ];
      });
      expect(await observations('patient-ben', 'date=2026-03-01')).toEqual(expected.sort());
    },
    LIMIT_MS,
  );

  it(
    'keeps the zone offsets and intervals of an Apple Health export',
    async () => {
      expect(await replay('patient-ada', APPLE)).toMatchObject({ code: 0 });
      const text = await readFile(join(SAMPLES, APPLE), 'utf8');
      const field = (record: string, name: string): string =>
        new RegExp(`\\b${name}="([^"]*)"`).exec(record)?.[1] ?? '';
      const moment = (record: string, name: string): string => {
        const [, date, time] = /^(\S+) (\S+)/.exec(field(record, name)) ?? [];
        return `${String(date)}T${String(time)}.000+01:00`;
      };
      const steps = (text.match(/<Record [^>]*StepCount[^>]*>/g) ?? []).map(
        (record) =>
          `${moment(record, 'startDate')},${moment(record, 'endDate')} 55423-8 ${field(record, 'value')} {steps}`,
      );
      expect(steps).toHaveLength(10);
      const shown = await observations('patient-ada', 'code=55423-8');
      expect(shown).toEqual(steps.sort());
    },
    LIMIT_MS,
  );

  it(
    'records every heart rate of a FIT activity once, however often it is replayed',
    async () => {
      const args = ['--zone', 'Europe/Paris'];
      const first = await replay('patient-ada', FIT, ...args);
      expect(first).toMatchObject({ code: 0, delivery: { committed: 3424, quarantined: 0 } });
      expect(await replay('patient-ada', FIT, ...args)).toMatchObject({ code: 0 });
      const shown = await observations('patient-ada', 'code=8867-4&date=2017-01-17');
      expect(shown).toHaveLength(3424);
      expect(shown[0]).toMatch(/^2017-01-17T18:06:47\.000\+01:00 8867-4 \d+ \/min$/);
    },
    LIMIT_MS,
  );

  it(
    'takes what Open mHealth calls valid and names what it does not',
    async () => {
      const good = await replay(
        'patient-ada',
        `${OPEN_MHEALTH}/shouldPass/with-temporal-relationship-to-sleep.json`,
      );
      expect(good).toMatchObject({ code: 0, delivery: { committed: 1 } });
      expect(await observations('patient-ada', 'code=8867-4&date=2020-02')).toEqual([
        '2020-02-05T07:25:00.000-08:00 8867-4 67.5 /min',
      ]);
      const bad = await replay('patient-ada', `${OPEN_MHEALTH}/shouldFail/incorrect-unit.json`);
      expect(bad).toMatchObject({
        code: 1,
        files: [{ refused: [{ reason: 'heart_rate.unit: expected "beats/min"', count: 1 }] }],
      });
    },
    LIMIT_MS,
  );
});
