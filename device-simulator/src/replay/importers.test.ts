import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PulseError } from '@pulseledger/domain';
import fc from 'fast-check';
import { type CollectingSink, collect } from '../test-support/collecting-sink.ts';
import { importAppleHealth } from './apple-health.ts';
import { importBedside } from './bedside.ts';
import { detectFormat, IMPORTERS } from './detect.ts';
import { importFitbit } from './fitbit.ts';
import { importOpenMhealth } from './open-mhealth.ts';
import { FORMATS, type ImportContext, type Importer } from './types.ts';
import { wfdbStart } from './wfdb-header.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pulse-importers-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function run(
  importer: Importer,
  content: string | Uint8Array,
  context: ImportContext = {},
  name = 'recording',
): Promise<CollectingSink> {
  const path = join(folder, name);
  await writeFile(path, content);
  return collect(importer, path, context);
}

function what(sink: CollectingSink): unknown[] {
  return sink.readings.map((r) => [r.code, r.unit, r.what, new Date(r.atMs).toISOString()]);
}

describe('Fitbit heart-rate CSV', () => {
  const head = 'Id,Time,Value\r\n';

  test('rows in US time become readings in the named zone; blank rows are none', async () => {
    const sink = await run(
      importFitbit,
      `${head}2022484408,5/10/2016 6:55:26 AM,82\r\n2022484408,5/10/2016 6:55:31 PM,83\r\n\r\n,,\r\n`,
      { zone: 'America/New_York' },
    );
    expect(sink.rows).toBe(2);
    expect(what(sink)).toEqual([
      ['8867-4', '/min', 82, '2016-05-10T10:55:26.000Z'],
      ['8867-4', '/min', 83, '2016-05-10T22:55:31.000Z'],
    ]);
    expect(sink.readings[0]?.zoneOffsetMinutes).toBe(-240);
  });

  test('bad rows are named by line, the others taken', async () => {
    const sink = await run(
      importFitbit,
      `${head}1,5/10/2016 6:55:26 AM,eighty\n1,31/10/2016 6:55:26 AM,80\n1,5/10/2016 6:55:26,80\n1,4/12/2016,80\n1,5/10/2016 7:00:00 AM\n1,5/10/2016 7:00:01 AM,80\n,5/10/2016 7:00:01 AM,80\n`,
      { zone: 'UTC' },
    );
    expect(sink.readings.map((r) => r.place)).toEqual(['line 7']);
    expect(sink.refused.map((r) => r.place)).toEqual([2, 3, 4, 5, 6, 8].map((n) => `line ${n}`));
  });

  test('a CSV with another header is not taken for one', async () => {
    await expect(run(importFitbit, 'Id,Zeit,Wert\n1,2,3\n', { zone: 'UTC' })).rejects.toThrow(
      'header',
    );
  });

  test('without a zone it is not replayed at all', async () => {
    await expect(run(importFitbit, `${head}1,5/10/2016 6:55:26 AM,82\n`)).rejects.toThrow('--zone');
  });
});

describe('bedside-monitor CSV', () => {
  const start = { atMs: Date.UTC(2026, 0, 1), zoneOffsetMinutes: 0 };

  test('units come from the header: temperature, arterial line, unknown columns, wrong units', async () => {
    const sink = await run(
      importBedside,
      'seconds_from_start,TEMP[degC],ABPSys[mmHg],NBPSys[mmHg],HR[mmHg],CVP[mmHg]\n0,36.6,120,118,60,5\n',
      { start },
    );
    expect(what(sink)).toEqual([
      ['8310-5', 'Cel', 36.6, '2026-01-01T00:00:00.000Z'],
      ['8480-6', 'mm[Hg]', 120, '2026-01-01T00:00:00.000Z'],
      ['8480-6', 'mm[Hg]', 118, '2026-01-01T00:00:00.000Z'],
    ]);
    // A catheter and a cuff are two devices.
    expect(new Set(sink.readings.map((r) => r.source.label)).size).toBe(2);
    expect(sink.refused).toEqual([
      { place: 'line 1, column HR', reason: 'the unit in the header is not one of this signal' },
    ]);
    expect(sink.notes.length).toBe(1);
  });

  test('0 is a sensor that is off, empty is nothing, text and negative numbers are refused', async () => {
    const sink = await run(
      importBedside,
      'seconds_from_start,HR[bpm],SpO2[%]\n0.5,0.0,\nsoon,60,98\n2,-1,9o\n',
      { start },
    );
    expect(what(sink)).toEqual([['8867-4', '/min', 'not-performed', '2026-01-01T00:00:00.500Z']]);
    expect(sink.refused.map((r) => r.place)).toEqual(['line 3', 'line 4, HR', 'line 4, SpO2']);
  });

  test('the offset follows the zone through a change of the clocks', async () => {
    const sink = await run(importBedside, 'seconds_from_start,HR[bpm]\n0,60\n7200,61\n', {
      start: { atMs: Date.UTC(2026, 2, 29, 0), zoneOffsetMinutes: 60 },
      zone: 'Europe/Paris',
    });
    expect(sink.readings.map((r) => r.zoneOffsetMinutes)).toEqual([60, 120]);
  });

  test('a header with a real date beside the file gives the start', async () => {
    const csv = 'seconds_from_start,HR[bpm]\n60,60\n';
    await writeFile(
      join(folder, 'ward.hea'),
      'ward 1 0.0166/125 72 1:44:18.5 04/05/2024\nx.dat 16\n',
    );
    const sink = await run(importBedside, csv, { zone: 'Europe/Paris' }, 'ward.csv');
    expect(what(sink)).toEqual([['8867-4', '/min', 60, '2024-05-03T23:45:18.500Z']]);
    await expect(run(importBedside, csv, {}, 'ward.csv')).rejects.toThrow('--zone');
    await expect(run(importBedside, csv, { zone: 'UTC' }, 'alone.csv')).rejects.toThrow('--start');
  });

  test('WFDB record lines', () => {
    expect(wfdbStart('# note\n100 2 360 650000\n')).toBeUndefined();
    expect(wfdbStart('r 1 125 10 08:05:00')).toEqual({ time: '08:05:00' });
    expect(wfdbStart('r/2 1 125/1(0) 10 8:05:00 31/12/1999')).toEqual({
      time: '08:05:00',
      date: '1999-12-31',
    });
    expect(wfdbStart('')).toBeUndefined();
  });
});

describe('Apple Health export', () => {
  const record = (more: string): string =>
    `<Record sourceName="W" creationDate="2024-01-01 09:00:00 +0100" startDate="2024-01-01 08:00:00 +0100" endDate="2024-01-01 08:00:00 +0100" ${more}/>\n`;
  const quantity = (type: string, unit: string, value: string): string =>
    record(`type="HKQuantityTypeIdentifier${type}" unit="${unit}" value="${value}"`);
  const document = (body: string): string =>
    `<?xml version="1.0"?>\n<!DOCTYPE HealthData [<!ELEMENT HealthData ANY><!ENTITY x SYSTEM "file:///etc/passwd">]>\n<HealthData locale="de">\n${body}</HealthData>\n`;

  test('every type keeps its value and gets its code and unit', async () => {
    const sink = await run(
      importAppleHealth,
      document(
        quantity('HeartRate', 'count/min', '61.5') +
          quantity('RestingHeartRate', 'count/min', '55') +
          quantity('OxygenSaturation', '%', '0.97') +
          quantity('RespiratoryRate', 'count/min', '14') +
          quantity('BodyTemperature', 'degF', '98.6') +
          quantity('BodyTemperature', 'degC', '37') +
          quantity('HeartRateVariabilitySDNN', 'ms', '47.2573') +
          quantity('BloodGlucose', 'mg/dL', '97') +
          quantity('BloodGlucose', 'mmol&lt;180.1558800000541&gt;/L', '5.4') +
          quantity('Height', 'cm', '180'),
      ),
    );
    expect(sink.readings.map((r) => [r.code, r.unit, r.what])).toEqual([
      ['8867-4', '/min', 61.5],
      ['40443-4', '/min', 55],
      ['59408-5', '%', 97],
      ['9279-1', '/min', 14],
      ['8310-5', '[degF]', 98.6],
      ['8310-5', 'Cel', 37],
      ['80404-7', 'ms', 47.2573],
      ['2339-0', 'mg/dL', 97],
      ['15074-8', 'mmol/L', 5.4],
    ]);
    expect(sink.ignored).toEqual(['HKQuantityTypeIdentifierHeight']);
    expect(sink.refused).toEqual([]);
  });

  test('sleep stages are times with their length', async () => {
    const stage = (value: string, end: string): string =>
      `<Record type="HKCategoryTypeIdentifierSleepAnalysis" sourceName="W" startDate="2024-01-01 23:00:00 +0100" endDate="${end}" value="HKCategoryValueSleepAnalysis${value}"/>\n`;
    const sink = await run(
      importAppleHealth,
      document(
        stage('InBed', '2024-01-02 07:00:00 +0100') +
          stage('AsleepREM', '2024-01-01 23:30:00 +0100') +
          stage('Dreaming', '2024-01-01 23:30:00 +0100') +
          stage('Awake', '2024-01-01 22:00:00 +0100') +
          stage('InBed', '2024-01-09 07:00:00 +0100'),
      ),
    );
    expect(sink.readings.map((r) => [r.code, r.unit, r.what, r.durationMs])).toEqual([
      ['103213-5', 's', 28_800, 28_800_000],
      ['93829-0', 's', 1_800, 1_800_000],
    ]);
    expect(sink.refused).toEqual([
      { place: 'line 6', reason: 'a stage of sleep that is not known' },
      { place: 'line 7', reason: 'endDate is before startDate' },
      { place: 'line 8', reason: 'lasts longer than a day' },
    ]);
  });

  test('the parts of a correlation are copies of the records beside it', async () => {
    const systolic = quantity('BloodPressureSystolic', 'mmHg', '120');
    const diastolic = quantity('BloodPressureDiastolic', 'mmHg', '80');
    const sink = await run(
      importAppleHealth,
      document(
        `${systolic}<Correlation type="x" sourceName="W">${systolic}${diastolic}</Correlation>${diastolic}`,
      ),
    );
    expect(sink.rows).toBe(2);
    expect(sink.readings.map((r) => [r.code, r.copy])).toEqual([
      ['8480-6', false],
      ['8480-6', true],
      ['8462-4', true],
      ['8462-4', false],
    ]);
    expect(new Set(sink.readings.map((r) => r.identity)).size).toBe(2);
  });

  test('bad records are named by line and the values of none are repeated', async () => {
    const sink = await run(
      importAppleHealth,
      document(
        quantity('HeartRate', 'count/s', '1') +
          quantity('HeartRate', 'count/min', 'secret') +
          quantity('OxygenSaturation', '%', '97') +
          quantity('HeartRate', 'count/min', '60').replace('08:00:00 +0100', '08:00:00') +
          quantity('HeartRate', 'count/min', '60'),
      ),
    );
    expect(sink.readings.length).toBe(1);
    expect(sink.refused.map((r) => r.place)).toEqual(['line 4', 'line 5', 'line 6', 'line 7']);
    expect(JSON.stringify(sink.refused)).not.toContain('secret');
  });

  test('no entity is expanded; what was read before a fault in the XML is kept and the fault named', async () => {
    const sink = await run(
      importAppleHealth,
      document(
        `${quantity('HeartRate', 'count/min', '60')}${quantity('HeartRate', 'count/min', '&x;')}`,
      ),
    );
    expect(sink.readings.length).toBe(1);
    expect(sink.refused).toEqual([
      { place: 'line 5', reason: 'the XML is not well-formed; what follows is not read' },
    ]);
    const cut = await run(
      importAppleHealth,
      document(quantity('HeartRate', 'count/min', '60')).slice(0, -14),
    );
    expect(cut.readings.length).toBe(1);
    expect(cut.refused.length).toBe(1);
    await expect(run(importAppleHealth, '<html><body/></html>')).rejects.toThrow('HealthData');
  });

  test('the device is known without the name that its owner gave it', async () => {
    const sink = await run(
      importAppleHealth,
      document(
        quantity('HeartRate', 'count/min', '60').replace(
          'sourceName="W"',
          'sourceName="Zoë’s Watch" device="&lt;&lt;HKDevice: 0x28&gt;, name:Apple Watch, manufacturer:Apple Inc., model:Watch, hardware:Watch6,1&gt;"',
        ),
      ),
    );
    expect(sink.readings[0]?.source).toMatchObject({ manufacturer: 'Apple Inc.', model: 'Watch' });
  });
});

describe('Open mHealth', () => {
  const rate = (more: Record<string, unknown>): Record<string, unknown> => ({
    heart_rate: { value: 60, unit: 'beats/min' },
    ...more,
  });
  const at = { effective_time_frame: { date_time: '2024-05-01T10:00:00+02:00' } };
  const point = (id: string, body: unknown): Record<string, unknown> => ({
    header: {
      id,
      creation_date_time: '2024-05-01T10:00:01Z',
      schema_id: { namespace: 'omh', name: 'heart-rate', version: '2.0' },
      acquisition_provenance: { source_name: 'App', modality: 'sensed' },
    },
    body,
  });

  test('arrays and lines, with and without header, are the same points', async () => {
    const points = [
      point('1', rate(at)),
      rate(at),
      point('2', { body_temperature: { value: 97, unit: 'F' }, ...at }),
    ];
    const array = await run(importOpenMhealth, JSON.stringify(points, undefined, 1));
    const lines = await run(
      importOpenMhealth,
      points.map((p) => `${JSON.stringify(p)}\n`).join('\n'),
    );
    expect(what(array)).toEqual([
      ['8867-4', '/min', 60, '2024-05-01T08:00:00.000Z'],
      ['8867-4', '/min', 60, '2024-05-01T08:00:00.000Z'],
      ['8310-5', '[degF]', 97, '2024-05-01T08:00:00.000Z'],
    ]);
    expect(what(lines)).toEqual(what(array));
    expect(lines.readings.map((r) => r.place)).toEqual(['line 1', 'line 3', 'line 5']);
  });

  test('intervals by start and end, start and length, end and length', async () => {
    const start = '2024-05-01T10:00:00+02:00';
    const end = '2024-05-01T11:00:00+02:00';
    const hour = { value: 60, unit: 'min' };
    const intervals = [
      { start_date_time: start, end_date_time: end },
      { start_date_time: start, duration: hour },
      { end_date_time: end, duration: hour },
    ];
    const sink = await run(
      importOpenMhealth,
      JSON.stringify(
        intervals.map((time_interval) => ({
          step_count: { value: 600, unit: 'steps' },
          effective_time_frame: { time_interval },
        })),
      ),
    );
    expect(sink.refused).toEqual([]);
    for (const reading of sink.readings) {
      expect(reading).toMatchObject({
        code: '55423-8',
        atMs: Date.UTC(2024, 4, 1, 8),
        zoneOffsetMinutes: 120,
        durationMs: 3_600_000,
      });
    }
  });

  test('what the schemas refuse is refused, with the field and what was expected', async () => {
    const refusals: [unknown, string][] = [
      [rate({}), 'effective_time_frame: missing'],
      [rate({ effective_time_frame: { date_time: 'yesterday' } }), 'date_time: not an RFC 3339'],
      [
        rate({ effective_time_frame: { date_time: '2024-05-01T10:00:00' } }),
        'without a zone offset',
      ],
      [
        rate({ ...at, temporal_relationship_to_physical_activity: 'rest' }),
        'temporal_relationship',
      ],
      [rate({ ...at, descriptive_statistic: 'typical' }), 'descriptive_statistic'],
      [rate({ ...at, descriptive_statistic: 'minimum' }), 'descriptive_statistic: no code'],
      [{ heart_rate: { value: '60', unit: 'beats/min' }, ...at }, 'heart_rate.value'],
      [
        { systolic_blood_pressure: { value: 120, unit: 'mmHg' }, ...at },
        'diastolic_blood_pressure',
      ],
      [
        { blood_glucose: { value: 5, unit: 'mg/dL' }, specimen_source: 'sweat', ...at },
        'not blood',
      ],
      [{ step_count: 6_000, ...at }, 'time_interval'],
      [{ header: {}, body: rate(at) }, 'header.id'],
      [{ body: rate(at) }, 'header'],
      [{}, 'no measure'],
      [[], 'not a JSON object'],
      [null, 'not a JSON object'],
    ];
    const sink = await run(importOpenMhealth, JSON.stringify(refusals.map(([body]) => body)));
    expect(sink.readings).toEqual([]);
    expect(sink.refused.map((r) => r.place)).toEqual(refusals.map((_, i) => `point ${i + 1}`));
    sink.refused.forEach((refused, i) => {
      expect(refused.reason).toContain(refusals[i]![1]);
    });
  });

  test('a line of any length is named and passed over', async () => {
    const good = JSON.stringify(rate(at));
    const sink = await run(
      importOpenMhealth,
      `\uFEFF${good}\r\n"${'x'.repeat(3_000_000)}"\n${good}`,
    );
    expect(sink.readings.map((r) => r.place)).toEqual(['line 1', 'line 3']);
    expect(sink.refused).toEqual([{ place: 'line 2', reason: 'the line is too long' }]);
  });

  test('a line that is no JSON does not stop the others', async () => {
    const good = JSON.stringify(rate(at));
    const sink = await run(importOpenMhealth, `${good}\n{"heart\n${good}\n`);
    expect(sink.readings.length).toBe(2);
    expect(sink.refused).toEqual([{ place: 'line 2', reason: 'not JSON' }]);
  });
});

describe('whatever the bytes are', () => {
  const context: ImportContext = {
    zone: 'Europe/Paris',
    start: { atMs: Date.UTC(2024, 0, 1), zoneOffsetMinutes: 60 },
  };
  const fragments = fc.constantFrom(
    'Id,Time,Value\n',
    '1,5/10/2016 6:55:26 AM,82\n',
    '"',
    ',',
    '\n',
    'seconds_from_start,HR[bpm]\n',
    '0,60\n',
    '<?xml version="1.0"?>',
    '<!DOCTYPE a [',
    ']>',
    '<HealthData>',
    '<Record type="HKQuantityTypeIdentifierHeartRate" ',
    '/>',
    '</HealthData>',
    '&amp;',
    '&bomb;',
    '{"heart_rate":',
    '{',
    '}',
    '[',
    ']',
    '1e999',
    'null',
    '\u0000',
    '\uFEFF',
    '\\u0000',
  );
  const texts = fc
    .array(fc.oneof(fragments, fc.string({ unit: 'binary', maxLength: 8 })), { maxLength: 12 })
    .map((p) => p.join(''));
  const bytes = fc.oneof(
    texts.map((t) => Buffer.from(t)),
    fc.uint8Array({ maxLength: 200 }),
  );

  test('an importer reads, refuses in words, or fails with a code; it never crashes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...FORMATS), bytes, async (format, content) => {
        try {
          const sink = await run(IMPORTERS[format], content, context);
          expect(sink.readings.every((r) => Number.isSafeInteger(r.atMs))).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(PulseError);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('deeply nested JSON is refused like any other', async () => {
    const nested = `{"x":${'['.repeat(50_000)}${']'.repeat(50_000)},"heart_rate":{"value":60,"unit":"beats/min"},"effective_time_frame":{"date_time":"2024-05-01T10:00:00Z"}}`;
    const sink = await run(importOpenMhealth, nested);
    expect(sink.refused.map((r) => r.reason)).toEqual(['nested too deeply']);
  });

  test('the format is found by content, and what is none is refused in words', async () => {
    const detect = async (content: string | Uint8Array): Promise<string> => {
      const path = join(folder, 'unknown');
      await writeFile(path, content);
      return detectFormat(path);
    };
    expect(await detect('\uFEFFId,Time,Value\n')).toBe('fitbit');
    expect(await detect('"Id","Time","Value"\n')).toBe('fitbit');
    expect(await detect('seconds_from_start,HR[bpm]\n')).toBe('bedside');
    expect(await detect('  [ ]')).toBe('open-mhealth');
    expect(await detect('<HealthData/>')).toBe('apple-health');
    await expect(detect('PK\u0003\u0004')).rejects.toThrow('unpack');
    await expect(detect('')).rejects.toThrow('no FIT');
    await expect(detectFormat(join(folder, 'absent'))).rejects.toThrow('cannot be read');
  });
});
