import { describe, expect, it } from '@jest/globals';
import { bundleOf, codeIn, linkOf, outcomeIn, type Received, testApi } from '../testing/api.ts';
import {
  AMINA,
  administrator,
  amina,
  BORIS,
  boris,
  doctor,
  NOON,
  nurse,
  storyRecord,
} from '../testing/story.ts';

const EVERYBODY = [amina, boris, doctor, nurse];
const JSON_BODY = { 'content-type': 'application/fhir+json' };

function open(): ReturnType<typeof testApi> {
  return testApi(storyRecord(), EVERYBODY);
}

function condition(changes: object = {}): Record<string, unknown> {
  return {
    resourceType: 'Condition',
    subject: { reference: `Patient/${AMINA}` },
    clinicalStatus: {
      coding: [
        { system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' },
      ],
    },
    code: { coding: [{ system: 'http://snomed.info/sct', code: '44054006' }], text: 'Diabetes' },
    ...changes,
  };
}

type Api = ReturnType<typeof testApi>;

function post(api: Api, resource: object, headers: Record<string, string> = {}): Promise<Received> {
  const { resourceType } = { resourceType: 'Condition', ...resource };
  return api.send(doctor, resourceType, {
    method: 'POST',
    headers: { ...JSON_BODY, ...headers },
    body: JSON.stringify(resource),
  });
}

function put(
  api: Api,
  id: string,
  resource: object,
  headers: Record<string, string> = {},
): Promise<Received> {
  return api.send(doctor, `Condition/${id}`, {
    method: 'PUT',
    headers: { ...JSON_BODY, ...headers },
    body: JSON.stringify({ ...resource, id }),
  });
}

async function made(api: Api, resource: object = condition()): Promise<string> {
  const answer = await post(api, resource);
  expect(answer.status).toBe(201);
  return String(answer.resource.id);
}

describe('create', () => {
  it('answers with the place, the version and the resource, and ignores a given id', async () => {
    const api = open();
    const answer = await post(api, condition({ id: 'mine' }));
    expect(answer.status).toBe(201);
    const { id } = answer.resource;
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(answer.headers).toMatchObject({
      location: `https://api.pulse.test/fhir/Condition/${id}/_history/1`,
      etag: 'W/"1"',
      'last-modified': new Date(NOON).toUTCString(),
    });
    expect(answer.resource).toEqual(
      expect.objectContaining({
        ...condition(),
        id,
        meta: { versionId: '1', lastUpdated: new Date(NOON).toISOString() },
      }),
    );
    const read = await api.send(amina, `Condition/${id}`);
    expect([read.status, read.headers['etag'], read.text]).toEqual([200, 'W/"1"', answer.text]);
  });

  it.each([
    ['minimal', ''],
    ['representation', 'Condition'],
    ['OperationOutcome', 'OperationOutcome'],
  ])('returns %s when asked for it', async (preference, type) => {
    const answer = await post(open(), condition(), { prefer: `return=${preference}` });
    expect(answer.status).toBe(201);
    if (type === '') expect(answer.text).toBe('');
    else expect(answer.resource.resourceType).toBe(type);
  });

  it('of a patient registers it, with who registers as the one who treats', async () => {
    const api = open();
    const patient = {
      resourceType: 'Patient',
      name: [{ family: 'Núñez', given: ['Inés'] }],
      birthDate: '1970-01-31',
      gender: 'female',
      identifier: [{ system: 'urn:mrn', value: 'H-77' }],
    };
    const { status, resource } = await post(api, patient);
    expect(status).toBe(201);
    const id = String(resource.id);
    const about = condition({ subject: { reference: `Patient/${id}` } });
    expect((await post(api, about)).status).toBe(201);
    for (const query of [
      'identifier=urn:mrn|H-77',
      'identifier=H-77',
      'family=nunez&birthdate=1970-01-31',
    ]) {
      const found = bundleOf(await api.send(doctor, `Patient?${query}`));
      expect(found.entry?.map((entry) => entry.resource?.id)).toEqual([id]);
      expect(bundleOf(await api.send(nurse, `Patient?${query}`)).entry).toBeUndefined();
    }
    expect(codeIn(await api.send(doctor, 'Patient?gender=female'))).toBe('invalid_input');
  });

  it.each([
    ['an unknown element', { verified: true }, 'Condition'],
    ['a wrong code', { clinicalStatus: 'active' }, 'Condition.clinicalStatus'],
    ['a date that is none', { onsetDateTime: '2026-02-30' }, 'Condition.onsetDateTime'],
    ['two of a choice', { onsetString: 'x', onsetDateTime: '2026' }, 'Condition.onsetDateTime'],
    ['an empty list', { category: [] }, 'Condition.category'],
    ['no subject', { subject: undefined }, 'Condition.subject'],
  ])('refuses %s and says where', async (_, changes, place) => {
    const answer = await post(open(), condition(changes));
    expect(answer.status).toBe(422);
    expect(outcomeIn(answer).issue.map(({ expression }) => expression?.[0])).toContain(place);
  });

  it('refuses what it cannot read, and other types and alphabets', async () => {
    const api = open();
    const send = (headers: Record<string, string>, body: string): Promise<Received> =>
      api.send(doctor, 'Condition', { method: 'POST', headers, body });
    expect((await send(JSON_BODY, '{')).status).toBe(400);
    expect((await send(JSON_BODY, '{"resourceType":"Patient"}')).status).toBe(400);
    expect((await send({ 'content-type': 'text/xml' }, '<x/>')).status).toBe(415);
    const latin = { 'content-type': 'application/fhir+json; charset=latin1' };
    expect((await send(latin, '{}')).status).toBe(415);
    const large = JSON.stringify(condition({ note: [{ text: 'x'.repeat(1_100_000) }] }));
    expect((await send(JSON_BODY, large)).status).toBe(413);
  });

  it('is not for who may not, nor for the record of somebody else', async () => {
    const api = open();
    const sending = { method: 'POST', headers: JSON_BODY, body: JSON.stringify(condition()) };
    expect((await api.send(amina, 'Condition', sending)).status).toBe(403);
    expect((await api.send(nurse, 'Condition', sending)).status).toBe(403);
    const prescription = {
      resourceType: 'MedicationRequest',
      status: 'active',
      intent: 'order',
      medicationCodeableConcept: { text: 'x' },
      subject: { reference: `Patient/${BORIS}` },
    };
    const body = JSON.stringify(prescription);
    const byNurse = await api.send(nurse, 'MedicationRequest', { ...sending, body });
    expect(byNurse.status).toBe(403);
  });
});

describe('conditional create', () => {
  const IDENTIFIED = condition({ identifier: [{ system: 'urn:x', value: 'c-1' }] });
  const ONCE = { 'if-none-exist': 'identifier=urn:x|c-1' };

  it('makes one the first time and shows it from then on', async () => {
    const api = open();
    const first = await post(api, IDENTIFIED, ONCE);
    const second = await post(api, IDENTIFIED, { 'if-none-exist': '?identifier=urn:x|c-1' });
    expect([first.status, second.status]).toEqual([201, 200]);
    expect(second.resource.id).toBe(first.resource.id);
    expect(second.headers['etag']).toBe('W/"1"');
  });

  it('makes one of eight at a time', async () => {
    const api = open();
    const answers = await Promise.all(Array.from({ length: 8 }, () => post(api, IDENTIFIED, ONCE)));
    expect(answers.map(({ status }) => status).sort()).toEqual([
      200, 200, 200, 200, 200, 200, 200, 201,
    ]);
    expect(new Set(answers.map(({ resource }) => resource.id)).size).toBe(1);
    expect(api.clinical.size).toBe(1);
  });

  it('is refused when more than one fits, or when it says nothing', async () => {
    const api = open();
    await post(api, IDENTIFIED);
    await post(api, IDENTIFIED);
    expect((await post(api, IDENTIFIED, ONCE)).status).toBe(412);
    expect((await post(api, IDENTIFIED, { 'if-none-exist': '_format=json' })).status).toBe(412);
    expect((await post(api, IDENTIFIED, { 'if-none-exist': 'unknown=1' })).status).toBe(400);
  });
});

describe('the directory', () => {
  const practitioner = {
    resourceType: 'Practitioner',
    name: [{ family: 'Núñez', given: ['Ana'] }],
    identifier: [{ system: 'http://hl7.org/fhir/sid/us-npi', value: '1245319599' }],
  };

  function add(api: Api, headers: Record<string, string> = {}): Promise<Received> {
    return api.send(administrator, 'Practitioner', {
      method: 'POST',
      headers: { ...JSON_BODY, ...headers },
      body: JSON.stringify(practitioner),
    });
  }

  it('is read and searched by anybody, written by administrators, with its versions', async () => {
    const api = testApi(storyRecord(), [...EVERYBODY, administrator]);
    expect((await post(api, practitioner)).status).toBe(403);
    const made = await add(api);
    expect(made.status).toBe(201);
    const id = String(made.resource.id);
    for (const path of [
      'name=nunez',
      'family=N%C3%BA',
      'identifier=1245319599',
      'name:contains=ana',
    ]) {
      const found = bundleOf(await api.send(undefined, `Practitioner?${path}`));
      expect(found.entry?.map(({ resource }) => resource?.id)).toEqual([id]);
    }
    expect(bundleOf(await api.send(undefined, 'Practitioner?name=other')).total).toBe(0);
    const sending = {
      method: 'PUT',
      headers: { ...JSON_BODY, 'if-match': 'W/"1"' },
      body: JSON.stringify({ ...practitioner, id, active: true }),
    };
    const changed = await api.send(administrator, `Practitioner/${id}`, sending);
    expect([changed.status, changed.headers['etag']]).toEqual([200, 'W/"2"']);
    expect((await api.send(administrator, `Practitioner/${id}`, sending)).status).toBe(412);
    const history = bundleOf(await api.send(doctor, `Practitioner/${id}/_history`));
    expect(history.total).toBe(2);
    const first = await api.send(doctor, `Practitioner/${id}/_history/1`);
    expect(first.resource).not.toHaveProperty('active');
  });

  it('has one entry of eight conditional creates', async () => {
    const api = testApi(storyRecord(), [...EVERYBODY, administrator]);
    const once = { 'if-none-exist': 'identifier=http://hl7.org/fhir/sid/us-npi|1245319599' };
    const answers = await Promise.all(Array.from({ length: 8 }, () => add(api, once)));
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([...Array<number>(7).fill(200), 201]);
    expect(new Set(answers.map(({ resource }) => resource.id)).size).toBe(1);
  });
});

describe('update', () => {
  it('makes a new version of the one that is named', async () => {
    const api = open();
    const id = await made(api);
    const answer = await put(api, id, condition({ note: [{ text: 'worse' }] }), {
      'if-match': 'W/"1"',
    });
    expect([answer.status, answer.headers['etag']]).toEqual([200, 'W/"2"']);
    expect(answer.headers['location']).toContain(`Condition/${id}/_history/2`);
    expect((await api.send(amina, `Condition/${id}/_history/1`)).resource).not.toHaveProperty(
      'note',
    );
  });

  it.each([
    ['a stale version', { 'if-match': 'W/"7"' }, 412],
    ['a tag of somebody else', { 'if-match': '"abc"' }, 412],
    ['no version', {}, 428],
  ])('with %s is refused', async (_, headers: Record<string, string>, status) => {
    const api = open();
    const id = await made(api);
    expect((await put(api, id, condition(), headers)).status).toBe(status);
  });

  it('does not change id, kind or patient, and makes nothing that is not there', async () => {
    const api = open();
    const id = await made(api);
    const match = { 'if-match': 'W/"1"' };
    const other = JSON.stringify({ ...condition(), id: 'f'.repeat(32) });
    const mismatch = { method: 'PUT', headers: { ...JSON_BODY, ...match }, body: other };
    expect((await api.send(doctor, `Condition/${id}`, mismatch)).status).toBe(400);
    const moved = condition({ subject: { reference: `Patient/${BORIS}` } });
    expect((await put(api, id, moved, match)).status).toBe(422);
    expect((await put(api, 'f'.repeat(32), condition(), match)).status).toBe(404);
  });

  it('keeps labels that the client leaves out', async () => {
    const api = open();
    const label = { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'HIV' };
    const forged = { system: 'http://example.org', code: 'verified' };
    const id = await made(api, condition({ meta: { security: [label, forged], versionId: '9' } }));
    await put(api, id, condition(), { 'if-match': 'W/"1"' });
    const { resource } = await api.send(amina, `Condition/${id}`);
    expect(resource.meta).toMatchObject({ versionId: '2', security: [label] });
  });

  it('of one version at a time by many is done once', async () => {
    const api = open();
    const id = await made(api);
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        put(api, id, condition({ note: [{ text: `n${n}` }] }), { 'if-match': 'W/"1"' }),
      ),
    );
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, ...Array<number>(7).fill(412)]);
  });
});

describe('delete', () => {
  it('leaves a tombstone and the history', async () => {
    const api = open();
    const id = await made(api);
    const gone = await api.send(doctor, `Condition/${id}`, { method: 'DELETE' });
    expect([gone.status, gone.text]).toEqual([204, '']);
    expect((await api.send(amina, `Condition/${id}`)).status).toBe(410);
    expect((await api.send(boris, `Condition/${id}`)).status).toBe(404);
    expect((await api.send(doctor, `Condition/${id}`, { method: 'DELETE' })).status).toBe(204);
    const history = bundleOf(await api.send(amina, `Condition/${id}/_history`));
    expect(history.entry?.map(({ request }) => request?.method)).toEqual(['DELETE', 'POST']);
    expect((await api.send(amina, `Condition/${id}/_history/2`)).status).toBe(410);
    expect((await api.send(amina, `Condition/${id}/_history/1`)).status).toBe(200);
    const search = bundleOf(await api.send(amina, `Condition?patient=${AMINA}`));
    expect(search.total).toBe(0);
  });

  it('of another version is refused', async () => {
    const api = open();
    const id = await made(api);
    const stale = { method: 'DELETE', headers: { 'if-match': 'W/"2"' } };
    expect((await api.send(doctor, `Condition/${id}`, stale)).status).toBe(412);
  });
});

describe('read', () => {
  it('is not repeated for who has the version', async () => {
    const api = open();
    const id = await made(api);
    const same = await api.send(amina, `Condition/${id}`, {
      headers: { 'if-none-match': 'W/"1"' },
    });
    expect([same.status, same.text, same.headers['etag']]).toEqual([304, '', 'W/"1"']);
    const since = new Date(NOON).toUTCString();
    const unmodified = { headers: { 'if-modified-since': since } };
    expect((await api.send(amina, `Condition/${id}`, unmodified)).status).toBe(304);
    const other = { headers: { 'if-none-match': 'W/"2"' } };
    expect((await api.send(amina, `Condition/${id}`, other)).status).toBe(200);
  });

  it('by another type, version or person finds nothing', async () => {
    const api = open();
    const id = await made(api);
    for (const path of [
      `Procedure/${id}`,
      `Condition/${id}/_history/2`,
      `Condition/${id}/_history/x`,
      `Procedure/${id}/_history`,
      `Condition/${'f'.repeat(32)}/_history`,
    ]) {
      expect((await api.send(amina, path)).status).toBe(404);
    }
    expect((await api.send(boris, `Condition/${id}/_history`)).status).toBe(404);
  });

  it('of a history goes on from page to page', async () => {
    const api = open();
    const id = await made(api);
    for (let version = 1; version <= 6; version += 1) {
      await put(api, id, condition({ note: [{ text: String(version) }] }), {
        'if-match': `W/"${version}"`,
      });
    }
    const seen: string[] = [];
    for (let link: string | undefined = `Condition/${id}/_history?_count=3`; link !== undefined; ) {
      const answer = await api.send(amina, link);
      const bundle = bundleOf(answer);
      seen.push(...(bundle.entry ?? []).map(({ response }) => response?.etag ?? ''));
      link = linkOf(answer, 'next');
    }
    expect(seen).toEqual([7, 6, 5, 4, 3, 2, 1].map((version) => `W/"${version}"`));
  });
});
