/** The values that a search parameter finds in a resource: its paths of the R4 definitions, walked. */
import { type FhirJson, isObject, type JsonObject } from '../definitions/fhir-json.ts';
import type { SearchPath } from './parameters.ts';

/** Every value at any of the paths. */
export function valuesAt(resource: FhirJson, paths: readonly SearchPath[]): unknown[] {
  return paths.flatMap((path) => {
    const found = walkPath(resource, path.segments, path.type);
    return found.filter((value) => isWanted(value, path));
  });
}

function walkPath(
  start: JsonObject,
  segments: readonly string[],
  type: string | undefined,
): unknown[] {
  let found: unknown[] = [start];
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1;
    found = found.flatMap((value) =>
      isObject(value) ? step(value, segment, isLast ? type : undefined) : [],
    );
  }
  return found;
}

/** An element by its name, or a choice of types by its beginning (`value` finds `valueQuantity`). */
function step(value: JsonObject, segment: string, type: string | undefined): unknown[] {
  if (type !== undefined) {
    return listed(value[`${segment}${type.charAt(0).toUpperCase()}${type.slice(1)}`]);
  }
  if (Object.hasOwn(value, segment)) return listed(value[segment]);
  return Object.keys(value)
    .filter((key) => isChoice(key, segment))
    .flatMap((key) => listed(value[key]));
}

const CHOICE_TYPES = new Set(
  'Age,Annotation,Attachment,Boolean,Canonical,Code,CodeableConcept,Coding,ContactPoint,Date,DateTime,Decimal,Duration,Identifier,Instant,Integer,Money,Period,Quantity,Range,Ratio,Reference,SampledData,String,Time,Timing,Uri'.split(
    ',',
  ),
);

function isChoice(key: string, segment: string): boolean {
  return key.startsWith(segment) && CHOICE_TYPES.has(key.slice(segment.length));
}

function listed(value: unknown): unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

function isWanted(value: unknown, { target, system }: SearchPath): boolean {
  if (target !== undefined) {
    return isObject(value) && typeOfReference(value['reference']) === target;
  }
  return system === undefined || (isObject(value) && value['system'] === system);
}

/** `Patient` of `Patient/1`, `Patient/1/_history/2` and `https://server/Patient/1`. */
export function typeOfReference(reference: unknown): string | undefined {
  return splitReference(reference)?.type;
}

export interface LocalReference {
  readonly type: string;
  readonly id: string;
}

const REFERENCE =
  /(?:^|\/)([A-Z][A-Za-z]+)\/([A-Za-z0-9\-.]{1,64})(?:\/_history\/[A-Za-z0-9\-.]{1,64})?$/;

/** Type and id of a literal reference; undefined for what is none, as `#contained` and `urn:uuid:`. */
export function splitReference(reference: unknown): LocalReference | undefined {
  if (typeof reference !== 'string') return undefined;
  const [, type, id] = REFERENCE.exec(reference) ?? [];
  return type === undefined || id === undefined ? undefined : { type, id };
}
