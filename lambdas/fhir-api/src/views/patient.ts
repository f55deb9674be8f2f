import type { PatientView } from '@pulseledger/domain';
import type { Patient } from 'fhir/r4.js';

/** https://hl7.org/fhir/R4/patient.html */
export function toPatient(view: PatientView): Patient {
  const { family, given, birthDate, gender } = view.basics;
  return {
    resourceType: 'Patient',
    id: view.patientId,
    name: [{ use: 'official', family, ...(given.length > 0 ? { given: [...given] } : {}) }],
    gender,
    birthDate,
  };
}
