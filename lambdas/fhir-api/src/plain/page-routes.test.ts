import { beforeEach, describe, expect, it } from '@jest/globals';
import { MAX_SERIES_POINTS } from '@pulseledger/domain';
import { verifyTicket } from '../../../common/src/live-ticket.ts';
import type { Caller } from '../smart/token.ts';
import { LIVE_KEY, type TestApi, testApi } from '../testing/api.ts';
import {
  AMINA,
  administrator,
  agent,
  amina,
  BORIS,
  boris,
  doctor,
  doctorElsewhere,
  emptyRecord,
  heartRate,
  NOBODY,
  NOON,
  nurse,
  TEN,
  WATCH,
} from '../testing/story.ts';

const CALLERS = [doctor, nurse, doctorElsewhere, amina, boris, agent, administrator];
const SECOND = 1_000;

let api: TestApi;
beforeEach(() => {
  const record = emptyRecord();
  const readings = Array.from({ length: 90 }, (_, i) => heartRate(TEN + i * SECOND));
  record.send({ deviceId: WATCH, firstSequence: 0, readings });
  api = testApi(record, CALLERS);
});

async function get(caller: Caller | undefined, path: string) {
  const { status, text } = await api.send(caller, path);
  return { status, json: JSON.parse(text) as Record<string, unknown> };
}

async function ask(caller: Caller | undefined, body: object) {
  const sending = { method: 'POST', body: JSON.stringify(body) };
  const { status, text } = await api.send(caller, 'live', sending);
  return { status, json: JSON.parse(text) as Record<string, unknown> };
}

describe('the worklist', () => {
  it('is whom a doctor treats', async () => {
    const { status, json } = await get(doctor, 'patients');
    expect(status).toBe(200);
    expect(json).toMatchObject({ patients: [{ patientId: AMINA }] });
  });

  it.each([amina, agent, administrator])('is refused to $role', async (caller) => {
    expect(await get(caller, 'patients')).toMatchObject({
      status: 403,
      json: { code: 'access_denied' },
    });
  });

  it('needs a login', async () => {
    expect(await get(undefined, 'patients')).toMatchObject({ status: 401 });
  });
});

describe('a series', () => {
  const span = `fromMs=${TEN}&toMs=${TEN + 90 * SECOND}`;
  const path = `patients/${AMINA}/series?code=8867-4&${span}`;

  it.each([amina, doctor])('is every value while they are few, for $role', async (caller) => {
    const { status, json } = await get(caller, path);
    expect(status).toBe(200);
    expect(json).toMatchObject({ step: 'raw', series: [{ code: '8867-4', unit: '/min' }] });
    const [line] = json['series'] as { points: { atMs: number; count: number }[] }[];
    expect(line?.points).toHaveLength(90);
    expect(line?.points[0]).toMatchObject({ atMs: TEN, count: 1 });
  });

  it('leaves out what was not asked for, and what is outside of the time', async () => {
    const other = await get(amina, `patients/${AMINA}/series?code=59408-5&${span}`);
    expect(other.json).toEqual({ step: 'raw', series: [] });
    const short = await get(
      amina,
      `patients/${AMINA}/series?code=8867-4&fromMs=${TEN + SECOND}&toMs=${TEN + 3 * SECOND}`,
    );
    expect(short.json).toMatchObject({ series: [{ points: [{}, {}] }] });
  });

  it('is a summary of each hour when that is asked for', async () => {
    const { json } = await get(amina, `${path}&step=hour`);
    expect(json).toMatchObject({ step: 'hour', series: [{ points: [{ atMs: TEN, count: 90 }] }] });
  });

  it('becomes coarser by itself, and says so, when there is too much', async () => {
    const record = emptyRecord();
    const count = MAX_SERIES_POINTS + 100;
    const readings = Array.from({ length: count }, (_, i) => heartRate(TEN + i * SECOND));
    record.send({ deviceId: WATCH, firstSequence: 0, readings });
    api = testApi(record, CALLERS);
    const { json } = await get(
      amina,
      `patients/${AMINA}/series?code=8867-4&fromMs=${TEN}&toMs=${TEN + count * SECOND}`,
    );
    expect(json['step']).toBe('minute');
  });

  it('refuses too many parameters in the words of plain routes', async () => {
    const { status, headers } = await api.send(amina, `${path}${'&code=8867-4'.repeat(60)}`);
    expect(status).toBe(400);
    expect(headers['content-type']).toBe('application/problem+json; charset=utf-8');
  });

  it.each([boris, doctorElsewhere, agent, administrator])(
    'of a stranger does not exist for $role of $organization',
    async (caller) => {
      const theirs = await get(caller, path);
      const nobodys = await get(caller, path.replace(AMINA, NOBODY));
      expect(theirs).toMatchObject({ status: 404, json: { code: 'not_found' } });
      expect(nobodys).toEqual(theirs);
    },
  );

  it.each(['', 'code=8867-4', `code=x&${span}`, `code=8867-4&fromMs=2&toMs=1`, `${span}&step=day`])(
    'refuses %p',
    async (query) => {
      expect(await get(amina, `patients/${AMINA}/series?${query}`)).toMatchObject({ status: 400 });
    },
  );
});

describe('a ticket of the live channel', () => {
  it('is for the topics of those whose record the caller may read, and of nobody else', async () => {
    const { status, json } = await ask(doctor, { patientIds: [AMINA, BORIS, NOBODY, AMINA] });
    expect(status).toBe(200);
    expect(json['topics']).toEqual([{ patientId: AMINA, topic: `v1/live/${AMINA}` }]);
    const ticket = await verifyTicket(LIVE_KEY, String(json['ticket']), NOON);
    expect(ticket).toMatchObject({ clientId: json['clientId'], topics: [`v1/live/${AMINA}`] });
    expect(ticket.expiresAtMs).toBe(json['expiresAtMs']);
  });

  it.each([agent, administrator])('of $role is for no topic', async (caller) => {
    expect(await ask(caller, { patientIds: [AMINA] })).toMatchObject({ json: { topics: [] } });
  });

  it.each([{}, { patientIds: [] }, { patientIds: ['x'] }, { patientIds: [AMINA], topics: ['#'] }])(
    'is not given for %p',
    async (body) => {
      expect(await ask(doctor, body)).toMatchObject({
        status: 400,
        json: { code: 'invalid_input' },
      });
    },
  );
});
