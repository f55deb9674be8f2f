import { type LabGroup, labGroupOf, loincCodesOf } from './lab-equivalence.ts';
import type { FhirResource } from './resource.ts';

/** Statuses of a ServiceRequest that nobody has to answer any more (https://hl7.org/fhir/R4/valueset-request-status.html). */
const CLOSED: readonly unknown[] = ['completed', 'revoked', 'entered-in-error'];

/** Has nobody to answer this order, or no more? */
export function isClosedOrder(resource: FhirResource | null): boolean {
  return resource === null || CLOSED.includes(resource['status']);
}

function groupsOf(resource: FhirResource | null): LabGroup[] {
  if (resource === null || isClosedOrder(resource)) return [];
  return loincCodesOf(resource).flatMap((code) => labGroupOf(code) ?? []);
}

/**
 * The tests that an order asks for anew, by LOINC code, as far as the table of equivalents knows them:
 * all of a new order, those that an amendment adds, and all of one that is opened again.
 */
export function testsOrdered(before: FhirResource | null, after: FhirResource | null): string[] {
  if (after === null || isClosedOrder(after)) return [];
  const had = groupsOf(before);
  const added = loincCodesOf(after).filter((code) => {
    const group = labGroupOf(code);
    return group !== undefined && !had.includes(group);
  });
  return [...new Set(added)];
}
