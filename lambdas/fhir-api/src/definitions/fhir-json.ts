/** FHIR resources as JSON, as they come and go; what stands in them is checked against the definitions. */
import type { FhirResource } from 'fhir/r4.js';
import { z } from 'zod';

/** A resource of any type. */
export interface FhirJson {
  readonly resourceType: string;
  readonly [element: string]: unknown;
}

export type JsonObject = Readonly<Record<string, unknown>>;

/** A Bundle is deeper than what is stored (MAX_RESOURCE_DEPTH) by its own levels. */
const MAX_DEPTH = 64;

/** Without calling itself, so that no depth can exhaust the stack. */
function isTooDeep(value: object): boolean {
  let level: object[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) return true;
    level = level.flatMap((node) =>
      Object.values(node).filter((child: unknown) => typeof child === 'object' && child !== null),
    );
  }
  return false;
}

export const FhirJson: z.ZodType<FhirJson> = z
  .looseObject({ resourceType: z.string().min(1).max(64) })
  .refine((value) => !isTooDeep(value), 'nested too deep');

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The objects at an element, whether it repeats or not. */
export function objectsAt(value: unknown): JsonObject[] {
  return (Array.isArray(value) ? value : [value]).filter(isObject);
}

/** A changed copy of a JSON value: what `change` gives for an object is what it becomes; undefined leaves it. */
export function mapObjects(
  value: unknown,
  change: (object: JsonObject) => JsonObject | undefined,
): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => mapObjects(item, change));
  if (!isObject(value)) return value;
  const changed = change(value) ?? value;
  return Object.fromEntries(
    Object.entries(changed).map(([name, member]) => [name, mapObjects(member, change)]),
  );
}

/** All objects in a value, from the outside in. */
export function* objectsIn(value: unknown): Generator<JsonObject> {
  if (Array.isArray(value)) {
    for (const item of value) yield* objectsIn(item);
  } else if (isObject(value)) {
    yield value;
    for (const member of Object.values(value)) yield* objectsIn(member);
  }
}

/** The typed name for what was checked when it was stored. */
export const asResource: (resource: FhirJson) => FhirResource = (resource) =>
  AnyResource.parse(resource);

const AnyResource = z.custom<FhirResource>(
  (value) => isObject(value) && typeof value['resourceType'] === 'string',
);
