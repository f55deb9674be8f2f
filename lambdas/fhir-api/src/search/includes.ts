/** _include and _revinclude: https://hl7.org/fhir/R4/search.html#revinclude */
import { PulseError } from '@pulseledger/domain';
import { type FhirJson, isObject } from '../definitions/fhir-json.ts';
import { isServedType } from '../definitions/served-types.ts';
import type { Call } from '../http/call.ts';
import { readCurrent } from '../interactions/current.ts';
import { storedOfType } from './candidates.ts';
import type { Include, SearchQuery } from './query.ts';
import { type LocalReference, splitReference, valuesAt } from './values.ts';

/** Most resources that are put beside the matches of one page. */
const MAX_INCLUDED = 1_000;
const MAX_AT_ONCE = 20;

/** What stands beside the matches; what the caller may not read is left out. */
export async function included(
  call: Call,
  query: SearchQuery,
  matches: readonly FhirJson[],
  patientId: string | undefined,
): Promise<FhirJson[]> {
  const shown = new Set(matches.map(keyOf));
  const found = new Map<string, FhirJson>();
  const add = (resource: FhirJson): void => {
    if (!shown.has(keyOf(resource)) && found.size < MAX_INCLUDED) {
      found.set(keyOf(resource), resource);
    }
  };
  for (const include of query.includes) {
    for (const resource of await referenced(call, include, matches)) add(resource);
  }
  for (const include of query.revincludes) {
    for (const resource of await referencing(call, include, matches, patientId)) add(resource);
  }
  return [...found.values()];
}

function keyOf(resource: FhirJson): string {
  return `${resource.resourceType}/${String(resource['id'])}`;
}

async function referenced(
  call: Call,
  include: Include,
  matches: readonly FhirJson[],
): Promise<FhirJson[]> {
  const references = matches.flatMap((resource) => referencesIn(resource, include, call.baseUrl));
  const wanted = [...new Map(references.map((ref) => [`${ref.type}/${ref.id}`, ref])).values()];
  const found: FhirJson[] = [];
  for (let start = 0; start < wanted.length && start < MAX_INCLUDED; start += MAX_AT_ONCE) {
    const some = wanted.slice(start, start + MAX_AT_ONCE);
    const read = await Promise.all(some.map((reference) => readQuietly(call, reference)));
    found.push(...read.filter((resource) => resource !== undefined));
  }
  return found;
}

function referencesIn(
  resource: FhirJson,
  { parameter, target }: Include,
  baseUrl: string,
): LocalReference[] {
  return valuesAt(resource, parameter.paths).flatMap((value) => {
    const text: unknown = isObject(value) ? value['reference'] : value;
    const isForeign =
      typeof text === 'string' && text.includes('://') && !text.startsWith(`${baseUrl}/`);
    const split = isForeign ? undefined : splitReference(text);
    return split === undefined || (target !== undefined && split.type !== target) ? [] : [split];
  });
}

async function readQuietly(
  call: Call,
  { type, id }: LocalReference,
): Promise<FhirJson | undefined> {
  if (!isServedType(type) || !call.grant.allows(type, 'r')) return undefined;
  try {
    return (await readCurrent(call, type, id)).resource ?? undefined;
  } catch (error) {
    if (error instanceof PulseError && ['not_found', 'gone', 'deleted'].includes(error.code))
      return undefined;
    throw error;
  }
}

async function referencing(
  call: Call,
  include: Include,
  matches: readonly FhirJson[],
  patientId: string | undefined,
): Promise<FhirJson[]> {
  const patients = patientId === undefined ? patientsOf(matches) : [patientId];
  if (!call.grant.allows(include.type, 's')) return [];
  const targets = new Set(matches.map(keyOf));
  const all = await Promise.all(patients.map((id) => loadQuietly(call, include, id)));
  return all
    .flat()
    .filter((resource) =>
      referencesIn(resource, include, call.baseUrl).some(({ type, id }) =>
        targets.has(`${type}/${id}`),
      ),
    );
}

function patientsOf(matches: readonly FhirJson[]): string[] {
  return matches.flatMap(({ resourceType, id }) =>
    resourceType === 'Patient' && typeof id === 'string' ? [id] : [],
  );
}

async function loadQuietly(call: Call, include: Include, patientId: string): Promise<FhirJson[]> {
  try {
    return await storedOfType(call, include.type, patientId);
  } catch (error) {
    if (error instanceof PulseError && error.code === 'not_found') return [];
    throw error;
  }
}
