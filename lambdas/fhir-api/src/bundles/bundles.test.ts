import { describe, expect, it } from '@jest/globals';
import type { Bundle } from 'fhir/r4.js';
import { bundleOf, outcomeIn, type Received, testApi } from '../testing/api.ts';
import { AMINA, amina, BORIS, boris, doctor, nurse, storyRecord } from '../testing/story.ts';

const EVERYBODY = [amina, boris, doctor, nurse];

type Api = ReturnType<typeof testApi>;
type Entry = Record<string, unknown>;

function open(): Api {
  return testApi(storyRecord(), EVERYBODY);
}

function send(
  api: Api,
  type: 'batch' | 'transaction',
  entry: readonly unknown[],
  headers: Record<string, string> = {},
): Promise<Received> {
  return api.send(doctor, '', {
    method: 'POST',
    headers: { 'content-type': 'application/fhir+json', ...headers },
    body: JSON.stringify({ resourceType: 'Bundle', type, entry }),
  });
}

function statuses(bundle: Bundle): (string | undefined)[] {
  return (bundle.entry ?? []).map(({ response }) => response?.status);
}

const PATIENT = 'urn:uuid:6a1f1a3e-0000-4000-8000-000000000001';
const VISIT = 'urn:uuid:6a1f1a3e-0000-4000-8000-000000000002';

function patientEntry(): Entry {
  return {
    fullUrl: PATIENT,
    resource: { resourceType: 'Patient', name: [{ family: 'Ito' }], birthDate: '1980-05-05' },
    request: { method: 'POST', url: 'Patient' },
  };
}

function visitEntry(): Entry {
  return {
    fullUrl: VISIT,
    resource: {
      resourceType: 'Encounter',
      status: 'finished',
      class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' },
      subject: { reference: PATIENT },
    },
    request: { method: 'POST', url: 'Encounter' },
  };
}

function conditionEntry(changes: object = {}, request: object = {}): Entry {
  return {
    resource: {
      resourceType: 'Condition',
      subject: { reference: PATIENT },
      encounter: { reference: VISIT },
      code: { text: 'Cough' },
      ...changes,
    },
    request: { method: 'POST', url: 'Condition', ...request },
  };
}

describe('a transaction', () => {
  it('stores everything, with references to where things are', async () => {
    const api = open();
    const answer = await send(api, 'transaction', [conditionEntry(), visitEntry(), patientEntry()]);
    expect(answer.status).toBe(200);
    const bundle = bundleOf(answer);
    expect(bundle.type).toBe('transaction-response');
    expect(statuses(bundle)).toEqual(Array(3).fill('201 Created'));
    const [condition, visit, patient] = (bundle.entry ?? []).map(({ response }) =>
      (response?.location ?? '').replace(/^.*fhir\/(.*)\/_history\/1$/, '$1'),
    );
    const { resource } = await api.send(doctor, condition ?? '');
    expect(resource).toMatchObject({
      subject: { reference: patient },
      encounter: { reference: visit },
    });
  });

  it('stores nothing when one entry is wrong, and says which', async () => {
    const api = open();
    const wrong = conditionEntry({ onsetDateTime: 'yesterday' });
    const answer = await send(api, 'transaction', [patientEntry(), visitEntry(), wrong]);
    expect(answer.status).toBe(422);
    expect(outcomeIn(answer).issue[0]?.expression).toEqual([
      'Bundle.entry[2].resource.ofType(Condition.onsetDateTime)',
    ]);
    expect(api.clinical.size).toBe(0);
  });

  it('stores nothing when a version is stale', async () => {
    const api = open();
    const own = { subject: { reference: `Patient/${AMINA}` }, encounter: undefined };
    const first = bundleOf(await send(api, 'transaction', [conditionEntry(own)]));
    const id = /Condition\/([0-9a-f]{32})/.exec(first.entry?.[0]?.response?.location ?? '')?.[1];
    const change = conditionEntry(
      { ...own, id },
      {
        method: 'PUT',
        url: `Condition/${id}`,
        ifMatch: 'W/"4"',
      },
    );
    const answer = await send(api, 'transaction', [conditionEntry(own), change]);
    expect(answer.status).toBe(412);
    expect(api.clinical.size).toBe(1);
  });

  it.each([
    ['the records of two patients', [patientEntry(), { ...patientEntry(), fullUrl: VISIT }], 501],
    ['two entries of one name', [patientEntry(), { ...visitEntry(), fullUrl: PATIENT }], 400],
    ['an entry without request', [{ resource: { resourceType: 'Patient' } }], 400],
    ['an entry without resource', [{ request: { method: 'POST', url: 'Patient' } }], 400],
    [
      'one condition twice',
      [
        patientEntry(),
        conditionEntry({ encounter: undefined }, { ifNoneExist: 'identifier=a|b' }),
        conditionEntry({ encounter: undefined }, { ifNoneExist: 'identifier=a|b' }),
      ],
      400,
    ],
    ['very many entries', Array.from({ length: 501 }, patientEntry), 413],
    [
      'more changes than one transaction of the ledger',
      [
        patientEntry(),
        ...Array.from({ length: 251 }, () => conditionEntry({ encounter: undefined })),
      ],
      413,
    ],
  ])('of %s is refused', async (_, entry, status) => {
    const api = open();
    expect((await send(api, 'transaction', entry)).status).toBe(status);
    expect(api.clinical.size).toBe(0);
  });

  it('creates under a condition, changes, deletes and reads in one', async () => {
    const api = open();
    const subject = { subject: { reference: `Patient/${AMINA}` }, encounter: undefined };
    const once = conditionEntry(
      { ...subject, identifier: [{ system: 'urn:x', value: '1' }] },
      { ifNoneExist: 'identifier=urn:x|1' },
    );
    const plain = conditionEntry(subject);
    const made = bundleOf(await send(api, 'transaction', [once, plain]));
    const [kept, changed] = (made.entry ?? []).map(
      ({ response }) => /Condition\/([0-9a-f]{32})/.exec(response?.location ?? '')?.[1],
    );
    const again = bundleOf(
      await send(api, 'transaction', [
        { request: { method: 'GET', url: `Condition?patient=${AMINA}` } },
        { request: { method: 'DELETE', url: `Condition/${changed}` } },
        once,
      ]),
    );
    expect(statuses(again)).toEqual(['200 OK', '204 No Content', '200 OK']);
    expect(again.entry?.[0]?.resource).toMatchObject({ resourceType: 'Bundle', total: 1 });
    expect(again.entry?.[2]?.response?.location).toContain(kept);
  });

  it('under one key is done once', async () => {
    const api = open();
    const key = { 'idempotency-key': 'import-of-file-1:0' };
    const entries = [patientEntry(), visitEntry()];
    const first = bundleOf(await send(api, 'transaction', entries, key));
    const second = bundleOf(await send(api, 'transaction', entries, key));
    const places = (bundle: Bundle): unknown[] =>
      (bundle.entry ?? []).map(({ response }) => response?.location);
    expect(places(second)).toEqual(places(first));
    expect(statuses(second)).toEqual(['200 OK', '200 OK']);
    expect(api.clinical.size).toBe(2);
  });

  it('finds by conditional references', async () => {
    const api = open();
    const known: Entry = { ...patientEntry(), fullUrl: undefined };
    const patient = { ...(known['resource'] ?? {}), identifier: [{ system: 'urn:m', value: '7' }] };
    await send(api, 'transaction', [{ ...known, resource: patient }]);
    const by = (value: string): Entry =>
      conditionEntry({
        subject: { reference: `Patient?identifier=urn:m|${value}` },
        encounter: undefined,
      });
    expect((await send(api, 'transaction', [by('7')])).status).toBe(200);
    expect((await send(api, 'transaction', [by('8')])).status).toBe(412);
  });
});

describe('a batch', () => {
  it('does each entry by itself', async () => {
    const api = open();
    const own = { subject: { reference: `Patient/${AMINA}` }, encounter: undefined };
    const foreign = { subject: { reference: `Patient/${BORIS}` }, encounter: undefined };
    const answer = await send(api, 'batch', [
      { request: { method: 'GET', url: `Patient/${AMINA}` } },
      conditionEntry(own),
      { request: { method: 'GET', url: `Patient/${BORIS}` } },
      conditionEntry(foreign),
      { request: { method: 'PATCH', url: 'x' } },
      { request: { method: 'POST', url: '' }, resource: { resourceType: 'Bundle' } },
      { request: { method: 'POST', url: 'devices/gaps' } },
      { request: { method: 'GET', url: 'https://elsewhere.test/Patient/1' } },
      { request: { method: 'GET', url: `Observation?patient=${AMINA}&_count=1` } },
    ]);
    expect(answer.status).toBe(200);
    expect(statuses(bundleOf(answer)).map((status) => status?.slice(0, 3))).toEqual([
      '200',
      '201',
      '404',
      '403',
      '400',
      '400',
      '405',
      '400',
      '200',
    ]);
    expect(api.clinical.size).toBe(1);
  });

  it('is not one when it is none', async () => {
    const api = open();
    for (const body of [
      '{}',
      '[]',
      '{"resourceType":"Bundle","type":"history"}',
      '{"resourceType":"Patient"}',
    ]) {
      const headers = { 'content-type': 'application/fhir+json' };
      expect((await api.send(doctor, '', { method: 'POST', headers, body })).status).toBe(400);
    }
  });
});
