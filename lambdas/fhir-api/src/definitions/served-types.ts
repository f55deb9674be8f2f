/**
 * The resource types this API serves, by where they live. The capability statement, the routes, the definitions that
 * are checked against and OpenAPI are made from this table, so that none of them can say more than there is.
 */

/** Of a patient's record, each with a class of its own for the rules of access. */
export const CLINICAL_TYPES = [
  'Encounter',
  'Condition',
  'AllergyIntolerance',
  'MedicationRequest',
  'MedicationStatement',
  'Procedure',
  'Immunization',
  'DiagnosticReport',
  'Observation',
  'DocumentReference',
  'ServiceRequest',
] as const;

/** Of a patient's record, brought by imports; all of one class. */
export const OTHER_TYPES = [
  'CarePlan',
  'CareTeam',
  'Claim',
  'ClinicalImpression',
  'Communication',
  'Composition',
  'Coverage',
  'EpisodeOfCare',
  'ExplanationOfBenefit',
  'FamilyMemberHistory',
  'Flag',
  'Goal',
  'ImagingStudy',
  'List',
  'Media',
  'Medication',
  'MedicationAdministration',
  'MedicationDispense',
  'Provenance',
  'QuestionnaireResponse',
  'RelatedPerson',
  'Specimen',
] as const;

/** Of the directory: public, without login. In a patient's record they are what a sender said about somebody. */
export const DIRECTORY_TYPES = [
  'Organization',
  'Practitioner',
  'PractitionerRole',
  'Location',
] as const;

/** Shown from the ledger's own documents; nobody writes them through FHIR. */
export const VIEW_TYPES = ['Device', 'Consent', 'AuditEvent'] as const;

export type ClinicalType = (typeof CLINICAL_TYPES)[number];
export type OtherType = (typeof OTHER_TYPES)[number];
export type DirectoryType = (typeof DIRECTORY_TYPES)[number];
export type ViewType = (typeof VIEW_TYPES)[number];
/** What can be stored in a patient's record. */
export type RecordType = ClinicalType | OtherType | DirectoryType | 'Patient';
export type ServedType = RecordType | ViewType;

/** Of a patient's record, where all versions of a type are together; the directory's are with each entry. */
export const CHRONICLED_TYPES: readonly RecordType[] = [
  'Patient',
  ...CLINICAL_TYPES,
  ...OTHER_TYPES,
];

export const RECORD_TYPES: readonly RecordType[] = [...CHRONICLED_TYPES, ...DIRECTORY_TYPES];

export const SERVED_TYPES: readonly ServedType[] = [...RECORD_TYPES, ...VIEW_TYPES];

export function isServedType(name: string): name is ServedType {
  return SERVED_TYPES.some((type) => type === name);
}

export function isRecordType(name: string): name is RecordType {
  return RECORD_TYPES.some((type) => type === name);
}

export function isChronicledType(name: string): name is RecordType {
  return CHRONICLED_TYPES.some((type) => type === name);
}

export function isDirectoryType(name: string): name is DirectoryType {
  return DIRECTORY_TYPES.some((type) => type === name);
}
