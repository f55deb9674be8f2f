import { z } from 'zod';
import { canonicalJson } from '../canonical-json.ts';
import { PulseError } from '../errors.ts';

/** Largest FHIR resource, as canonical JSON in UTF-8. Bytes of documents are kept elsewhere. */
export const MAX_RESOURCE_BYTES: number = 256 * 1024;
/** Deepest nesting of a resource; the deepest of the FHIR examples has about 15 levels. */
export const MAX_RESOURCE_DEPTH = 40;

/** A FHIR resource as JSON, as it was given. */
export interface FhirResource {
  readonly resourceType: string;
  readonly [name: string]: unknown;
}

function isTooDeep(resource: object): boolean {
  let level: object[] = [resource];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_RESOURCE_DEPTH) return true;
    level = level.flatMap((node) =>
      Object.values(node).filter((child: unknown) => typeof child === 'object' && child !== null),
    );
  }
  return false;
}

function isResource(value: unknown): value is FhirResource {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { resourceType } = value as { resourceType?: unknown };
  return typeof resourceType === 'string' && /^[A-Z][A-Za-z]{1,63}$/.test(resourceType);
}

/** A resource from outside: an object with a type, of bounded depth. Nothing in it is changed. */
export const FhirResource: z.ZodType<FhirResource> = z.custom<FhirResource>(
  (value) => isResource(value) && !isTooDeep(value),
  'expected a FHIR resource',
);

/** Length of a resource as it is stored. */
export function resourceBytes(resource: FhirResource): number {
  return new TextEncoder().encode(canonicalJson(resource)).length;
}

/**
 * Check the size of a resource.
 *
 * @throws PulseError `oversize`.
 */
export function requireResourceSize(resource: FhirResource): void {
  if (resourceBytes(resource) <= MAX_RESOURCE_BYTES) return;
  const limit = MAX_RESOURCE_BYTES / 1024;
  throw new PulseError('oversize', `A resource is larger than ${limit} KB; attach it as document.`);
}

/** The reference's text of a member such as `subject`; undefined when it has none. */
export function referenceOf(resource: FhirResource, member: string): string | undefined {
  const value = resource[member];
  if (typeof value !== 'object' || value === null || !('reference' in value)) return undefined;
  return typeof value.reference === 'string' ? value.reference : undefined;
}

/** Members that say of whom a resource is. */
const SUBJECT_MEMBERS = ['subject', 'patient', 'beneficiary', 'for'] as const;

/** Does the resource name another patient as the one it is about? */
export function isAboutAnother(resource: FhirResource, patientId: string): boolean {
  return SUBJECT_MEMBERS.some((member) => {
    const reference = referenceOf(resource, member);
    return reference?.startsWith('Patient/') === true && reference !== `Patient/${patientId}`;
  });
}
