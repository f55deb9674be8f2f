/** An independent client walks the API over HTTP. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'fhir-kit-client';
import { z } from 'zod';
import { FhirJson } from '../../lambdas/fhir-api/src/definitions/fhir-json.ts';
import { AMINA, amina, doctor, storyRecord } from '../../lambdas/fhir-api/src/testing/story.ts';
import { type ServedApi, serveApi } from './http-server.ts';

let served: ServedApi;
let client: Client;

beforeAll(async () => {
  served = await serveApi(storyRecord(), [amina, doctor]);
  client = new Client({ baseUrl: served.baseUrl, bearerToken: doctor.subject });
});

afterAll(() => served.close());

function condition(n: number): { resourceType: string; [name: string]: unknown } {
  return {
    resourceType: 'Condition',
    subject: { reference: `Patient/${AMINA}` },
    identifier: [{ system: 'urn:test', value: String(n) }],
    code: { text: `Condition ${n}` },
  };
}

const Entries = z.object({ entry: z.array(z.object({ resource: FhirJson })).default([]) });

function entriesOf(bundle: unknown): { resource: FhirJson }[] {
  return Entries.parse(bundle).entry;
}

describe('fhir-kit-client', () => {
  it('reads the capabilities and where to log in', async () => {
    const statement = await client.capabilityStatement();
    expect(statement).toMatchObject({ resourceType: 'CapabilityStatement', fhirVersion: '4.0.1' });
    const smart = await client.smartAuthMetadata();
    expect(JSON.stringify(smart)).toContain('https://login.pulse.test/token');
  });

  it('creates once, reads, changes, and reads versions and history', async () => {
    const options = { headers: { 'If-None-Exist': 'identifier=urn:test|1' } };
    const create = { resourceType: 'Condition', body: condition(1), options };
    const [one, other] = await Promise.all([client.create(create), client.create(create)]);
    expect(one['id']).toBe(other['id']);
    const id = String(one['id']);
    const read = await client.read({ resourceType: 'Condition', id });
    expect(read).toEqual(one);
    await client.update({
      resourceType: 'Condition',
      id,
      body: { ...condition(1), id, note: [{ text: 'changed' }] },
      options: { headers: { 'If-Match': 'W/"1"' } },
    });
    const first = await client.vread({ resourceType: 'Condition', id, version: '1' });
    expect(first).toEqual(one);
    const history = await client.resourceHistory({ resourceType: 'Condition', id });
    expect(history).toMatchObject({ type: 'history', total: 2 });
    const stale = client.update({
      resourceType: 'Condition',
      id,
      body: { ...condition(1), id },
      options: { headers: { 'If-Match': 'W/"1"' } },
    });
    await expect(stale).rejects.toMatchObject({ response: { status: 412 } });
    await client.delete({ resourceType: 'Condition', id });
    const gone = client.read({ resourceType: 'Condition', id });
    await expect(gone).rejects.toMatchObject({ response: { status: 410 } });
  });

  it('pages to the end without a row lost or doubled, while others write', async () => {
    for (let n = 100; n < 140; n += 1) {
      await client.create({ resourceType: 'Condition', body: condition(n) });
    }
    const searchParams = { patient: AMINA, _count: 7 };
    let bundle = await client.search({ resourceType: 'Condition', searchParams });
    const seen: string[] = [];
    for (let page = 0; ; page += 1) {
      seen.push(...entriesOf(bundle).map(({ resource }) => String(resource['id'])));
      await client.create({ resourceType: 'Condition', body: condition(200 + page) });
      const next = await client.nextPage({ bundle: bundle as never });
      if (next === undefined) break;
      bundle = next;
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.length).toBeGreaterThanOrEqual(40);
  });

  it('sends batches and transactions', async () => {
    const entry = [300, 301].map((n) => ({
      resource: condition(n),
      request: { method: 'POST', url: 'Condition' },
    }));
    const body = { resourceType: 'Bundle', entry } as const;
    const batch = await client.batch({ body: { ...body, type: 'batch' } });
    const transaction = await client.transaction({
      body: { ...body, type: 'transaction' },
    });
    expect([batch['type'], transaction['type']]).toEqual([
      'batch-response',
      'transaction-response',
    ]);
  });

  it('gets everything of a patient, page by page', async () => {
    let bundle = await client.operation({
      name: 'everything',
      resourceType: 'Patient',
      id: AMINA,
      method: 'GET',
    });
    const types = new Set<string>();
    for (let next: typeof bundle | undefined = bundle; next !== undefined; ) {
      bundle = next;
      for (const { resource } of entriesOf(bundle)) types.add(resource.resourceType);
      next = await client.nextPage({ bundle: bundle as never });
    }
    expect([...types].sort()).toEqual(
      expect.arrayContaining(['Condition', 'Device', 'Observation', 'Patient']),
    );
  });
});
