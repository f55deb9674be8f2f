/** The API as OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.1), made from the routes and the schemas they parse with. */
import { ERRORS } from '@pulseledger/domain';
import { z } from 'zod';
import { FhirJson } from '../definitions/fhir-json.ts';
import { CHRONICLED_TYPES, RECORD_TYPES, SERVED_TYPES } from '../definitions/served-types.ts';
import type { Route } from '../http/routes.ts';
import { MAX_HISTORY } from '../interactions/history-query.ts';
import { JSON_PATCH, JsonPatch } from '../interactions/json-patch.ts';
import { MAX_COUNT } from '../search/query.ts';

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly description?: string;
  readonly schema: object;
}

const Problem = z.object({
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string().describe('One of docs/ERRORS.md'),
});

export function openApi(routes: readonly Route[], baseUrl: string): object {
  const byPath = Map.groupBy(routes, ({ path }) => templateOf(path));
  return {
    openapi: '3.1.0',
    jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
    info: {
      title: 'Pulseledger API',
      version: '1',
      description:
        'A medical record on a shared ledger: FHIR R4, and a few addresses beside it that answer plain JSON and problem documents (RFC 9457). What of FHIR is served, resource by resource, is in /metadata.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: baseUrl }],
    security: [{ bearer: [] }],
    paths: Object.fromEntries(
      [...byPath].map(([path, some]) => [
        path,
        Object.fromEntries(some.map((route) => [route.method.toLowerCase(), operationOf(route)])),
      ]),
    ),
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT (RFC 9068)' },
      },
      schemas: {
        Resource: jsonSchema(FhirJson),
        JsonPatch: jsonSchema(JsonPatch),
        OperationOutcome: {
          type: 'object',
          required: ['resourceType', 'issue'],
          properties: {
            resourceType: { const: 'OperationOutcome' },
            issue: { type: 'array', minItems: 1, items: { type: 'object' } },
          },
        },
        Problem: jsonSchema(Problem),
      },
    },
  };
}

function templateOf(path: string): string {
  return `/${path.replace(/:(\w+)/g, '{$1}')}`;
}

/** Without the mark of the dialect, which stands once at the top. */
function jsonSchema(schema: z.ZodType): object {
  const made = z.toJSONSchema(schema, { unrepresentable: 'any', io: 'input' });
  return Object.fromEntries(Object.entries(made).filter(([name]) => name !== '$schema'));
}

function operationOf(route: Route): object {
  const isPlain = route.format === 'plain';
  const failure = isPlain
    ? { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } }
    : { 'application/fhir+json': { schema: { $ref: '#/components/schemas/OperationOutcome' } } };
  return {
    operationId: operationIdOf(route),
    summary: route.summary,
    ...(route.access === 'login' ? {} : { security: [{}, { bearer: [] }] }),
    parameters: parametersOf(route),
    ...bodyOf(route),
    responses: {
      '2XX': { description: 'Done.', ...(answerOf(route) ?? {}) },
      '304': { description: 'Unchanged since the version that the client has.' },
      ...Object.fromEntries(
        failureStatuses().map((status) => [
          status,
          { description: 'See the answer.', content: failure },
        ]),
      ),
    },
  };
}

function operationIdOf({ method, path }: Route): string {
  const words = path
    .replace(/[^A-Za-z]+/g, ' ')
    .trim()
    .split(' ');
  return [method.toLowerCase(), ...words.filter((word) => word !== '')].join('-');
}

function failureStatuses(): string[] {
  return [...new Set(Object.values(ERRORS).map(({ httpStatus }) => String(httpStatus)))].sort();
}

const FORM = 'application/x-www-form-urlencoded';

function bodyOf(route: Route): object {
  if (route.body !== undefined) {
    return {
      requestBody: {
        required: true,
        content: { 'application/json': { schema: jsonSchema(route.body) } },
      },
    };
  }
  if (route.path.endsWith('_search')) {
    const schema = { type: 'object', properties: { patient: { type: 'string' } } };
    return { requestBody: { content: { [FORM]: { schema } } } };
  }
  if (route.method === 'PATCH') {
    const schema = { $ref: '#/components/schemas/JsonPatch' };
    return { requestBody: { required: true, content: { [JSON_PATCH]: { schema } } } };
  }
  if (route.format === 'plain' || (route.method !== 'POST' && route.method !== 'PUT')) return {};
  const schema = { $ref: '#/components/schemas/Resource' };
  return { requestBody: { required: true, content: { 'application/fhir+json': { schema } } } };
}

function answerOf(route: Route): object | undefined {
  if (route.answer !== undefined) {
    return { content: { 'application/json': { schema: jsonSchema(route.answer) } } };
  }
  if (route.format === 'plain') return undefined;
  const schema = { $ref: '#/components/schemas/Resource' };
  return { content: { 'application/fhir+json': { schema } } };
}

function parametersOf(route: Route): Parameter[] {
  const names = [...route.path.matchAll(/:(\w+)/g)].map(([, name = '']) => name);
  return [
    ...names.map((name) => pathParameter(name, route)),
    ...queryParameters(route),
    ...headersOf(route),
  ];
}

function pathParameter(name: string, { method, path }: Route): Parameter {
  const types = method === 'GET' ? readTypes(path) : RECORD_TYPES;
  const schemas: Readonly<Record<string, object>> = {
    type: { type: 'string', enum: types },
    vid: { type: 'string', pattern: '^[1-9][0-9]{0,5}$' },
  };
  const id = { type: 'string', pattern: '^[A-Za-z0-9\\-.]{1,64}$' };
  return { name, in: 'path', required: true, schema: schemas[name] ?? id };
}

const TYPE_HISTORY = ':type/_history';

function readTypes(path: string): readonly string[] {
  return path === TYPE_HISTORY ? CHRONICLED_TYPES : SERVED_TYPES;
}

const HISTORY: readonly [string, object][] = [
  ['_count', { type: 'integer', minimum: 1, maximum: MAX_HISTORY }],
  ['_since', { type: 'string' }],
];

const SEARCH: readonly [string, object][] = [
  ['patient', { type: 'string' }],
  ['_id', { type: 'string' }],
  ['identifier', { type: 'string' }],
  ['code', { type: 'string' }],
  ['date', { type: 'string' }],
  ['status', { type: 'string' }],
  ['_lastUpdated', { type: 'string' }],
  ['_count', { type: 'integer', minimum: 0, maximum: MAX_COUNT }],
  ['_sort', { type: 'string' }],
  ['_summary', { type: 'string', enum: ['count', 'false'] }],
  ['_total', { type: 'string', enum: ['none', 'estimate', 'accurate'] }],
  ['_include', { type: 'string' }],
  ['_revinclude', { type: 'string' }],
];

/** By the path of the route. */
const FHIR_QUERIES: Readonly<Record<string, readonly [string, object][]>> = {
  ':type': SEARCH,
  [TYPE_HISTORY]: [['patient', { type: 'string' }], ...HISTORY],
  ':type/:id/_history': HISTORY,
};

function queryParameters(route: Route): Parameter[] {
  if (route.query !== undefined) {
    const { properties } = z
      .object({ properties: z.record(z.string(), z.looseObject({})).default({}) })
      .parse(jsonSchema(route.query));
    return Object.entries(properties).map(([name, schema]) => query(name, schema));
  }
  const known = route.method === 'GET' ? FHIR_QUERIES[route.path] : undefined;
  return (known ?? []).map(([name, schema]) => query(name, schema));
}

function query(name: string, schema: object): Parameter {
  return { name, in: 'query', required: false, schema };
}

function headersOf({ method, path }: Route): Parameter[] {
  const text = { type: 'string' };
  if (method === 'PUT' || method === 'PATCH') {
    return [{ name: 'If-Match', in: 'header', required: false, schema: text }];
  }
  if (method === 'POST' && path === ':type') {
    return [{ name: 'If-None-Exist', in: 'header', required: false, schema: text }];
  }
  return [];
}
