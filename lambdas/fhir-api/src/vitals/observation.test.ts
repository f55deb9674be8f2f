import { describe, expect, it } from '@jest/globals';
import {
  ABSENT_REASONS,
  decodeChunk,
  type Reading,
  VITAL_CODES,
  VITAL_SIGNS,
  type VitalSign,
} from '@pulseledger/domain';
import fc from 'fast-check';
import { decodeStored, storedChunks } from '../record/port.ts';
import { MemoryRecord } from '../testing/memory-record.ts';
import { AMINA, amina, heartRate, oneOfEach, SECOND_MS, TEN, WATCH } from '../testing/story.ts';
import { localTime, toObservation } from './observation.ts';
import {
  formatObservationId,
  MAX_ID_CHARACTERS,
  observationIdOf,
  parseObservationId,
} from './observation-id.ts';
import { OBSERVATION_KINDS } from './observation-kinds.ts';
import { signsOf } from './signs.ts';

interface Sending {
  readonly zoneOffsetMinutes?: number;
  readonly firstSequence?: number;
}

/** What the API shows of these readings, after they went through a real chunk. */
async function observed(readings: readonly Reading[], sending: Sending = {}) {
  const record = new MemoryRecord();
  const watch = { deviceId: WATCH, manufacturer: 'T', model: 'W', serial: 'S' };
  record.addDevice(AMINA, { ...watch, status: 'active', sinceMs: null });
  record.send({ deviceId: WATCH, firstSequence: sending.firstSequence ?? 0, ...sending, readings });
  const page = { patientId: AMINA, fromMs: 0, toMs: TEN * 2, pageSize: 100 };
  const { chunks } = await record.as(amina).readChunks(page);
  return signsOf(
    AMINA,
    chunks.map((chunk) => decodeChunk(Buffer.from(chunk, 'base64'))),
  ).map(toObservation);
}

async function observedOne(reading: Reading, sending?: Sending) {
  const all = await observed([reading], sending);
  expect(all).toHaveLength(1);
  return all[0]!;
}

describe('an Observation of one value', () => {
  it('has everything of the heart rate profile', async () => {
    const sending = { zoneOffsetMinutes: 330, firstSequence: 4_711 };
    expect(await observedOne(heartRate(TEN + 7, 71.5), sending)).toEqual({
      resourceType: 'Observation',
      id: `${WATCH}-1-1267-mmdao1s7`,
      meta: { profile: ['http://hl7.org/fhir/StructureDefinition/heartrate'] },
      identifier: [
        {
          system: 'urn:oid:2.25.214148741289155235136925146521260046487',
          value: `${AMINA}-${WATCH}-8867-4-2026-03-05T15:30:00.007+05:30-1.4711`,
        },
      ],
      status: 'final',
      category: [
        {
          coding: [
            {
              system: 'http://terminology.hl7.org/CodeSystem/observation-category',
              code: 'vital-signs',
              display: 'Vital Signs',
            },
          ],
        },
      ],
      code: { coding: [{ system: 'http://loinc.org', code: '8867-4', display: 'Heart rate' }] },
      subject: { reference: `Patient/${AMINA}` },
      effectiveDateTime: '2026-03-05T15:30:00.007+05:30',
      valueQuantity: {
        value: 71.5,
        unit: '/min',
        system: 'http://unitsofmeasure.org',
        code: '/min',
      },
      device: { reference: `Device/${WATCH}` },
    });
  });

  it('of oxygen saturation has both codes', async () => {
    const shown = await observedOne({ code: '59408-5', unit: '%', atMs: TEN, value: 97 });
    expect(shown.code.coding?.map(({ code }) => code)).toEqual(['59408-5', '2708-6']);
    expect(shown.meta?.profile).toEqual(['http://hl7.org/fhir/StructureDefinition/oxygensat']);
  });

  it('says why there is no value and never shows 0', async () => {
    for (const absent of ABSENT_REASONS) {
      const shown = await observedOne({ code: '8867-4', unit: '/min', atMs: TEN, absent });
      expect(shown.dataAbsentReason?.coding?.[0]?.code).toBe(absent);
      expect(shown).not.toHaveProperty('valueQuantity');
    }
  });

  it('keeps an implausible value and flags it', async () => {
    const shown = await observedOne(heartRate(TEN, 999));
    expect(shown.valueQuantity?.value).toBe(999);
    expect(shown.meta?.security?.map(({ code }) => code)).toEqual(['UNCERTREL']);
    expect(shown.note?.[0]?.text).toContain('20 to 300 /min');
    expect(shown.status).toBe('final');
  });

  it('over a time has a period', async () => {
    const steps: Reading = {
      code: '55423-8',
      unit: '{steps}',
      atMs: TEN,
      durationMs: 90_500,
      value: 88,
    };
    const shown = await observedOne(steps, { zoneOffsetMinutes: -210 });
    expect(shown.effectivePeriod).toEqual({
      start: '2026-03-05T06:30:00.000-03:30',
      end: '2026-03-05T06:31:30.500-03:30',
    });
    expect(shown.category?.[0]?.coding?.[0]?.code).toBe('activity');
  });

  it('of an electrocardiogram has its samples', async () => {
    const shown = await observedOne({
      code: '131329',
      unit: 'mV',
      atMs: TEN,
      sampled: { periodMs: 4, origin: 0.5, factor: 0.001, data: [1, -2, 30_000] },
    });
    expect(shown.valueSampledData).toEqual({
      origin: { value: 0.5, unit: 'mV', system: 'http://unitsofmeasure.org', code: 'mV' },
      period: 4,
      factor: 0.001,
      dimensions: 1,
      data: '1 -2 30000',
    });
    expect(shown.code.coding?.[0]?.system).toBe('urn:iso:std:iso:11073:10101');
    expect(shown.effectivePeriod?.end).toBe('2026-03-05T10:00:00.012+00:00');
  });

  it('is the same whenever it is made', async () => {
    expect(await observed(oneOfEach())).toEqual(await observed(oneOfEach()));
  });
});

function pressure(code: '8480-6' | '8462-4', atMs: number, value: number): Reading {
  return { code, unit: 'mm[Hg]', atMs, value };
}

describe('a blood pressure', () => {
  it('is one Observation of the parts of the same instant', async () => {
    const shown = await observed([pressure('8480-6', TEN, 121), pressure('8462-4', TEN, 79)]);
    expect(shown).toHaveLength(1);
    expect(shown[0]?.code.coding?.[0]?.code).toBe('85354-9');
    expect(
      shown[0]?.component?.map(({ code, valueQuantity }) => [
        code.coding?.[0]?.code,
        valueQuantity?.value,
      ]),
    ).toEqual([
      ['8480-6', 121],
      ['8462-4', 79],
    ]);
    expect(shown[0]).not.toHaveProperty('valueQuantity');
  });

  it('names the part that was not measured', async () => {
    const [shown] = await observed([pressure('8462-4', TEN, 79)]);
    expect(shown?.component).toMatchObject([
      { dataAbsentReason: { coding: [{ code: 'unknown' }] } },
      { valueQuantity: { value: 79 } },
    ]);
  });

  it('of another instant is another one', async () => {
    const shown = await observed([
      pressure('8480-6', TEN, 121),
      pressure('8462-4', TEN + 1, 79),
      pressure('8480-6', TEN + SECOND_MS, 122),
      pressure('8462-4', TEN + SECOND_MS, 80),
    ]);
    expect(shown.map(({ component }) => component?.map((c) => c.valueQuantity?.value))).toEqual([
      [121, undefined],
      [undefined, 79],
      [122, 80],
    ]);
  });

  it('measured twice at one instant stays two', async () => {
    const shown = await observed([
      pressure('8480-6', TEN, 121),
      pressure('8480-6', TEN, 140),
      pressure('8462-4', TEN, 79),
      pressure('8462-4', TEN, 90),
    ]);
    expect(shown.map(({ component }) => component?.map((c) => c.valueQuantity?.value))).toEqual([
      [121, 79],
      [140, 90],
    ]);
    expect(new Set(shown.map(({ id }) => id)).size).toBe(2);
  });

  it('is flagged when one part is implausible', async () => {
    const [shown] = await observed([pressure('8480-6', TEN, 400), pressure('8462-4', TEN, 79)]);
    expect(shown?.meta?.security).toHaveLength(1);
    expect(shown?.note?.map(({ text }) => text)).toEqual([
      expect.stringContaining('Systolic blood pressure'),
    ]);
  });
});

describe('the kinds of Observation', () => {
  it('cover every vital sign once', () => {
    const members = OBSERVATION_KINDS.flatMap((kind) => kind.members);
    expect([...members].sort()).toEqual([...VITAL_CODES].sort());
  });

  it('describe every code that goes beside another', () => {
    const signs: VitalSign[] = Object.values(VITAL_SIGNS);
    for (const also of signs.flatMap(({ alsoCodes }) => alsoCodes ?? [])) {
      const coding = OBSERVATION_KINDS.flatMap(({ codings }) => codings).find(
        ({ code }) => code === also,
      );
      expect(coding?.display).toBeTruthy();
    }
  });
});

describe('an Observation id', () => {
  const ids = fc.record({
    deviceId: fc
      .uint8Array({ minLength: 16, maxLength: 16 })
      .map((bytes) => Buffer.from(bytes).toString('hex')),
    boot: fc.integer({ min: 0, max: 0xffff_ffff }),
    sequence: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
    atMs: fc.integer({ min: 0, max: Date.UTC(5_000, 0) }),
  });

  it('is a FHIR id and says all it was made of', () => {
    fc.assert(
      fc.property(ids, (id) => {
        const text = formatObservationId(id);
        expect(text).toMatch(/^[A-Za-z0-9\-.]{1,64}$/);
        expect(text.length).toBeLessThanOrEqual(MAX_ID_CHARACTERS);
        expect(parseObservationId(text)).toEqual(id);
      }),
    );
  });

  it('has one spelling', () => {
    const [device, rest] = [WATCH, '1-1267-mmda9w2v'];
    expect(parseObservationId(`${device}-${rest}`)).toBeDefined();
    const others = [
      `${device}-01-1267-mmda9w2v`,
      `${device}-1-1267-0mmda9w2v`,
      `${device}-1-1267-MMDA9W2V`,
      `${device}-1-1267`,
      `${device}-1-1267-mmdao1s7-1`,
      `${device}-1--mmda9w2v`,
      `${device}-1-1267-zzzzzzzzzz`,
      `x${device.slice(1)}-${rest}`,
      'example',
      '',
    ];
    expect(others.map(parseObservationId)).toEqual(others.map(() => undefined));
  });

  it('belongs to one sign', async () => {
    const record = new MemoryRecord();
    const watch = { deviceId: WATCH, manufacturer: 'T', model: 'W', serial: 'S' };
    record.addDevice(AMINA, { ...watch, status: 'active', sinceMs: null });
    record.send({ deviceId: WATCH, firstSequence: 0, readings: oneOfEach() });
    const { chunks } = await record
      .as(amina)
      .readChunks({ patientId: AMINA, fromMs: 0, toMs: TEN * 2, pageSize: 100 });
    const signs = signsOf(
      AMINA,
      chunks.map((chunk) => decodeChunk(Buffer.from(chunk, 'base64'))),
    );
    expect(new Set(signs.map(observationIdOf)).size).toBe(signs.length);
  });
});

describe('an Observation that was recorded late', () => {
  it('says so, and since when it is there; one in time does not', async () => {
    const record = new MemoryRecord();
    const watch = { deviceId: WATCH, manufacturer: 'T', model: 'W', serial: 'S' };
    record.addDevice(AMINA, { ...watch, status: 'active', sinceMs: null });
    record.send({ deviceId: WATCH, firstSequence: 0, readings: [heartRate(TEN, 70)] });
    record.send({ deviceId: WATCH, firstSequence: 1, readings: [heartRate(TEN + 1, 71)] });
    const { chunks } = await record
      .as(amina)
      .readChunks({ patientId: AMINA, fromMs: 0, toMs: TEN * 2, pageSize: 100 });
    const lateMs = Date.UTC(2026, 2, 12, 8);
    const stored = storedChunks({ chunks, late: [{ index: 1, recordedAtMs: lateMs }] });
    const [inTime, late] = signsOf(AMINA, stored.map(decodeStored)).map(toObservation);
    expect(late).toMatchObject({
      issued: '2026-03-12T08:00:00.000Z',
      meta: { tag: [{ code: 'recorded-late' }] },
    });
    expect(inTime).not.toHaveProperty('issued');
    expect(inTime?.meta).not.toHaveProperty('tag');
  });
});

describe('the time of a device', () => {
  it('is the instant and the offset, whatever they are', () => {
    const moments = fc.integer({ min: 0, max: Date.UTC(9_990, 0) });
    const offsets = fc.integer({ min: -840, max: 840 });
    fc.assert(
      fc.property(moments, offsets, (atMs, offset) => {
        const text = localTime(atMs, offset);
        expect(Date.parse(text)).toBe(atMs);
        expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d$/);
        const [hours = 0, minutes = 0] = text.slice(24).split(':').map(Number);
        expect((text[23] === '-' ? -1 : 1) * (hours * 60 + minutes)).toBe(offset + 0);
      }),
    );
  });
});
