/** The whole API over the record's twin in memory: events in, answers out, no port and no network. */

import { type DirectoryWrite, PulseError } from '@pulseledger/domain';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { Bundle, FhirResource, Observation, OperationOutcome } from 'fhir/r4.js';
import { z } from 'zod';
import { type AccessLogEntry, createRouter, type Handle } from '../http/router.ts';
import { cursorKey } from '../search/cursor.ts';
import type { Caller } from '../smart/token.ts';
import { MemoryClinical } from './memory-clinical.ts';
import { MemoryCorrections } from './memory-corrections.ts';
import { MemoryDevices } from './memory-devices.ts';
import { memoryEmergency } from './memory-emergency.ts';
import { MemoryErasures } from './memory-erasures.ts';
import { MEMORY_LEDGER } from './memory-ledger.ts';
import { MemoryNotes } from './memory-notes.ts';
import { memoryPage } from './memory-page.ts';
import { type MemoryPeople, memoryPeople } from './memory-people.ts';
import type { MemoryRecord } from './memory-record.ts';
import { MemoryRelations } from './memory-relations.ts';
import { MemoryWatch } from './memory-watch.ts';
import { NO_CONSENTS } from './no-consents.ts';
import { NOON } from './story.ts';

/** Of the tickets of the live channel. */
export const LIVE_KEY: Uint8Array = new Uint8Array(32).fill(9);

export const BASE_URL = 'https://api.pulse.test/fhir';

export interface Sending {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
}

export interface Received {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number | boolean>>;
  readonly text: string;
  readonly resource: FhirResource;
}

export interface TestApi {
  readonly log: AccessLogEntry[];
  readonly clinical: MemoryClinical;
  readonly notes: MemoryNotes;
  readonly handle: Handle;
  /** What was measured: name and dimensions. */
  readonly measured: [name: string, dimensions: object | undefined][];
  /** What was said to devices. */
  readonly published: { readonly topic: string; readonly payload: object }[];
  readonly watch: MemoryWatch;
  readonly devices: MemoryDevices;
  /** @param caller nobody: no Authorization header. @param path below the base, or a whole URL of the API. */
  readonly send: (caller: Caller | undefined, path: string, sending?: Sending) => Promise<Received>;
}

export interface ApiOptions {
  readonly baseUrl?: string;
  readonly now?: () => number;
  /** Of callers' tokens, by subject. */
  readonly scopes?: ReadonlyMap<string, string>;
  /** In the directory. */
  readonly people?: readonly DirectoryWrite[];
}

const LOGIN = {
  issuer: 'https://login.pulse.test',
  authorizationUrl: 'https://login.pulse.test/authorize',
  tokenUrl: 'https://login.pulse.test/token',
};

/** In the directory as FHIR has it, and as people look through it. */
function peopleIn(
  clinical: MemoryClinical,
  people: readonly DirectoryWrite[],
  now: () => number,
): MemoryPeople {
  for (const { kind, id, resource } of people) {
    clinical.addEntry({ type: kind, id, version: 1, lastUpdatedMs: now(), resource });
  }
  return memoryPeople(people, now);
}

/** Callers are known by the name in the header; tokens are tested for themselves. */
export function testApi(
  record: MemoryRecord,
  callers: readonly Caller[],
  options: ApiOptions = {},
): TestApi {
  const now = options.now ?? ((): number => NOON);
  const clinical = new MemoryClinical(record, now);
  const watch = new MemoryWatch(record, now);
  const notes = new MemoryNotes(record, clinical);
  const erasures = new MemoryErasures(clinical, now);
  const corrections = new MemoryCorrections(clinical, now);
  const people = peopleIn(clinical, options.people ?? [], now);
  const log: AccessLogEntry[] = [];
  const measured: TestApi['measured'] = [];
  const published: { topic: string; payload: object }[] = [];
  const relations = new MemoryRelations();
  const devices = new MemoryDevices();
  const handle = createRouter({
    baseUrl: options.baseUrl ?? BASE_URL,
    now,
    directory: clinical.directory,
    people,
    cursorKey: () => Promise.resolve(cursorKey('a secret of the API')),
    login: LOGIN,
    liveKey: () => Promise.resolve(LIVE_KEY),
    metrics: {
      record: (name, _value, ...dimensions) => measured.push([name, dimensions[0]]),
    },
    publish: (topic, payload) => {
      published.push({ topic, payload });
      return Promise.resolve();
    },
    log: (entry) => log.push(entry),
    verifyToken: (authorization) => {
      const found = callers.find(({ subject }) => authorization === `Bearer ${subject}`);
      return found === undefined
        ? Promise.reject(new PulseError('unauthenticated'))
        : Promise.resolve({ caller: found, scope: options.scopes?.get(found.subject) });
    },
    openSession: (caller, purpose) =>
      Promise.resolve({
        record: record.as(caller),
        page: memoryPage(record.as(caller), () => record.patientsOf(caller)),
        watch: watch.as(caller),
        consents: NO_CONSENTS,
        emergency: memoryEmergency(caller, now),
        ledger: MEMORY_LEDGER,
        clinical: clinical.as(caller),
        erasures: erasures.as(caller),
        corrections: corrections.as(caller),
        notes: notes.as(caller),
        charts: clinical.chartsOf(caller, purpose),
        relations: relations.as(caller),
        devices: devices.as(caller),
        directoryWriter: { ...clinical.writerFor(caller), ...people.writerFor(caller) },
      }),
  });
  return {
    log,
    clinical,
    notes,
    devices,
    watch,
    handle,
    measured,
    published,
    send: async (caller, path, sending = {}) =>
      received(await handle(httpApiEvent(caller, path, sending))),
  };
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html */
export function httpApiEvent(
  caller: Caller | undefined,
  path: string,
  sending: Sending,
): Record<string, unknown> {
  const whole = path.startsWith('https://') ? path : `${BASE_URL}/${path}`;
  const [address = '', query = ''] = whole.slice('https://api.pulse.test'.length).split('?');
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: address,
    rawQueryString: query,
    headers: {
      ...(caller === undefined ? {} : { authorization: `Bearer ${caller.subject}` }),
      ...sending.headers,
    },
    requestContext: {
      requestId: 'JKJaXmPLvHcESHA=',
      stage: '$default',
      http: { method: sending.method ?? 'GET', path: address, protocol: 'HTTP/1.1' },
    },
    ...(sending.body === undefined ? {} : { body: sending.body }),
    isBase64Encoded: sending.isBase64Encoded ?? false,
  };
}

export function received(result: APIGatewayProxyStructuredResultV2): Received {
  const text = result.body ?? '';
  return {
    status: result.statusCode ?? 0,
    headers: result.headers ?? {},
    text,
    resource: resourceOf(text),
  };
}

/** The judge in test/fhir-judge says whether it really is one; here its type is enough. */
const Resource = z.custom<FhirResource>(
  (value) => z.object({ resourceType: z.string() }).safeParse(value).success,
);

function resourceOf(text: string): FhirResource {
  // A plain answer may hold resources further in.
  const isResource = /^\s*\{\s*"resourceType"/.test(text);
  return isResource ? Resource.parse(JSON.parse(text)) : { resourceType: 'Basic', code: {} };
}

export function bundleOf(answer: Received): Bundle {
  if (answer.resource.resourceType !== 'Bundle') throw new Error(`no bundle: ${answer.text}`);
  return answer.resource;
}

export function outcomeIn(answer: Received): OperationOutcome {
  const { resource } = answer;
  if (resource.resourceType !== 'OperationOutcome') throw new Error(`no outcome: ${answer.text}`);
  return resource;
}

/** Our own error code in an outcome, or in a problem. */
export function codeIn(answer: Received): string | undefined {
  const problem = z.object({ code: z.string() }).safeParse(JSON.parse(answer.text));
  if (problem.success) return problem.data.code;
  return outcomeIn(answer).issue[0]?.details?.coding?.[0]?.code;
}

export function observationsIn(answer: Received): Observation[] {
  return (bundleOf(answer).entry ?? []).map(({ resource }) => resource).filter(isObservation);
}

function isObservation(resource: { resourceType: string } | undefined): resource is Observation {
  return resource?.resourceType === 'Observation';
}

export function linkOf(answer: Received, relation: 'self' | 'next'): string | undefined {
  return bundleOf(answer).link?.find((link) => link.relation === relation)?.url;
}
