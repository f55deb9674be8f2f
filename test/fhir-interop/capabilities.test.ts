/** What the CapabilityStatement says is there, is there: every interaction, parameter, include and operation is asked for. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import type { TestApi } from '../../lambdas/fhir-api/src/testing/api.ts';
import { type Received, testApi } from '../../lambdas/fhir-api/src/testing/api.ts';
import {
  AMINA,
  administrator,
  amina,
  doctor,
  NOBODY,
  storyRecord,
} from '../../lambdas/fhir-api/src/testing/story.ts';

const Named = z.array(z.object({ name: z.string(), type: z.string().optional() })).default([]);
const Statement = z.object({
  fhirVersion: z.literal('4.0.1'),
  kind: z.literal('instance'),
  rest: z.tuple([
    z.object({
      mode: z.literal('server'),
      interaction: z.array(z.object({ code: z.string() })),
      resource: z.array(
        z.object({
          type: z.string(),
          interaction: z.array(z.object({ code: z.string() })),
          searchParam: Named,
          searchInclude: z.array(z.string()).default([]),
          searchRevInclude: z.array(z.string()).default([]),
          operation: Named,
        }),
      ),
    }),
  ]),
});

const STRICT = { prefer: 'handling=strict' };
const FHIR = { 'content-type': 'application/fhir+json' };
const PATCH = { 'content-type': 'application/json-patch+json' };
const VALUES: Readonly<Record<string, string>> = {
  token: 'x',
  date: '2020',
  reference: 'Patient/1',
  string: 'x',
  quantity: '5',
  number: '5',
  uri: 'urn:x',
  composite: 'x$5',
};

let api: TestApi;
let resources: z.infer<typeof Statement>['rest'][0]['resource'] = [];

beforeAll(async () => {
  api = testApi(storyRecord(), [amina, doctor, administrator]);
  const { text } = await api.send(undefined, 'metadata');
  const statement = Statement.parse(JSON.parse(text));
  resources = statement.rest[0].resource;
  expect(statement.rest[0].interaction.map(({ code }) => code)).toEqual(['transaction', 'batch']);
});

/** Within a patient where there is a parameter for that, else by an id. */
function searchBy(
  type: string,
  { name, type: kind = '' }: { readonly name: string; readonly type?: string | undefined },
): Promise<Received> {
  const isPatient = ['patient', 'subject', 'beneficiary'].includes(name);
  const query = `${name}=${isPatient ? AMINA : (VALUES[kind] ?? 'x')}`;
  const within = isWithinPatient(type) ? `patient=${AMINA}` : `_id=${NOBODY}`;
  const place = type === 'Patient' ? `_id=${AMINA}` : within;
  return api.send(doctor, `${type}?${place}&${query}`, { headers: STRICT });
}

function isOfVersions(code: string): boolean {
  return ['vread', 'history-instance', 'history-type'].includes(code);
}

/** Types that have no parameter for a patient are searched in the directory, or by _id. */
function isWithinPatient(type: string): boolean {
  const names = resources.find((one) => one.type === type)?.searchParam.map(({ name }) => name);
  return names?.includes('patient') === true;
}

describe('the CapabilityStatement', () => {
  it('names search parameters that are taken, strictly', async () => {
    for (const { type, searchParam } of resources) {
      for (const parameter of searchParam) {
        const { status } = await searchBy(type, parameter);
        // A person may not see the log or the consents of somebody else; that is not about the parameter.
        const isOwn = ['AuditEvent', 'Consent'].includes(type) && status === 404;
        expect([type, parameter.name, isOwn ? 200 : status]).toEqual([type, parameter.name, 200]);
      }
      const unknown = `${type}?_id=${NOBODY}&not-a-parameter=x`;
      expect((await api.send(doctor, unknown, { headers: STRICT })).status).toBe(400);
    }
  });

  it('names includes that are taken', async () => {
    for (const { type, searchInclude, searchRevInclude } of resources) {
      const queries = [
        ...searchInclude.map((include) => `_include=${include}`),
        ...searchRevInclude.slice(0, 20).map((include) => `_revinclude=${include}`),
      ];
      for (const query of queries) {
        const answer = await api.send(doctor, `${type}?_id=${NOBODY}&${query}`, {
          headers: STRICT,
        });
        expect([type, query, answer.status]).toEqual([type, query, 200]);
      }
    }
  });

  it('names interactions that are served, and leaves out the others', async () => {
    const body = (type: string): string => JSON.stringify({ resourceType: type, id: NOBODY });
    const attempts: Readonly<Record<string, (type: string) => Promise<Received>>> = {
      read: (type) => api.send(doctor, `${type}/${NOBODY}`),
      vread: (type) => api.send(doctor, `${type}/${NOBODY}/_history/1`),
      'history-instance': (type) => api.send(doctor, `${type}/${NOBODY}/_history`),
      'history-type': (type) => api.send(doctor, `${type}/_history?patient=${AMINA}`),
      'search-type': (type) => api.send(doctor, `${type}?_id=${NOBODY}`),
      create: (type) => api.send(doctor, type, { method: 'POST', headers: FHIR, body: body(type) }),
      update: (type) =>
        api.send(doctor, `${type}/${NOBODY}`, { method: 'PUT', headers: FHIR, body: body(type) }),
      patch: (type) =>
        api.send(doctor, `${type}/${NOBODY}`, { method: 'PATCH', headers: PATCH, body: '[]' }),
      delete: (type) => api.send(doctor, `${type}/${NOBODY}`, { method: 'DELETE' }),
    };
    for (const { type, interaction } of resources) {
      const named = interaction.map(({ code }) => code);
      for (const [code, attempt] of Object.entries(attempts)) {
        const { status } = await attempt(type);
        const isServed = status !== 405;
        // Reading a version of what has none finds nothing; that is told by 404 and not named.
        if (isOfVersions(code) && !named.includes(code)) {
          expect([type, code, status]).toEqual([type, code, 404]);
        } else {
          expect([type, code, isServed]).toEqual([type, code, named.includes(code)]);
        }
      }
    }
  });

  it('names operations that are served', async () => {
    for (const { type, operation } of resources) {
      for (const { name } of operation) {
        const isValidation = name === 'validate';
        const body = JSON.stringify({ resourceType: type });
        const answer = isValidation
          ? await api.send(doctor, `${type}/$validate`, { method: 'POST', headers: FHIR, body })
          : type === 'Patient'
            ? await api.send(doctor, `Patient/${AMINA}/$${name}`)
            : await api.send(doctor, `${type}/$${name}?patient=${AMINA}&code=8867-4`);
        expect([type, name, answer.status]).toEqual([type, name, 200]);
      }
    }
  });
});
