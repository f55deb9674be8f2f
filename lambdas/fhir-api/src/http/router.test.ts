import { describe, expect, it } from '@jest/globals';
import { ERRORS, PulseError } from '@pulseledger/domain';
import type { CapabilityStatement } from 'fhir/r4.js';
import { interactionsOf } from '../capabilities/statement.ts';
import { SERVED_TYPES } from '../definitions/served-types.ts';
import { parametersOf } from '../search/parameters.ts';
import type { Caller } from '../smart/token.ts';
import { BASE_URL, bundleOf, codeIn, httpApiEvent, outcomeIn, testApi } from '../testing/api.ts';
import {
  AMINA,
  administrator,
  agent,
  amina,
  BORIS,
  BORIS_WATCH,
  boris,
  doctor,
  doctorElsewhere,
  heartRate,
  NOBODY,
  nurse,
  storyRecord,
  TEN,
  WATCH,
} from '../testing/story.ts';
import { issueType } from './outcome.ts';
import { createRouter, type FhirApi } from './router.ts';
import { ROUTES } from './routes.ts';

const EVERYBODY = [amina, boris, doctor, nurse, doctorElsewhere, agent, administrator];
const api = testApi(storyRecord(), EVERYBODY);

const AMINA_READING = `${WATCH}-1-64-${TEN.toString(36)}`;
const BORIS_READING = `${BORIS_WATCH}-1-0-${TEN.toString(36)}`;

describe('reading', () => {
  it('gives a patient', async () => {
    const answer = await api.send(doctor, `Patient/${AMINA}`);
    expect(answer.status).toBe(200);
    expect(answer.resource).toEqual({
      resourceType: 'Patient',
      id: AMINA,
      name: [{ use: 'official', family: 'Haddad', given: ['Amina', 'Zoë'] }],
      gender: 'female',
      birthDate: '1961-07-23',
    });
  });

  it('gives a patient without given names, without an empty list', async () => {
    const answer = await api.send(boris, `Patient/${BORIS}`);
    expect(answer.resource).toHaveProperty('name', [{ use: 'official', family: "O'Neill" }]);
  });

  it('gives a device with its wearer and its state', async () => {
    const worn = await api.send(amina, `Device/${WATCH}`);
    expect(worn.resource).toMatchObject({
      id: WATCH,
      status: 'active',
      serialNumber: 'S-1',
      patient: { reference: `Patient/${AMINA}` },
    });
    const lost = await api.send(nurse, `Device/${BORIS_WATCH}`);
    expect(lost.resource).toMatchObject({
      status: 'inactive',
      statusReason: [{ coding: [{ code: 'off' }], text: 'lost' }],
    });
  });

  it('gives a reading by its id', async () => {
    const answer = await api.send(nurse, `Observation/${BORIS_READING}`);
    expect(answer.resource).toMatchObject({ id: BORIS_READING, valueQuantity: { value: 88 } });
  });
});

describe('what belongs to somebody else', () => {
  /** Every address and parameter that can name a patient, for Amina, for Boris, and for nobody. */
  const addresses: [string, string, string, string][] = [
    ['a patient', `Patient/${AMINA}`, `Patient/${BORIS}`, `Patient/${NOBODY}`],
    ['a device', `Device/${WATCH}`, `Device/${BORIS_WATCH}`, `Device/${NOBODY}`],
    [
      'a reading',
      `Observation/${AMINA_READING}`,
      `Observation/${BORIS_READING}`,
      `Observation/${NOBODY}-1-0-0`,
    ],
    ...[
      'Observation?patient=',
      'Observation?patient=Patient/',
      'Observation?subject=Patient/',
      'Observation?subject:Patient=',
      `Observation?patient=${BASE_URL}/Patient/`,
      'Observation?code=8867-4&patient=',
      'Observation?code=0000-0&patient=',
      'Observation?date=2030&patient=',
      'Observation?_summary=count&patient=',
      'Observation?code=0000-0&_count=0&patient=',
      'Observation/$lastn?code=8867-4&patient=',
      'Observation/$lastn?code=0000-0&patient=',
      'Observation/$lastn?category=vital-signs&date=2030&patient=',
    ].map((start): [string, string, string, string] => [
      start,
      `${start}${AMINA}`,
      `${start}${BORIS}`,
      `${start}${NOBODY}`,
    ]),
  ];
  const may: Record<'amina' | 'boris' | 'nobody', readonly Caller[]> = {
    amina: [amina, doctor],
    boris: [boris, nurse],
    nobody: [],
  };

  it.each(addresses)('by %s is not found, as if it did not exist', async (_, ...paths) => {
    const [ofAmina, ofBoris, ofNobody] = paths;
    const hidden = (await api.send(doctor, ofNobody)).text;
    for (const caller of EVERYBODY) {
      for (const [path, allowed] of [
        [ofAmina, may.amina],
        [ofBoris, may.boris],
        [ofNobody, may.nobody],
      ] as const) {
        const answer = await api.send(caller, path);
        if (allowed.includes(caller)) {
          expect([caller.subject, path, answer.status]).toEqual([caller.subject, path, 200]);
        } else {
          expect([caller.subject, path, answer.status]).toEqual([caller.subject, path, 404]);
          expect(answer.text).toBe(hidden);
        }
      }
    }
  });

  it('is not found by a form either', async () => {
    const form = {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: `patient=${BORIS}`,
    };
    expect((await api.send(doctor, 'Observation/_search', form)).status).toBe(404);
    expect((await api.send(boris, 'Observation/_search', form)).status).toBe(200);
  });

  it('is not reached by joining, including or reversing', async () => {
    for (const query of [
      '_revinclude=Provenance:target',
      '_include=Observation:subject',
      `_has:Group:member:_id=${BORIS}`,
      `_id=${BORIS_READING}`,
    ]) {
      const answer = await api.send(doctor, `Observation?patient=${AMINA}&${query}`);
      const { entry = [] } = bundleOf(answer);
      expect(JSON.stringify(entry)).not.toContain(BORIS);
      expect(JSON.stringify(entry)).not.toContain(BORIS_WATCH);
    }
    expect(codeIn(await api.send(doctor, `Observation?patient.identifier=${BORIS}`))).toBe(
      'invalid_input',
    );
    const chained = `Observation?patient=${AMINA}&patient=${BORIS}`;
    expect(codeIn(await api.send(doctor, chained))).toBe('invalid_input');
    const listed = `Observation?patient=${AMINA},${BORIS}`;
    expect(codeIn(await api.send(doctor, listed))).toBe('invalid_input');
  });

  it.each([
    `Patient/${AMINA}/_history`,
    `Patient/${AMINA}/$export`,
    `Observation/${AMINA_READING}/_history/1`,
    'Patient/$export',
    '$export',
    'Practitioner/1',
    'Group/1',
    'Group',
    'Observation/',
    'Patient//x',
    'metadata/x',
    'a/b/c/d/e/f/g/h/i/j',
  ])('is not served at %s', async (path) => {
    const answer = await api.send(doctor, path);
    if (path === 'Observation/') expect(codeIn(answer)).toBe('invalid_input');
    else expect(codeIn(answer)).toBe('not_found');
  });
});

describe('without login', () => {
  it.each(
    ROUTES.filter(({ access }) => access !== 'public').map(({ method, path }) => [method, path]),
  )('%s %s is refused', async (method, path) => {
    const where = path.replace(':id', AMINA).replace(':type', 'Condition').replace(':vid', '1');
    const answer = await api.send(undefined, where, { method });
    expect(answer.status).toBe(401);
    expect(codeIn(answer)).toBe('unauthenticated');
    expect(answer.headers['www-authenticate']).toContain('Bearer');
  });

  it('a token in the address is not a login', async () => {
    const path = `Patient/${AMINA}?access_token=${amina.subject}`;
    expect((await api.send(undefined, path)).status).toBe(401);
  });

  it('the capability statement can be read', async () => {
    const answer = await api.send(undefined, 'metadata');
    expect(answer.status).toBe(200);
    expect(answer.resource.resourceType).toBe('CapabilityStatement');
  });
});

describe('the capability statement', () => {
  async function statement(): Promise<CapabilityStatement> {
    const { resource } = await api.send(undefined, 'metadata');
    if (resource.resourceType !== 'CapabilityStatement') throw new Error('no statement');
    return resource;
  }

  it('names every type with its interactions and search parameters, and no other', async () => {
    const resources = (await statement()).rest?.[0]?.resource ?? [];
    expect(resources.map(({ type }) => type)).toEqual([...SERVED_TYPES].sort());
    for (const type of SERVED_TYPES) {
      const named = resources.find((resource) => resource.type === type);
      expect(named?.interaction?.map(({ code }) => code)).toEqual(interactionsOf(type));
      const parameters = named?.searchParam?.map(({ name }) => name);
      expect(parameters).toEqual([...parametersOf(type).keys()]);
    }
  });

  it('tells no version of anything but FHIR', async () => {
    expect(JSON.stringify((await statement()).software)).toBe('{"name":"Pulseledger"}');
  });
});

describe('the form of an answer', () => {
  const path = `Patient/${AMINA}`;

  it.each([
    ['application/fhir+json', 'application/fhir+json'],
    ['application/fhir+json; fhirVersion=4.0', 'application/fhir+json'],
    ['Application/FHIR+JSON;charset=UTF-8', 'application/fhir+json'],
    ['application/json', 'application/json'],
    ['text/html,application/xhtml+xml,*/*;q=0.8', 'application/fhir+json'],
    ['application/xml;q=0.9, application/json;q=0.1', 'application/json'],
    ['application/fhir+xml, application/fhir+json;q=0.5', 'application/fhir+json'],
    ['*/*', 'application/fhir+json'],
  ])('for Accept: %s is %s', async (accept, type) => {
    const answer = await api.send(amina, path, { headers: { accept } });
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe(`${type}; charset=utf-8`);
  });

  it.each([
    'application/fhir+xml',
    'text/html',
    'application/fhir+json; fhirVersion=3.0',
    'image/*',
  ])('cannot be %s', async (accept) => {
    const answer = await api.send(amina, path, { headers: { accept } });
    expect(answer.status).toBe(406);
    expect(codeIn(answer)).toBe('not_acceptable');
    expect(answer.headers['content-type']).toBe('application/fhir+json; charset=utf-8');
  });

  it('is what _format says before what Accept says', async () => {
    const xml = { headers: { accept: 'application/fhir+xml' } };
    for (const format of ['json', 'application/fhir+json', 'application/fhir%2Bjson']) {
      expect((await api.send(amina, `${path}?_format=${format}`, xml)).status).toBe(200);
    }
    for (const format of ['xml', 'ttl', 'application/fhir+xml', '']) {
      expect((await api.send(amina, `${path}?_format=${format}`)).status).toBe(406);
    }
  });

  it('is never kept by anybody on the way', async () => {
    for (const where of [path, `Patient/${NOBODY}`, 'metadata', 'nowhere']) {
      const { headers } = await api.send(amina, where);
      expect(headers['cache-control']).toBe('no-store');
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['strict-transport-security']).toContain('max-age=');
      expect(headers['access-control-allow-origin']).toBeUndefined();
    }
  });

  it('carries the number of the request, and the one of the client if it is harmless', async () => {
    const plain = await api.send(amina, path);
    expect(plain.headers['x-request-id']).toBe('JKJaXmPLvHcESHA=');
    expect(plain.headers['x-correlation-id']).toBe('JKJaXmPLvHcESHA=');
    const own = await api.send(amina, path, { headers: { 'X-Correlation-Id': 'abc-1' } });
    expect(own.headers['x-correlation-id']).toBe('abc-1');
    const bad = await api.send(amina, path, { headers: { 'x-correlation-id': 'a\r\nb: c' } });
    expect(bad.headers['x-correlation-id']).toBe('JKJaXmPLvHcESHA=');
  });

  it('to HEAD is that to GET without a body', async () => {
    const get = await api.send(amina, path);
    const head = await api.send(amina, path, { method: 'HEAD' });
    expect([head.status, head.headers, head.text]).toEqual([200, get.headers, '']);
    expect((await api.send(amina, `Patient/${BORIS}`, { method: 'HEAD' })).status).toBe(404);
  });

  it.each([
    ['PATCH', 'Observation', 'GET, HEAD, POST'],
    ['POST', `Patient/${AMINA}/$summary`, 'GET, HEAD'],
    ['POST', `Observation/${AMINA_READING}`, 'GET, HEAD, PUT, PATCH, DELETE'],
    ['OPTIONS', `Patient/${AMINA}`, 'GET, HEAD, PUT, PATCH, DELETE'],
    ['DELETE', `Patient/${AMINA}`, 'GET, HEAD, PUT, PATCH'],
    ['POST', 'Device', 'GET, HEAD'],
    ['TRACE', 'metadata', 'GET, HEAD'],
    ['GET', 'Observation/_search', 'POST'],
    ['POST', 'Observation/$lastn', 'GET, HEAD'],
  ])('to %s %s names the methods there are', async (method, where, allow) => {
    const answer = await api.send(amina, where, { method });
    expect(answer.status).toBe(405);
    expect(codeIn(answer)).toBe('method_not_allowed');
    expect(answer.headers['allow']).toBe(allow);
  });

  it('to a form of another type or size is a refusal', async () => {
    const post = { method: 'POST', body: `{"patient":"${AMINA}"}` };
    const json = { ...post, headers: { 'content-type': 'application/json' } };
    for (const sending of [post, json]) {
      const answer = await api.send(amina, 'Observation/_search', sending);
      expect(answer.status).toBe(415);
      expect(codeIn(answer)).toBe('unsupported_media_type');
    }
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const body = `patient=${AMINA}&x=${'y'.repeat(20_000)}`;
    const large = { method: 'POST', headers: form, body };
    const answer = await api.send(amina, 'Observation/_search', large);
    expect([answer.status, codeIn(answer)]).toEqual([413, 'oversize']);
  });

  it.each([null, 'event', {}, { version: '1.0' }, { requestContext: { requestId: 'r-1' } }])(
    'to the event %p is a refusal too',
    async (event) => {
      const handle = createRouter(brokenApi(new PulseError('internal')));
      const result = await handle(event);
      expect(result.statusCode).toBe(400);
      expect(result.body).toContain('OperationOutcome');
    },
  );
});

/** An API whose record fails with this error. */
function brokenApi(error: Error, log: FhirApi['log'] = () => undefined): FhirApi {
  return {
    baseUrl: BASE_URL,
    now: () => TEN,
    log,
    verifyToken: () => Promise.resolve({ caller: doctor, scope: undefined }),
    directory: {
      list: () => Promise.reject(error),
      read: () => Promise.reject(error),
      readAll: () => Promise.reject(error),
      history: () => Promise.reject(error),
    },
    people: { search: () => Promise.reject(error), read: () => Promise.reject(error) },
    cursorKey: () => Promise.resolve(new Uint8Array(32)),
    login: {
      issuer: 'https://login.pulse.test',
      authorizationUrl: 'https://login.pulse.test/authorize',
      tokenUrl: 'https://login.pulse.test/token',
    },
    liveKey: () => Promise.reject(error),
    openSession: () => Promise.reject(error),
    publish: () => Promise.reject(error),
    metrics: { record: () => undefined },
  };
}

describe('a failure', () => {
  const path = `Patient/${AMINA}`;

  it.each(Object.keys(ERRORS).filter((code) => !['access_denied', 'not_found'].includes(code)))(
    '%s is an OperationOutcome with its status',
    async (code) => {
      const known = code as keyof typeof ERRORS;
      const handle = createRouter(brokenApi(new PulseError(known, 'because of this')));
      const result = await handle(httpApiEvent(doctor, path, {}));
      expect(result.statusCode).toBe(ERRORS[known].httpStatus);
      const outcome: unknown = JSON.parse(result.body ?? '');
      expect(outcome).toMatchObject({
        resourceType: 'OperationOutcome',
        issue: [{ severity: 'error', code: issueType(ERRORS[known].fhirIssue) }],
      });
      expect(result.body).toContain('Because of this.');
      expect(result.body).toContain(ERRORS[known].remedy);
    },
  );

  it.each(['throttled', 'unavailable'] as const)('%s says when to come again', async (code) => {
    const result = await createRouter(brokenApi(new PulseError(code)))(
      httpApiEvent(doctor, path, {}),
    );
    expect(result.headers?.['retry-after']).toBe('2');
  });

  it('that nobody foresaw shows nothing of itself, in the answer or the log', async () => {
    const lines: string[] = [];
    const secret = 'Haddad 1961-07-23 eyJhbGciOi -----BEGIN PRIVATE KEY-----';
    const error = new TypeError(secret, { cause: new Error(secret) });
    const handle = createRouter(brokenApi(error, (entry) => lines.push(JSON.stringify(entry))));
    const result = await handle(httpApiEvent(doctor, path, {}));
    expect(result.statusCode).toBe(500);
    const outcome: unknown = JSON.parse(result.body ?? '');
    expect(outcome).toMatchObject({ issue: [{ code: 'exception' }] });
    expect(result.body).not.toMatch(/Haddad|BEGIN|router|node:|at /);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('TypeError');
    expect(lines[0]).toContain('router.test.ts');
    expect(lines[0]).not.toMatch(/Haddad|1961|eyJ|BEGIN/);
  });
});

describe('the log', () => {
  it('has one line a request and nothing personal', async () => {
    const record = storyRecord();
    const watched = testApi(record, EVERYBODY);
    const paths = [
      `Patient/${AMINA}`,
      `Observation?patient=${AMINA}&code=8867-4&date=2026-03-05`,
      `Observation/${AMINA_READING}`,
      `Patient/${BORIS}`,
      `Observation?patient=${AMINA}&${AMINA}=${AMINA}`,
      `nowhere/${AMINA}`,
    ];
    for (const path of paths) await watched.send(doctor, path);
    expect(watched.log).toHaveLength(paths.length);
    const text = JSON.stringify(watched.log);
    for (const personal of [
      AMINA,
      BORIS,
      WATCH,
      doctor.subjectId,
      'Haddad',
      '1961',
      '8867',
      'Bearer',
    ]) {
      expect(text).not.toContain(personal);
    }
    expect(watched.log[0]).toEqual({
      requestId: 'JKJaXmPLvHcESHA=',
      method: 'GET',
      route: ':type/:id',
      status: 200,
      durationMs: 0,
      organization: 'hospital',
      role: 'doctor',
    });
  });
});

describe('an error text', () => {
  it('repeats no value that a client sent', async () => {
    const canary = 'Haddad';
    for (const query of [
      `patient=${canary}`,
      `patient=${AMINA}&date=${canary}`,
      `patient=${AMINA}&_sort=${canary}`,
      `patient=${AMINA}&_count=${canary}`,
      `patient=${AMINA}&_cursor=${canary}`,
      `patient=${AMINA}&code:${canary}=1`,
      `patient=${AMINA}&${canary}.1961-07-23=1`,
    ]) {
      const strict = { headers: { prefer: 'handling=strict' } };
      const answer = await api.send(doctor, `Observation?${query}`, strict);
      expect(outcomeIn(answer).issue).toHaveLength(1);
      if (!query.includes('1961')) expect(answer.text).not.toContain(canary);
      expect(answer.text).not.toContain('1961');
    }
  });
});

describe('a record that grows', () => {
  it('shows a new reading at once', async () => {
    const record = storyRecord();
    const growing = testApi(record, EVERYBODY);
    const path = `Observation/$lastn?patient=${AMINA}&code=8867-4`;
    record.send({ deviceId: WATCH, firstSequence: 900, readings: [heartRate(TEN + 60_000, 77)] });
    const bundle = bundleOf(await growing.send(doctor, path));
    expect(bundle.entry?.[0]?.resource).toMatchObject({ valueQuantity: { value: 77 } });
  });
});
