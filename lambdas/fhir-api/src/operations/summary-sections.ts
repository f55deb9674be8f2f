/** The sections of an International Patient Summary and what belongs into each (IPS 1.1, section codes are LOINC). */
import { type FhirJson, isObject } from '../definitions/fhir-json.ts';

export interface SectionPlan {
  readonly title: string;
  readonly code: string;
  readonly display: string;
  readonly types: readonly string[];
  readonly accepts: (resource: FhirJson) => boolean;
}

const always = (): boolean => true;
const WRONG = ['entered-in-error', 'refuted', 'cancelled', 'not-done'];

function codesIn(value: unknown): unknown[] {
  if (Array.isArray(value)) return value.flatMap(codesIn);
  if (!isObject(value)) return [value];
  const { coding } = value;
  return Array.isArray(coding) ? coding.filter(isObject).map(({ code }) => code) : [];
}

function has(resource: FhirJson, name: string, codes: readonly string[]): boolean {
  return codesIn(resource[name]).some((code) => typeof code === 'string' && codes.includes(code));
}

function isRight(resource: FhirJson): boolean {
  return !has(resource, 'status', WRONG) && !has(resource, 'verificationStatus', WRONG);
}

const OVER = ['inactive', 'resolved', 'remission'];
const LABORATORY = ['laboratory'];
const VITAL = ['vital-signs'];
const SOCIAL = ['social-history'];
const STOPPED = ['stopped', 'completed', 'cancelled', 'draft', 'entered-in-error'];

export const SECTIONS: readonly SectionPlan[] = [
  {
    title: 'Allergies and Intolerances',
    code: '48765-2',
    display: 'Allergies and adverse reactions Document',
    types: ['AllergyIntolerance'],
    accepts: isRight,
  },
  {
    title: 'Problems',
    code: '11450-4',
    display: 'Problem list - Reported',
    types: ['Condition'],
    accepts: (one) => isRight(one) && !has(one, 'clinicalStatus', OVER),
  },
  {
    title: 'Medication Summary',
    code: '10160-0',
    display: 'History of Medication use Narrative',
    types: ['MedicationRequest', 'MedicationStatement'],
    accepts: (one) => !has(one, 'status', STOPPED),
  },
  {
    title: 'Immunizations',
    code: '11369-6',
    display: 'History of Immunization Narrative',
    types: ['Immunization'],
    accepts: isRight,
  },
  {
    title: 'Results',
    code: '30954-2',
    display: 'Relevant diagnostic tests/laboratory data Narrative',
    types: ['Observation', 'DiagnosticReport'],
    accepts: (one) =>
      isRight(one) && (one.resourceType === 'DiagnosticReport' || has(one, 'category', LABORATORY)),
  },
  {
    title: 'History of Procedures',
    code: '47519-4',
    display: 'History of Procedures Document',
    types: ['Procedure'],
    accepts: isRight,
  },
  {
    title: 'Medical Devices',
    code: '46264-8',
    display: 'History of medical device use',
    types: ['Device'],
    accepts: always,
  },
  {
    title: 'Past Illness History',
    code: '11348-0',
    display: 'History of Past illness Narrative',
    types: ['Condition'],
    accepts: (one) => isRight(one) && has(one, 'clinicalStatus', OVER),
  },
  {
    title: 'Vital Signs',
    code: '8716-3',
    display: 'Vital signs',
    types: ['Observation'],
    accepts: (one) => has(one, 'category', VITAL),
  },
  {
    title: 'Social History',
    code: '29762-2',
    display: 'Social history Narrative',
    types: ['Observation'],
    accepts: (one) => isRight(one) && has(one, 'category', SOCIAL),
  },
  {
    title: 'Plan of Care',
    code: '18776-5',
    display: 'Plan of care note',
    types: ['CarePlan'],
    accepts: isRight,
  },
];
