import { PulseError } from '../errors.ts';
import { GENDERS, PatientBasics } from '../record/submit.ts';
import type { FhirResource } from './resource.ts';

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((part) => typeof part === 'string') : [];
}

/** The official name, else the first one. */
function nameOf(resource: FhirResource): Record<string, unknown> | undefined {
  const names = Array.isArray(resource['name']) ? resource['name'].filter(isObject) : [];
  return names.find(({ use }) => use === 'official') ?? names[0];
}

/**
 * What the record needs to know of a patient, from a FHIR Patient.
 *
 * @throws PulseError `invalid_input` when name or birth date are missing or too long.
 */
export function basicsOfPatient(resource: FhirResource): PatientBasics {
  const name = nameOf(resource) ?? {};
  const gender = GENDERS.find((known) => known === resource['gender']) ?? 'unknown';
  const parsed = PatientBasics.safeParse({
    family: name['family'] ?? name['text'],
    given: textsOf(name['given']).slice(0, 10),
    birthDate: resource['birthDate'],
    gender,
  });
  if (parsed.success) return parsed.data;
  throw new PulseError(
    'invalid_input',
    'A Patient needs a name and a birth date to be registered.',
  );
}
