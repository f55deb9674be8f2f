/** What a client may try at the API (P1, P7 to P16), on the whole of its routes. */
import { describe, expect, it } from '@jest/globals';
import {
  isRecordType,
  SERVED_TYPES,
} from '../../../lambdas/fhir-api/src/definitions/served-types.ts';
import { ROUTES } from '../../../lambdas/fhir-api/src/http/routes.ts';
import { parametersOf } from '../../../lambdas/fhir-api/src/search/parameters.ts';
import {
  codeIn,
  linkOf,
  outcomeIn,
  type Received,
  type TestApi,
  testApi,
} from '../../../lambdas/fhir-api/src/testing/api.ts';
import {
  AMINA,
  administrator,
  agent,
  amina,
  BORIS,
  BORIS_WATCH,
  boris,
  doctor,
  NOBODY,
  nurse,
  storyRecord,
  TEN,
} from '../../../lambdas/fhir-api/src/testing/story.ts';

const EVERYBODY = [amina, boris, doctor, nurse, agent, administrator];
const FHIR = { 'content-type': 'application/fhir+json' };

/** A reading of his watch. */
const READING = `${BORIS_WATCH}-1-0-${TEN.toString(36)}`;
/** What stands in his record alone. */
const OF_BORIS = /SECRET|O'Neill|S-2/;

function about(patientId: string, changes: object = {}): Record<string, unknown> {
  return { resourceType: 'Condition', subject: { reference: `Patient/${patientId}` }, ...changes };
}

function post(api: TestApi, resource: object, headers = {}): Promise<Received> {
  return api.send(doctor, String(Reflect.get(resource, 'resourceType')), {
    method: 'POST',
    headers: { ...FHIR, ...headers },
    body: JSON.stringify(resource),
  });
}

async function secretOfBoris(api: TestApi): Promise<string> {
  const resource = {
    resourceType: 'Procedure',
    status: 'completed',
    code: { text: 'SECRET' },
    subject: { reference: `Patient/${BORIS}` },
  };
  const made = await api.send(nurse, 'Procedure', {
    method: 'POST',
    headers: FHIR,
    body: JSON.stringify(resource),
  });
  expect(made.status).toBe(201);
  return String(made.resource.id);
}

describe('at the API', () => {
  it("P1 somebody else's record is not reached by any route", async () => {
    const api = testApi(storyRecord(), EVERYBODY);
    const ids = [BORIS, BORIS_WATCH, await secretOfBoris(api), READING];
    const gets = ROUTES.filter(({ method, access }) => method === 'GET' && access !== 'public');
    for (const { path } of gets) {
      const types = path.includes(':type') ? SERVED_TYPES : ['Patient'];
      // What is open to everybody, or lists the caller's own, answers well and without theirs.
      const isOpen = !path.includes(':id');
      for (const [type, id] of types.flatMap((name) => ids.map((one) => [name, one] as const))) {
        const where = path.replace(':type', type).replace(':id', id).replace(':vid', '1');
        const { status, text } = await api.send(amina, where);
        expect([where, isOpen || [400, 403, 404].includes(status)]).toEqual([where, true]);
        expect(text).not.toMatch(OF_BORIS);
      }
    }
  });

  it("P1 somebody else's record is not reached by any search parameter", async () => {
    const api = testApi(storyRecord(), EVERYBODY);
    const secret = await secretOfBoris(api);
    const values = [BORIS, `Patient/${BORIS}`, `Procedure/${secret}`];
    const queries = SERVED_TYPES.flatMap((type) =>
      [...parametersOf(type).values()]
        .filter(({ kind, name }) => kind === 'reference' || name.startsWith('_'))
        .flatMap(({ name }) => values.map((value) => `${type}?${name}=${value}`)),
    );
    expect(queries.length).toBeGreaterThan(500);
    for (const query of queries.flatMap((one) => [one, `${one}&patient=${AMINA}`])) {
      expect((await api.send(amina, query)).text).not.toMatch(OF_BORIS);
    }
  });

  it("P1 somebody else's record looks like none at all, in a Bundle too, and the try is an entry", async () => {
    const api = testApi(storyRecord(), EVERYBODY);
    const secret = await secretOfBoris(api);
    for (const where of [
      ...['Patient/X', 'Procedure?patient=X', 'Procedure/X', 'Procedure/X/_history'],
      ...['Patient/X/$everything', 'Patient/X/$summary'],
      'Observation/$lastn?patient=X&code=8867-4',
    ]) {
      const hers = await api.send(amina, where.replace('X', BORIS));
      const nobodys = await api.send(amina, where.replace('X', NOBODY));
      expect([where, hers.status, hers.text]).toEqual([where, 404, nobodys.text]);
    }
    const urls = [`Patient/${BORIS}`, `Procedure/${secret}`, `Procedure?patient=${BORIS}`];
    const entry = urls.map((url) => ({ request: { method: 'GET', url } }));
    const body = JSON.stringify({ resourceType: 'Bundle', type: 'batch', entry });
    const inBatch = await api.send(amina, '', { method: 'POST', headers: FHIR, body });
    expect(inBatch.text).not.toMatch(OF_BORIS);
    const tries = api.clinical.log.filter(
      ({ subjectId, patientId }) => subjectId === AMINA && patientId === BORIS,
    );
    expect(tries.length).toBeGreaterThan(0);
    expect(tries.every(({ permitted }) => permitted.length === 0)).toBe(true);
  });

  it('P7 a change to another version, or to none, is refused', async () => {
    const api = testApi(storyRecord(), EVERYBODY);
    const id = String((await post(api, about(AMINA))).resource.id);
    const put = (given: string, headers: object): Promise<Received> =>
      api.send(doctor, `Condition/${id}`, {
        method: 'PUT',
        headers: { ...FHIR, ...headers },
        body: JSON.stringify(about(AMINA, { id: given })),
      });
    expect((await put(id, { 'if-match': 'W/"2"' })).status).toBe(412);
    expect((await put(id, {})).status).toBe(428);
    expect((await put(NOBODY, { 'if-match': 'W/"1"' })).status).toBe(400);
  });

  it('P8 what is too large is refused before it is worked on', async () => {
    const api = testApi(storyRecord(), EVERYBODY);
    const large = JSON.stringify(about(AMINA, { note: [{ text: 'x'.repeat(10_000_000) }] }));
    for (const where of ['', 'Condition', 'Condition/$validate', 'Condition/_search']) {
      const answer = await api.send(doctor, where, { method: 'POST', headers: FHIR, body: large });
      expect([where, answer.status]).toEqual([where, 413]);
    }
    const deep = `{"resourceType":"Condition","extension":${'[{"extension":'.repeat(20_000)}1${'}]'.repeat(20_000)}}`;
    const sending = { method: 'POST', headers: FHIR, body: deep };
    expect((await api.send(doctor, 'Condition', sending)).status).toBe(400);
    const list = Array.from({ length: 501 }, () => ({
      request: { method: 'GET', url: 'metadata' },
    }));
    const bundle = { resourceType: 'Bundle', type: 'batch', entry: list };
    expect(
      (await api.send(doctor, '', { method: 'POST', headers: FHIR, body: JSON.stringify(bundle) }))
        .status,
    ).toBe(413);
  });

  it('P9 pages have a limit, sorts a list, and next links are not made by clients', async () => {
    const api = testApi(storyRecord(), EVERYBODY);
    for (let n = 0; n < 3; n += 1) await post(api, about(AMINA));
    const wide = await api.send(amina, `Condition?patient=${AMINA}&_count=1000000`);
    expect(linkOf(wide, 'self')).toContain('_count=1000000');
    for (const query of [
      '_sort=constructor',
      '_sort=a,b,c,d',
      '_sort=-',
      '_count=-1',
      '_count=1e9',
      '_cursor=eyJhbGciOiJub25lIn0..',
      '_cursor=',
      `_cursor=${'A'.repeat(9_000)}`,
    ]) {
      const answer = await api.send(amina, `Condition?patient=${AMINA}&${query}`);
      expect([query, [400, 413].includes(answer.status)]).toEqual([query, true]);
    }
    const next = linkOf(await api.send(amina, `Condition?patient=${AMINA}&_count=1`), 'next') ?? '';
    expect((await api.send(boris, next)).status).toBe(400);
    expect((await api.send(amina, `${next}&patient=${BORIS}`)).status).toBe(400);
  });

  it('P10 other formats and alphabets are refused with an OperationOutcome', async () => {
    const api = testApi(storyRecord(), EVERYBODY);
    const rows: [object, string, number][] = [
      [{ accept: 'text/xml' }, '', 406],
      [{}, '?_format=xml', 406],
      [{}, '?_format=application/fhir%2Bturtle', 406],
    ];
    for (const [headers, query, status] of rows) {
      const answer = await api.send(amina, `Patient/${AMINA}${query}`, { headers: { ...headers } });
      expect([answer.status, outcomeIn(answer).issue.length]).toEqual([status, 1]);
    }
    for (const type of [
      'text/xml',
      'application/fhir+xml',
      'application/fhir+json; charset=utf-16',
      '',
      'multipart/form-data',
    ]) {
      const sending = {
        method: 'POST',
        headers: { 'content-type': type },
        body: JSON.stringify(about(AMINA)),
      };
      const answer = await api.send(doctor, 'Condition', sending);
      expect([type, answer.status, codeIn(answer)]).toEqual([type, 415, 'unsupported_media_type']);
    }
  });

  it('P11 another origin is given nothing, and a cookie is no login', async () => {
    const api = testApi(storyRecord(), EVERYBODY);
    const evil = { origin: 'https://evil.test' };
    const preflight = await api.send(undefined, `Patient/${AMINA}`, {
      method: 'OPTIONS',
      headers: { ...evil, 'access-control-request-method': 'PUT' },
    });
    const get = await api.send(amina, `Patient/${AMINA}`, { headers: evil });
    for (const { headers } of [preflight, get]) {
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
    const cookie = { headers: { cookie: `access_token=${amina.subject}` } };
    expect((await api.send(undefined, `Patient/${AMINA}`, cookie)).status).toBe(401);
  });

  it('P12 markup in a record stays text, and no answer runs anything', async () => {
    const api = testApi(storyRecord(), EVERYBODY);
    const evil = '<script>alert(1)</script>';
    await post(api, about(AMINA, { code: { text: evil } }));
    const summary = await api.send(amina, `Patient/${AMINA}/$summary`);
    expect(summary.text).toContain('&lt;script&gt;');
    for (const where of ['docs', 'metadata', `Patient/${AMINA}`]) {
      const { headers } = await api.send(amina, where);
      expect(headers['content-security-policy']).toMatch(/^default-src 'none'/);
      expect(headers['content-security-policy']).not.toContain('unsafe-inline');
      expect(headers['x-content-type-options']).toBe('nosniff');
    }
  });

  it('P13 addresses of other servers in what is sent are refused and never called', async () => {
    const api = testApi(storyRecord(), EVERYBODY);
    for (const address of [
      'http://169.254.169.254/latest',
      'https://evil.test/Patient/1',
      'file:///etc/passwd',
      'gopher://x/y',
    ]) {
      const reference = about(AMINA, { encounter: { reference: address } });
      const attachment = {
        resourceType: 'DocumentReference',
        status: 'current',
        subject: { reference: `Patient/${AMINA}` },
        content: [{ attachment: { contentType: 'text/plain', url: address } }],
      };
      expect((await post(api, reference)).status).toBe(422);
      expect((await post(api, attachment)).status).toBe(422);
    }
    const elsewhere = {
      resourceType: 'Bundle',
      type: 'batch',
      entry: [{ request: { method: 'GET', url: 'http://127.0.0.1:1/x' } }],
    };
    const batch = await api.send(doctor, '', {
      method: 'POST',
      headers: FHIR,
      body: JSON.stringify(elsewhere),
    });
    expect(batch.text).toContain('"status":"400"');
    expect(SERVED_TYPES.map(String)).not.toContain('Subscription');
  });

  it('P14 what only we may say is not taken from a client', async () => {
    const api = testApi(storyRecord(), EVERYBODY);
    for (const changes of [
      { verified: true },
      { signature: 'x' },
      { author: 'x' },
      { __proto__: null, owner: 'x' },
    ]) {
      expect((await post(api, about(AMINA, changes))).status).toBe(422);
    }
    const meta = {
      versionId: '99',
      lastUpdated: '1999-01-01T00:00:00Z',
      security: [
        { system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'HRELIABLE' },
      ],
    };
    const made = await post(api, about(AMINA, { id: BORIS, meta }));
    expect(made.resource.id).not.toBe(BORIS);
    expect(made.resource.meta).toMatchObject({ versionId: '1' });
    expect(made.resource.meta).not.toHaveProperty('security');
    expect(made.resource.meta?.lastUpdated).not.toContain('1999');
    for (const type of SERVED_TYPES.filter((name) => !isRecordType(name))) {
      const sending = {
        method: 'POST',
        headers: FHIR,
        body: JSON.stringify({ resourceType: type }),
      };
      expect((await api.send(doctor, type, sending)).status).toBe(405);
    }
  });

  it('P15 a failure shows nothing of the inside and can be found again by its number', async () => {
    const api = testApi(storyRecord(), EVERYBODY);
    for (const where of [
      'nowhere',
      'Condition/%00',
      'Condition?patient[$ne]=1',
      `Observation/${'9'.repeat(200)}`,
      'Condition?_id=' + 'a,'.repeat(49) + 'a',
    ]) {
      const answer = await api.send(amina, where);
      expect(answer.text).not.toMatch(/ at \S+:\d|node_modules|\.ts\b|127\.0|grpc|pulse\.test:\d/);
      expect(answer.headers['x-correlation-id']).toBeDefined();
      expect(answer.status).toBeLessThan(500);
    }
  });

  it('P16 nothing personal reaches the log, whatever is asked', async () => {
    const api = testApi(storyRecord(), EVERYBODY);
    const canaries = ['CANARY-NAME', 'MRN-4711', '1961-07-23'];
    const patient = {
      resourceType: 'Patient',
      name: [{ family: canaries[0] }],
      birthDate: canaries[2],
      identifier: [{ value: canaries[1] }],
    };
    await post(api, patient, { 'if-none-exist': `identifier=${canaries[1]}` });
    for (const where of canaries.flatMap((canary) => [
      `Patient?name=${canary}&birthdate=${canary}`,
      `Patient/${canary}`,
      `Patient?identifier=${canary}&_sort=${canary}`,
      canary,
      `Condition?patient=${canary}&${canary}=1`,
    ])) {
      await api.send(doctor, where, {
        headers: { 'x-correlation-id': 'safe-1', 'x-purpose-of-use': 'TREAT' },
      });
    }
    const log = JSON.stringify(api.log);
    for (const canary of [...canaries, doctor.subject, 'Bearer', AMINA])
      expect(log).not.toContain(canary);
    expect(api.log.length).toBeGreaterThan(10);
  });
});
