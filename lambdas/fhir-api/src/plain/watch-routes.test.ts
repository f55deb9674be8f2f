import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  AlarmsAnswer,
  DEFAULT_SETTINGS,
  evaluateArrival,
  News2Answer,
  NO_ALARMS,
  type Reading,
} from '@pulseledger/domain';
import type { Caller } from '../smart/token.ts';
import { type TestApi, testApi } from '../testing/api.ts';
import {
  AMINA,
  administrator,
  agent,
  amina,
  doctor,
  doctorElsewhere,
  emptyRecord,
  NOON,
  nurse,
  WATCH,
} from '../testing/story.ts';

const CALLERS = [doctor, nurse, doctorElsewhere, amina, agent, administrator];
const SECOND = 1_000;
const MINUTE = 60 * SECOND;

let api: TestApi;
let record: ReturnType<typeof emptyRecord>;
beforeEach(() => {
  record = emptyRecord();
  api = testApi(record, CALLERS);
});

async function send(caller: Caller | undefined, method: string, path: string, body?: unknown) {
  const sending = body === undefined ? { method } : { method, body: JSON.stringify(body) };
  const { status, text } = await api.send(caller, `patients/${AMINA}/${path}`, sending);
  return { status, json: JSON.parse(text) as Record<string, unknown> };
}

function get(caller: Caller | undefined, path: string) {
  return send(caller, 'GET', path);
}

const CATEGORIES = 'http://terminology.hl7.org/CodeSystem/observation-category';
const SATURATION = '59408-5';

/** Readings of a device from a time on, one a second. */
function every(second: Omit<Reading, 'atMs'>, fromMs: number, count: number): Reading[] {
  return Array.from(
    { length: count },
    (_, i) => ({ ...second, atMs: fromMs + i * SECOND }) as Reading,
  );
}

describe('alarms', () => {
  beforeEach(() => {
    const readings = every({ code: SATURATION, unit: '%', value: 85 } as never, NOON - MINUTE, 40);
    const endMs = NOON - 20 * SECOND;
    const arrival = { deviceId: WATCH, readings, endMs, receivedAtMs: endMs };
    const { state } = evaluateArrival(NO_ALARMS, arrival, DEFAULT_SETTINGS, endMs);
    api.watch.states.set(AMINA, state);
  });

  async function open() {
    const { json } = await get(doctor, 'alarms');
    return AlarmsAnswer.parse(json).open;
  }

  it.each([doctor, amina])('are shown to $role, the most urgent first', async (caller) => {
    const { status, json } = await get(caller, 'alarms');
    expect(status).toBe(200);
    const rules = AlarmsAnswer.parse(json).open.map(({ rule }) => rule);
    expect(rules).toEqual([`${SATURATION}.low.high`, `${SATURATION}.low.medium`]);
  });

  it.each([agent, administrator, doctorElsewhere])(
    'do not exist for $role of $organization',
    async (caller) => {
      expect(await get(caller, 'alarms')).toMatchObject({ status: 404 });
      expect(await get(caller, 'news2')).toMatchObject({ status: 404 });
    },
  );

  it('need a login', async () => {
    expect(await get(undefined, 'alarms')).toMatchObject({ status: 401 });
  });

  it('are acknowledged, and snoozed', async () => {
    const [high, medium] = await open();
    const path = (id = '') => `alarms/${id}/acknowledge`;
    const deed = await send(doctor, 'POST', path(high?.alarmId), { untilMs: null });
    expect(deed).toEqual({ status: 200, json: { status: 'changed' } });
    await send(doctor, 'POST', path(medium?.alarmId), { untilMs: NOON + MINUTE });
    expect(await open()).toMatchObject([
      { acknowledgement: { by: doctor.subjectId } },
      { acknowledgement: null, isSnoozed: true },
    ]);
  });

  it('are not acknowledged by who may not, or under a name that is none', async () => {
    const [high] = await open();
    const path = `alarms/${high?.alarmId}/acknowledge`;
    expect(await send(amina, 'POST', path, { untilMs: null })).toMatchObject({ status: 403 });
    expect(await send(doctor, 'POST', path, { until: 1 })).toMatchObject({
      status: 400,
      json: { code: 'invalid_input' },
    });
    expect(await send(doctor, 'POST', 'alarms/x/acknowledge', { untilMs: null })).toMatchObject({
      status: 404,
    });
  });

  it('have settings, of which the second scale is a doctor’s', async () => {
    const settings = { ...DEFAULT_SETTINGS, limits: { [SATURATION]: [] }, scale2: true };
    expect(await send(nurse, 'PUT', 'alarms/settings', settings)).toMatchObject({ status: 403 });
    expect(await send(doctor, 'PUT', 'alarms/settings', settings)).toMatchObject({ status: 200 });
    const { json } = await get(doctor, 'alarms');
    expect(json).toMatchObject({
      settings: { limits: { [SATURATION]: [] } },
      scale2: { prescriberId: doctor.subjectId },
    });
    const wrong = { ...settings, limits: { nothing: [] } };
    expect(await send(doctor, 'PUT', 'alarms/settings', wrong)).toMatchObject({ status: 400 });
  });
});

describe('NEWS2', () => {
  function measure(): void {
    const at = NOON - MINUTE;
    const readings: Reading[] = [
      { code: '8867-4', unit: '/min', atMs: at, value: 112 },
      { code: SATURATION, unit: '%', atMs: at, value: 97 },
      { code: SATURATION, unit: '%', atMs: at + 30 * SECOND, absent: 'error' },
      { code: '9279-1', unit: '/min', atMs: at, value: 16 },
      { code: '8310-5', unit: 'Cel', atMs: at - 180 * MINUTE, value: 37 },
      { code: '8480-6', unit: 'mm[Hg]', atMs: at - 90 * MINUTE, value: 120 },
      { code: '8462-4', unit: 'mm[Hg]', atMs: at - 90 * MINUTE, value: 80 },
    ];
    for (const [index, reading] of readings.entries()) {
      record.send({ deviceId: WATCH, firstSequence: index * 10, readings: [reading] });
    }
  }

  it('says how many of seven it knows, how old they are, and no total', async () => {
    measure();
    const { status, json } = await get(doctor, 'news2');
    expect(status).toBe(200);
    const { score, inputs, scale } = News2Answer.parse(json);
    expect(score).toMatchObject({
      ...{ status: 'partial', known: 4, of: 7, points: { pulse: 2 } },
      missing: ['supplementalOxygen', 'consciousness'],
      stale: ['systolicPressure'],
    });
    expect(score).not.toHaveProperty('total');
    expect(scale).toBe(1);
    expect(inputs).toContainEqual({
      ...{ parameter: 'pulse', value: 112, atMs: NOON - MINUTE },
      ...{ ageMs: MINUTE, maxAgeMs: 5 * MINUTE },
    });
  });

  it('counts what somebody charted', async () => {
    measure();
    const chart = async (code: string, value: object) => {
      const resource = {
        ...{
          resourceType: 'Observation',
          status: 'final',
          effectiveDateTime: '2026-03-05T11:30:00Z',
        },
        category: [{ coding: [{ system: CATEGORIES, code: 'vital-signs' }] }],
        ...{ code: { coding: [{ code }] }, subject: { reference: `Patient/${AMINA}` }, ...value },
      };
      const body = JSON.stringify(resource);
      const headers = { 'content-type': 'application/fhir+json' };
      const { status, text } = await api.send(doctor, 'Observation', {
        method: 'POST',
        body,
        headers,
      });
      expect([status, text]).toEqual([201, expect.any(String)]);
    };
    await chart('3151-8', { valueQuantity: { value: 3, code: 'L/min' } });
    await chart('67775-7', { valueCodeableConcept: { coding: [{ code: '248234008' }] } });
    const { json } = await get(doctor, 'news2');
    expect(json).toMatchObject({
      score: { known: 6, points: { supplementalOxygen: 2, consciousness: 0 } },
    });
  });

  it('knows nothing of somebody without readings', async () => {
    const { json } = await get(doctor, 'news2');
    expect(json).toMatchObject({ score: { status: 'partial', known: 0 }, inputs: [] });
  });
});
