import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Bundle } from 'fhir/r4.js';
import type { Caller } from '../smart/token.ts';
import {
  bundleOf,
  codeIn,
  linkOf,
  outcomeIn,
  type Received,
  type TestApi,
  testApi,
} from '../testing/api.ts';
import { AMINA, amina, BORIS, boris, doctor, NOON, nurse, storyRecord } from '../testing/story.ts';

const HEADERS = { 'content-type': 'application/fhir+json' };
const SUBJECT = { subject: { reference: `Patient/${AMINA}` } };
const SCOPED: Caller = { ...amina, subject: 'amina-who-may-read-only' };

let nowMs: number;
let api: TestApi;
beforeEach(() => {
  nowMs = NOON;
  const scopes = new Map([[SCOPED.subject, 'patient/Condition.r']]);
  const callers = [amina, boris, doctor, nurse, SCOPED];
  api = testApi(storyRecord(), callers, { now: () => nowMs, scopes });
});

async function make(type: string, members: object = {}): Promise<string> {
  nowMs += 1_000;
  const body = JSON.stringify({ resourceType: type, ...SUBJECT, ...members });
  const answer = await api.send(doctor, type, { method: 'POST', headers: HEADERS, body });
  expect([answer.status, answer.text.slice(0, 300)]).toEqual([201, expect.any(String)]);
  return String(answer.resource.id);
}

function diagnosis(text: string): Promise<string> {
  return make('Condition', { code: { text } });
}

async function amend(id: string, version: number): Promise<void> {
  nowMs += 1_000;
  const code = { text: `version ${version + 1}` };
  const answer = await api.send(doctor, `Condition/${id}`, {
    method: 'PUT',
    headers: { ...HEADERS, 'if-match': `W/"${version}"` },
    body: JSON.stringify({ resourceType: 'Condition', ...SUBJECT, id, code }),
  });
  expect(answer.status).toBe(200);
}

async function remove(path: string): Promise<void> {
  nowMs += 1_000;
  expect((await api.send(doctor, path, { method: 'DELETE' })).status).toBe(204);
}

/** Method, id and version of each entry. */
function told(bundle: Bundle): string[][] {
  return (bundle.entry ?? []).map(({ fullUrl, request, response }) => [
    request?.method ?? '',
    fullUrl?.split('/').at(-1) ?? '',
    response?.etag ?? '',
  ]);
}

function history(caller: Caller, query = ''): Promise<Received> {
  return api.send(caller, `Condition/_history${query}`);
}

describe('the history of a type', () => {
  it('has every version in the patient’s record, newest first, with what was deleted', async () => {
    const asthma = await diagnosis('Asthma');
    const cough = await diagnosis('Cough');
    await amend(asthma, 1);
    await remove(`Condition/${cough}`);
    const found = bundleOf(await history(amina));
    expect(found).toMatchObject({ type: 'history', total: 4 });
    expect(told(found)).toEqual([
      ['DELETE', cough, 'W/"2"'],
      ['PUT', asthma, 'W/"2"'],
      ['POST', cough, 'W/"1"'],
      ['POST', asthma, 'W/"1"'],
    ]);
    expect(bundleOf(await history(doctor, `?patient=Patient/${AMINA}`))).toMatchObject({
      total: 4,
    });
  });

  it('has nothing of other types of the same class', async () => {
    const flag = await make('Flag', { status: 'active', code: { text: 'Falls' } });
    const goal = await make('Goal', { lifecycleStatus: 'active', description: { text: 'Walk' } });
    await remove(`Goal/${goal}`);
    const flags = bundleOf(await api.send(amina, 'Flag/_history'));
    expect(told(flags)).toEqual([['POST', flag, 'W/"1"']]);
    expect(told(bundleOf(await api.send(amina, 'Goal/_history')))).toHaveLength(2);
  });

  it('begins where it is asked to', async () => {
    const asthma = await diagnosis('Asthma');
    await diagnosis('Cough');
    await amend(asthma, 1);
    const since = new Date(nowMs).toISOString();
    const found = bundleOf(await history(amina, `?_since=${since}`));
    expect([found.total, told(found)]).toEqual([1, [['PUT', asthma, 'W/"2"']]]);
  });

  it('loses and doubles nothing from page to page while others write', async () => {
    const ids: string[] = [];
    for (let at = 0; at < 5; at += 1) ids.push(await diagnosis(String(at)));
    await amend(ids[0] ?? '', 1);
    const before = told(bundleOf(await history(amina)));
    const seen: string[][] = [];
    for (let link: string | undefined = 'Condition/_history?_count=2'; link !== undefined; ) {
      const answer = await api.send(amina, link);
      seen.push(...told(bundleOf(answer)));
      await diagnosis('meanwhile');
      link = linkOf(answer, 'next');
    }
    expect(seen).toEqual(before);
  });

  it('is read with the chart that is open already', async () => {
    await diagnosis('Asthma');
    const openings = (): number =>
      api.clinical.log.filter(({ subjectId }) => subjectId === AMINA).length;
    await history(amina);
    await history(amina, '?_count=1');
    expect(openings()).toBe(1);
  });
});

describe('whose history of a type', () => {
  it('is asked of everybody but the patient', async () => {
    const answer = await history(doctor);
    expect(answer.status).toBe(400);
    expect(outcomeIn(answer).issue[0]?.diagnostics).toContain('?patient=[id]');
  });

  it.each(['?patient=', '?patient=a&patient=b', '?patient=a,b'])(
    'is one patient’s, not %s',
    async (query) => {
      expect((await history(doctor, query)).status).toBe(400);
    },
  );

  it('is shown to who may read it, and there is none for anybody else', async () => {
    await diagnosis('Asthma');
    for (const caller of [boris, nurse]) {
      expect((await history(caller, `?patient=${AMINA}`)).status).toBe(404);
    }
    expect((await history(doctor, `?patient=${BORIS}`)).status).toBe(404);
    expect(bundleOf(await history(boris)).total).toBe(0);
  });

  it('needs the scope to search', async () => {
    const refused = await history(SCOPED);
    expect([refused.status, codeIn(refused)]).toEqual([403, 'access_denied']);
  });

  it('cannot be had with the cursor of somebody else, nor with unknown words, strictly', async () => {
    await diagnosis('Asthma');
    await diagnosis('Cough');
    const next = linkOf(await history(amina, '?_count=1'), 'next') ?? '';
    expect((await api.send(doctor, next)).status).toBe(400);
    const strict = { headers: { prefer: 'handling=strict' } };
    expect((await api.send(amina, 'Condition/_history?code=x', strict)).status).toBe(400);
    expect((await api.send(amina, 'Condition/_history?code=x')).status).toBe(200);
  });

  it.each(['Practitioner', 'Device', 'AuditEvent'])('is not there for %s', async (type) => {
    expect((await api.send(amina, `${type}/_history`)).status).toBe(404);
  });
});
