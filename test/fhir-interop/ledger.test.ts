/** The API over a network of its own, from the event to the ledger and back: a story with real files. */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { AccessesAnswer, CHART_CLASSES } from '@pulseledger/domain';
import { importBundle } from '../../lambdas/fhir-api/src/import/import-bundle.ts';
import type { Caller } from '../../lambdas/fhir-api/src/smart/token.ts';
import { bundleOf, type Received } from '../../lambdas/fhir-api/src/testing/api.ts';
import {
  AMINA,
  administrator,
  agent,
  amina,
  BORIS,
  boris,
  doctor,
  heartRate,
  nurse,
  WATCH,
} from '../../lambdas/fhir-api/src/testing/story.ts';
import { networkApi, type Send } from '../record-port/network-api.ts';
import { type NetworkWorld, openNetworkWorld } from '../record-port/network-world.ts';
import { bundlesIn } from './files.ts';

const FHIR = { 'content-type': 'application/fhir+json' };

const START_LIMIT_MS = 240_000;
jest.setTimeout(120_000);

let world: NetworkWorld;
let send: Send;

function post(caller: Caller, resource: object, headers = {}): Promise<Received> {
  const { resourceType } = resource as { resourceType: string };
  const body = JSON.stringify(resource);
  return send(caller, resourceType, { method: 'POST', headers: { ...FHIR, ...headers }, body });
}

function condition(changes: object = {}): object {
  return {
    resourceType: 'Condition',
    subject: { reference: `Patient/${AMINA}` },
    code: { text: 'Asthma' },
    ...changes,
  };
}

function found(answer: Received): { resourceType: string; id?: string | undefined }[] {
  return (bundleOf(answer).entry ?? []).flatMap(({ resource, search }) =>
    resource === undefined || search?.mode === 'outcome' ? [] : [resource],
  );
}

/** What the page asks for when somebody clicks on a patient. */
function clickOf(caller: Caller, patientId: string): Promise<Received>[] {
  const [fromMs, toMs] = [Date.now() - 3_600_000, Date.now()];
  const series = `series?code=8867-4&fromMs=${fromMs}&toMs=${toMs}&step=raw`;
  const plain = [series, 'alarms', 'news2'].map((path) => `patients/${patientId}/${path}`);
  return [`Patient/${patientId}`, ...plain].map((path) => send(caller, path));
}

async function accessesOf(caller: Caller): Promise<AccessesAnswer['accesses']> {
  const answer = await send(caller, `patients/${caller.subjectId}/accesses`);
  return AccessesAnswer.parse(JSON.parse(answer.text)).accesses;
}

function theApi(kind: 'devnet' | 'fabric'): void {
  beforeAll(async () => {
    world = await openNetworkWorld(kind);
    send = networkApi(world.sessions);
  }, START_LIMIT_MS);

  afterAll(() => world.close(), START_LIMIT_MS);

  it('creates, reads, changes, deletes, and tells the history', async () => {
    const made = await post(doctor, condition());
    expect([made.status, made.headers['etag']]).toEqual([201, 'W/"1"']);
    const id = String(made.resource.id);
    const read = await send(amina, `Condition/${id}`);
    expect(read.resource).toEqual(made.resource);
    const body = JSON.stringify({ ...condition({ note: [{ text: 'better' }] }), id });
    const put = (match: string): Promise<Received> =>
      send(doctor, `Condition/${id}`, {
        method: 'PUT',
        headers: { ...FHIR, 'if-match': match },
        body,
      });
    expect((await put('W/"1"')).headers['etag']).toBe('W/"2"');
    expect((await put('W/"1"')).status).toBe(412);
    expect((await send(amina, `Condition/${id}/_history/1`)).resource).toEqual(made.resource);
    expect((await send(nurse, `Condition/${id}`)).status).toBe(404);
    expect((await send(agent, `Condition/${id}`)).status).toBe(404);
    expect((await post(nurse, condition())).status).toBe(403);
    expect((await send(doctor, `Condition/${id}`, { method: 'DELETE' })).status).toBe(204);
    expect((await send(amina, `Condition/${id}`)).status).toBe(410);
    const history = bundleOf(await send(amina, `Condition/${id}/_history`));
    expect(history.entry?.map(({ request }) => request?.method)).toEqual(['DELETE', 'PUT', 'POST']);
    const ofType = bundleOf(await send(amina, 'Condition/_history'));
    const own = ofType.entry?.filter(({ fullUrl }) => fullUrl?.endsWith(id));
    expect(own).toEqual(history.entry);
    expect((await send(doctor, 'Condition/_history')).status).toBe(400);
  });

  it('makes one of eight conditional creates', async () => {
    const resource = condition({ identifier: [{ system: 'urn:x', value: 'once' }] });
    const once = { 'if-none-exist': 'identifier=urn:x|once' };
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => post(doctor, resource, once)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([
      ...Array<number>(7).fill(200),
      201,
    ]);
    expect(new Set(answers.map(({ resource: { id } }) => id)).size).toBe(1);
  });

  it('shows wearables and records together', async () => {
    const atMs = Date.now() - 600_000;
    await world.send({
      deviceId: WATCH,
      firstSequence: 0,
      readings: Array.from({ length: 20 }, (_, n) => heartRate(atMs + n * 1_000, 70 + n)),
    });
    const everything = found(await send(amina, `Patient/${AMINA}/$everything`));
    expect(everything.map(({ resourceType }) => resourceType)).toEqual(
      expect.arrayContaining(['Patient', 'Device', 'Condition']),
    );
    const vitals = found(await send(amina, `Observation?patient=${AMINA}&code=8867-4&_count=100`));
    expect(vitals).toHaveLength(20);
    const [first] = vitals;
    expect((await send(amina, `Observation/${first?.id}`)).resource).toEqual(first);
    expect((await send(nurse, `Observation/${first?.id}`)).status).toBe(404);
    const summary = bundleOf(await send(amina, `Patient/${AMINA}/$summary`));
    expect(summary.type).toBe('document');
    expect((await send(nurse, `Patient/${AMINA}/$summary`)).status).toBe(404);
    expect((await send(nurse, `Patient/${BORIS}`)).status).toBe(200);
  });

  it('lets anybody search the directory, and administrators write it', async () => {
    const practitioner = {
      resourceType: 'Practitioner',
      name: [{ family: 'Núñez', given: ['Ana'] }],
    };
    expect((await post(doctor, practitioner)).status).toBe(403);
    const made = await post(administrator, practitioner);
    expect(made.status).toBe(201);
    const { id } = made.resource;
    for (const path of ['Practitioner?name=nunez', 'Practitioner?family=N%C3%BA']) {
      expect(found(await send(undefined, path)).map((one) => one.id)).toEqual([id]);
    }
    expect((await send(undefined, `Practitioner/${id}`)).status).toBe(200);
    expect((await send(undefined, `Patient/${AMINA}`)).status).toBe(401);
    const history = bundleOf(await send(administrator, `Practitioner/${id}/_history`));
    expect(history.total).toBe(1);
  });

  it('shows the patient who looked, and nobody else', async () => {
    for (const caller of [amina, doctor, nurse]) await send(caller, `Patient/${AMINA}`);
    const entries = found(await send(amina, `AuditEvent?patient=${AMINA}&_count=1000`));
    expect(entries.length).toBeGreaterThan(2);
    const one = await send(amina, `AuditEvent/${entries[0]?.id}`);
    expect(one.resource).toEqual(entries[0]);
    const refused = found(await send(amina, `AuditEvent?patient=${AMINA}&outcome=4`));
    expect(refused.length).toBeGreaterThan(0);
    expect((await send(nurse, `AuditEvent?patient=${AMINA}`)).status).toBe(404);
    expect((await send(doctor, `AuditEvent/${entries[0]?.id}`)).status).toBe(404);
    expect(found(await send(amina, `Consent?patient=${AMINA}`))).toEqual([]);
    expect((await send(nurse, `Consent?patient=${AMINA}`)).status).toBe(404);
  });

  it('enters a click on a patient once, however many requests the page makes of it', async () => {
    for (const [caller, status] of [
      [nurse, 200],
      [doctor, 404],
    ] as const) {
      const live = send(caller, 'live', {
        method: 'POST',
        body: JSON.stringify({ patientIds: [BORIS] }),
      });
      const answers = await Promise.all(clickOf(caller, BORIS));
      expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => status));
      expect((await live).status).toBe(200);
      for (const section of ['Condition', 'AllergyIntolerance', 'Encounter', 'DiagnosticReport']) {
        await send(caller, `${section}?patient=${BORIS}`);
      }
      const looks = (await accessesOf(boris)).filter(
        ({ subjectId }) => subjectId === caller.subjectId,
      );
      expect(looks).toHaveLength(1);
      const { permitted, refused } = looks[0] ?? { permitted: [], refused: [] };
      const [named, other] = status === 200 ? [permitted, refused] : [refused, permitted];
      expect([named.toSorted(), other]).toEqual([CHART_CLASSES.toSorted(), []]);
    }
  });

  it('imports files and finds what is in them', async () => {
    for (const file of [...bundlesIn('synthea').slice(0, 2), ...bundlesIn('ips')]) {
      const outcomes = await importBundle(
        { resourceType: 'Bundle', type: file.type, entry: file.entry },
        {
          mode: 'lenient',
          post: ({ path, headers, body }) => send(doctor, path, { method: 'POST', headers, body }),
        },
      );
      expect(outcomes.filter(({ status }) => status !== 'stored')).toEqual([]);
      const patient = outcomes.find(({ resourceType }) => resourceType === 'Patient')?.place ?? '';
      const id = patient.slice('Patient/'.length);
      const all: string[] = [];
      for (
        let link: string | undefined = `Patient/${id}/$everything?_count=100`;
        link !== undefined;
      ) {
        const answer = await send(doctor, link);
        all.push(...found(answer).map((one) => `${one.resourceType}/${one.id}`));
        link = bundleOf(answer).link?.find(({ relation }) => relation === 'next')?.url;
      }
      expect(all.sort()).toEqual(outcomes.map(({ place }) => place ?? '').sort());
    }
  }, 180_000);
}

describe('the API on the devnet', () => {
  theApi('devnet');
});

const onFabric = process.env['FABRIC_BIN'] === undefined ? describe.skip : describe;

onFabric('the API on native Fabric (skipped: FABRIC_BIN is not set)', () => {
  theApi('fabric');
});
