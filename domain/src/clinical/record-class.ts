import type { RecordClass } from '../access/vocabulary.ts';
import type { FhirResource } from './resource.ts';

/** Resource types with one class each; every other type is `other`. */
const CLASS_OF_TYPE: ReadonlyMap<string, RecordClass> = new Map([
  ['Patient', 'basics'],
  ['Encounter', 'encounter'],
  ['EpisodeOfCare', 'encounter'],
  ['Condition', 'condition'],
  ['AllergyIntolerance', 'allergy'],
  ['MedicationRequest', 'medication'],
  ['MedicationStatement', 'medication'],
  ['MedicationAdministration', 'medication'],
  ['MedicationDispense', 'medication'],
  ['Medication', 'medication'],
  ['Procedure', 'procedure'],
  ['Immunization', 'immunization'],
  ['DiagnosticReport', 'report'],
  ['ServiceRequest', 'order'],
  ['DocumentReference', 'document'],
  ['ClinicalImpression', 'note'],
  ['Device', 'device'],
  ['DeviceUseStatement', 'device'],
]);

/** Resources that are no record of one patient: their place is the exchange, never the store. */
const NOT_STORED: ReadonlySet<string> = new Set(['Bundle', 'Parameters', 'OperationOutcome']);

/** Codes of http://terminology.hl7.org/CodeSystem/observation-category, by the class they make. */
const CLASS_OF_CATEGORY: ReadonlyMap<string, RecordClass> = new Map([
  ['laboratory', 'result'],
  ['vital-signs', 'vitals'],
]);

/** LOINC document types of clinical notes kept as DocumentReference: these may be of class `note`. */
const NOTE_TYPE = 'DocumentReference';

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function listOf(value: unknown): readonly Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function categoriesOf(resource: FhirResource): unknown[] {
  return listOf(resource['category']).flatMap(({ coding }) =>
    listOf(coding).map(({ code }) => code),
  );
}

/** An Observation is a laboratory result or a vital sign by its category, else `other`. */
function classOfObservation(resource: FhirResource): RecordClass {
  const categories = categoriesOf(resource);
  const known = [...CLASS_OF_CATEGORY].find(([code]) => categories.includes(code));
  return known?.[1] ?? 'other';
}

/**
 * The class in which a resource is stored, opened and shared; undefined for a type that is not
 * stored. It follows from the resource alone, so that nobody files a prescription as something else.
 */
export function classOfResource(resource: FhirResource): RecordClass | undefined {
  const { resourceType } = resource;
  if (NOT_STORED.has(resourceType)) return undefined;
  if (resourceType === 'Observation') return classOfObservation(resource);
  return CLASS_OF_TYPE.get(resourceType) ?? 'other';
}

/** May this resource be filed in this class? A document may also be filed as a clinical note. */
export function isOfClass(resource: FhirResource, recordClass: RecordClass): boolean {
  if (resource.resourceType === NOTE_TYPE && recordClass === 'note') return true;
  return classOfResource(resource) === recordClass;
}

/** The classes in which resources of a type can stand: where a search for the type looks. */
export function classesOfType(resourceType: string): readonly RecordClass[] {
  if (NOT_STORED.has(resourceType)) return [];
  if (resourceType === 'Observation') return ['result', 'vitals', 'other'];
  if (resourceType === NOTE_TYPE) return ['document', 'note'];
  return [CLASS_OF_TYPE.get(resourceType) ?? 'other'];
}

/**
 * Does a contained resource prescribe within a resource of another class? It would go round the rule
 * that a nurse does not prescribe.
 */
export function hidesPrescription(resource: FhirResource, recordClass: RecordClass): boolean {
  if (recordClass === 'medication') return false;
  return listOf(resource['contained']).some(({ resourceType }) => {
    const known = typeof resourceType === 'string' ? CLASS_OF_TYPE.get(resourceType) : undefined;
    return known === 'medication' && resourceType !== 'Medication';
  });
}
