import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  bundleOf,
  codeIn,
  outcomeIn,
  type Received,
  type TestApi,
  testApi,
} from '../testing/api.ts';
import {
  AMINA,
  administrator,
  amina,
  doctor,
  doctorElsewhere,
  nurse,
  storyRecord,
  TEN,
  WATCH,
} from '../testing/story.ts';

const JSON_PATCH = 'application/json-patch+json';
const CONDITION = {
  resourceType: 'Condition',
  subject: { reference: `Patient/${AMINA}` },
  code: { text: 'Diabetes' },
  note: [{ text: 'first' }],
};
/** A wearable's. */
const AMINA_READING = `${WATCH}-1-64-${TEN.toString(36)}`;
type Callers = typeof doctor;

let api: TestApi;
let id: string;
beforeEach(async () => {
  const scopes = new Map([['reader', 'user/Condition.rs']]);
  const reader = { ...doctor, subject: 'reader' };
  const callers = [amina, doctor, nurse, doctorElsewhere, administrator, reader];
  const record = storyRecord();
  record.treat(AMINA, nurse);
  api = testApi(record, callers, { scopes });
  const created = await api.send(doctor, 'Condition', {
    method: 'POST',
    headers: { 'content-type': 'application/fhir+json' },
    body: JSON.stringify(CONDITION),
  });
  id = String(created.resource.id);
});

function patch(
  operations: unknown,
  more: { caller?: Callers; path?: string; headers?: Record<string, string> } = {},
): Promise<Received> {
  const { caller = doctor, path = `Condition/${id}`, headers = {} } = more;
  return api.send(caller, path, {
    method: 'PATCH',
    headers: { 'content-type': JSON_PATCH, ...headers },
    body: typeof operations === 'string' ? operations : JSON.stringify(operations),
  });
}

const RENAME = { op: 'replace', path: '/code/text', value: 'Diabetes mellitus' };

describe('a patch', () => {
  it('makes a new version of what it changes and leaves the rest', async () => {
    const answer = await patch([
      { op: 'test', path: '/code/text', value: 'Diabetes' },
      RENAME,
      { op: 'add', path: '/note/-', value: { text: 'second' } },
      { op: 'add', path: '/recordedDate', value: '2026-03-05' },
    ]);
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      etag: 'W/"2"',
      location: `https://api.pulse.test/fhir/Condition/${id}/_history/2`,
    });
    expect(answer.resource).toMatchObject({
      ...CONDITION,
      code: { text: 'Diabetes mellitus' },
      note: [{ text: 'first' }, { text: 'second' }],
      recordedDate: '2026-03-05',
    });
    const before = await api.send(amina, `Condition/${id}/_history/1`);
    expect(before.resource).toMatchObject(CONDITION);
  });

  it('goes to the version that the client names, or to the present one', async () => {
    expect((await patch([RENAME], { headers: { 'if-match': 'W/"1"' } })).status).toBe(200);
    const stale = await patch([RENAME], { headers: { 'if-match': 'W/"1"' } });
    expect([stale.status, codeIn(stale)]).toEqual([412, 'precondition_failed']);
    const unnamed = await patch([{ op: 'remove', path: '/note' }]);
    expect([unnamed.status, unnamed.headers['etag']]).toEqual([200, 'W/"3"']);
  });

  it.each([
    ['a test that fails', [{ op: 'test', path: '/code/text', value: 'Asthma' }, RENAME]],
    ['a path to nothing', [{ op: 'replace', path: '/severity/text', value: 'x' }]],
    ['a second operation to nothing', [RENAME, { op: 'remove', path: '/stage/0' }]],
    ['another type', [{ op: 'replace', path: '/resourceType', value: 7 }]],
    ['an element that R4 has not', [{ op: 'add', path: '/colour', value: 'red' }]],
    [
      'another patient',
      [{ op: 'replace', path: '/subject/reference', value: `Patient/${'9'.repeat(32)}` }],
    ],
    [
      'a server elsewhere',
      [{ op: 'add', path: '/asserter', value: { reference: 'http://x/y/z' } }],
    ],
  ])('with %s changes nothing: 422', async (_what, operations) => {
    const answer = await patch(operations);
    expect(answer.status).toBe(422);
    expect(outcomeIn(answer).issue[0]?.diagnostics).not.toContain('Diabetes');
    expect((await api.send(doctor, `Condition/${id}`)).headers['etag']).toBe('W/"1"');
  });

  it.each([
    ['no JSON', '{'],
    ['no list', RENAME],
    ['nothing in it', []],
    ['an unknown operation', [{ ...RENAME, op: 'increment' }]],
    ['a path that is none', [{ ...RENAME, path: 'code/text' }]],
    ['the whole resource', [{ ...RENAME, path: '' }]],
    ['no value', [{ op: 'add', path: '/code/text' }]],
    ['no source', [{ op: 'move', path: '/code/text' }]],
    ['more than a hundred operations', Array.from({ length: 101 }, () => RENAME)],
    ['another id', [{ op: 'replace', path: '/id', value: 'x' }]],
  ])('with %s is refused: 400', async (_what, operations) => {
    expect((await patch(operations)).status).toBe(400);
  });

  it('reaches no prototype', async () => {
    for (const path of ['/__proto__/polluted', '/constructor/prototype/polluted']) {
      const answer = await patch([{ op: 'add', path, value: true }]);
      expect(answer.status).toBe(422);
    }
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect('polluted' in {}).toBe(false);
  });

  it('that copies itself over and over is stopped before it is large', async () => {
    const long = { op: 'add', path: '/code/coding', value: [{ display: 'x'.repeat(10_000) }] };
    const double = (step: number) => ({
      op: 'copy',
      from: '/code',
      path: `/code/${String(step)}`,
    });
    const answer = await patch([long, ...Array.from({ length: 60 }, (_, step) => double(step))]);
    expect([answer.status, codeIn(answer)]).toEqual([413, 'oversize']);
  });

  it('is JSON Patch and nothing else', async () => {
    for (const type of ['application/json', 'application/fhir+json', 'application/xml-patch+xml']) {
      const answer = await patch([RENAME], { headers: { 'content-type': type } });
      expect([answer.status, codeIn(answer)]).toEqual([415, 'unsupported_media_type']);
    }
  });

  it('is for who may amend, and looks like nothing to who may not read', async () => {
    expect((await patch([RENAME], { caller: nurse })).status).toBe(200);
    expect((await patch([RENAME], { caller: amina })).status).toBe(403);
    expect((await patch([RENAME], { caller: doctorElsewhere })).status).toBe(404);
    const reader = { ...doctor, subject: 'reader' };
    expect((await patch([RENAME], { caller: reader })).status).toBe(403);
  });

  it('does not take labels away', async () => {
    const security = [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'PSY' }];
    await patch([{ op: 'add', path: '/meta/security', value: security }]);
    const answer = await patch([{ op: 'remove', path: '/meta/security' }]);
    expect(answer.resource.meta?.security).toEqual(security);
  });

  it('does not reach what is shown and not written, or deleted', async () => {
    expect((await patch([RENAME], { path: `Observation/${AMINA_READING}` })).status).toBe(404);
    expect((await patch([RENAME], { path: `Device/${id}` })).status).toBe(405);
    await api.send(doctor, `Condition/${id}`, { method: 'DELETE' });
    const gone = await patch([RENAME]);
    expect([gone.status, codeIn(gone)]).toEqual([410, 'deleted']);
  });

  it('changes the directory for its administrators', async () => {
    const made = await api.send(administrator, 'Organization', {
      method: 'POST',
      headers: { 'content-type': 'application/fhir+json' },
      body: JSON.stringify({ resourceType: 'Organization', name: 'North' }),
    });
    const path = `Organization/${String(made.resource.id)}`;
    const operations = [{ op: 'replace', path: '/name', value: 'North Clinic' }];
    expect((await patch(operations, { caller: doctor, path })).status).toBe(403);
    const answer = await patch(operations, { caller: administrator, path });
    expect(answer.resource).toMatchObject({ name: 'North Clinic', meta: { versionId: '2' } });
  });
});

describe('a patch in a Bundle', () => {
  function entry(operations: object[], more: object = {}): object {
    const data = Buffer.from(JSON.stringify(operations)).toString('base64');
    return {
      resource: { resourceType: 'Binary', contentType: JSON_PATCH, data },
      request: { method: 'PATCH', url: `Condition/${id}`, ...more },
    };
  }

  async function send(type: 'batch' | 'transaction', entries: readonly object[]) {
    return api.send(doctor, '', {
      method: 'POST',
      headers: { 'content-type': 'application/fhir+json' },
      body: JSON.stringify({ resourceType: 'Bundle', type, entry: entries }),
    });
  }

  const created = { resource: CONDITION, request: { method: 'POST', url: 'Condition' } };

  it.each(['batch', 'transaction'] as const)('of type %s changes the resource', async (type) => {
    const answer = await send(type, [entry([RENAME], { ifMatch: 'W/"1"' }), created]);
    const statuses = bundleOf(answer).entry?.map(({ response }) => response?.status);
    expect(statuses).toEqual(['200 OK', '201 Created']);
    const now = await api.send(doctor, `Condition/${id}`);
    expect(now.resource).toMatchObject({ code: { text: 'Diabetes mellitus' } });
  });

  it('that cannot be applied undoes the whole transaction, and says which entry it is', async () => {
    const before = api.clinical.size;
    const failing = entry([{ op: 'test', path: '/code/text', value: 'Asthma' }]);
    const answer = await send('transaction', [created, failing]);
    expect(answer.status).toBe(422);
    expect(JSON.stringify(outcomeIn(answer))).toContain('1');
    expect(api.clinical.size).toBe(before);
  });

  it('is refused when it is stale, no Binary, or changes what another entry changes', async () => {
    const stale = await send('transaction', [entry([RENAME], { ifMatch: 'W/"7"' })]);
    expect(stale.status).toBe(412);
    const plain = { resource: CONDITION, request: { method: 'PATCH', url: `Condition/${id}` } };
    expect((await send('transaction', [plain])).status).toBe(400);
    const deleted = { request: { method: 'DELETE', url: `Condition/${id}` } };
    expect((await send('transaction', [entry([RENAME]), deleted])).status).toBe(400);
  });
});
