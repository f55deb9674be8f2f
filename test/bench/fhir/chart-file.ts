/** A patient's chart as a file of invented resources: what a hospital has of somebody after some years. */
import { randomUUID } from 'node:crypto';

export interface ChartEntry {
  readonly fullUrl: string;
  readonly resource: { readonly resourceType: string } & Readonly<Record<string, unknown>>;
}

const CODES = 'http://terminology.hl7.org/CodeSystem';
const DAY_MS = 86_400_000;
const FIRST_DAY_MS = Date.UTC(2021, 0, 4);
/** In tests of blood, by turns: LOINC, name, unit, value. */
const TESTS = [
  ['718-7', 'Hemoglobin [Mass/volume] in Blood', 'g/dL', 13.6],
  ['2160-0', 'Creatinine [Mass/volume] in Serum or Plasma', 'mg/dL', 0.9],
  ['2823-3', 'Potassium [Moles/volume] in Serum or Plasma', 'mmol/L', 4.1],
  ['4548-4', 'Hemoglobin A1c/Hemoglobin.total in Blood', '%', 5.6],
] as const;

interface About {
  /** References. */
  readonly subject: object;
  readonly encounter: object;
  readonly at: string;
  readonly number: number;
}

type Make = (about: About) => ChartEntry['resource'];

function coded(system: string, code: string, display?: string): object {
  return { coding: [{ system, code, ...(display === undefined ? {} : { display }) }] };
}

const observation: Make = ({ subject, encounter, at, number }) => {
  const [code, display, unit, value] = TESTS[number % TESTS.length] ?? TESTS[0];
  return {
    ...{ resourceType: 'Observation', status: 'final', subject, encounter },
    category: [coded(`${CODES}/observation-category`, 'laboratory')],
    code: coded('http://loinc.org', code, display),
    effectiveDateTime: at,
    valueQuantity: { value, unit, system: 'http://unitsofmeasure.org', code: unit },
  };
};

const condition: Make = ({ subject, encounter, at }) => ({
  ...{ resourceType: 'Condition', subject, encounter, onsetDateTime: at },
  clinicalStatus: coded(`${CODES}/condition-clinical`, 'active'),
  verificationStatus: coded(`${CODES}/condition-ver-status`, 'confirmed'),
  code: coded('http://snomed.info/sct', '195662009', 'Acute viral pharyngitis'),
});

const medicationRequest: Make = ({ subject, encounter, at }) => ({
  ...{ resourceType: 'MedicationRequest', status: 'active', intent: 'order', subject, encounter },
  medicationCodeableConcept: coded(
    'http://www.nlm.nih.gov/research/umls/rxnorm',
    '308136',
    'amlodipine 2.5 MG Oral Tablet',
  ),
  authoredOn: at,
});

const procedure: Make = ({ subject, encounter, at }) => ({
  ...{ resourceType: 'Procedure', status: 'completed', subject, encounter },
  code: coded('http://snomed.info/sct', '171207006', 'Depression screening'),
  performedDateTime: at,
});

const immunization: Make = ({ subject, encounter, at }) => ({
  ...{ resourceType: 'Immunization', status: 'completed', patient: subject, encounter },
  vaccineCode: coded('http://hl7.org/fhir/sid/cvx', '140', 'Influenza, seasonal'),
  occurrenceDateTime: at,
});

const allergy: Make = ({ subject, at }) => ({
  ...{ resourceType: 'AllergyIntolerance', patient: subject, recordedDate: at },
  clinicalStatus: coded(`${CODES}/allergyintolerance-clinical`, 'active'),
  verificationStatus: coded(`${CODES}/allergyintolerance-verification`, 'confirmed'),
  code: coded('http://snomed.info/sct', '91935009', 'Allergy to peanut'),
});

/** A visit brings these, with as many tests as there are; one in ten another allergy. */
const OF_A_VISIT: readonly Make[] = [
  observation,
  observation,
  observation,
  observation,
  condition,
  medicationRequest,
  procedure,
  immunization,
];

function visit(subject: object, at: string): ChartEntry {
  const resource = {
    ...{ resourceType: 'Encounter', status: 'finished', subject },
    class: { system: `${CODES}/v3-ActCode`, code: 'AMB' },
    period: { start: at, end: at },
  };
  return { fullUrl: `urn:uuid:${randomUUID()}`, resource };
}

/** So many resources, the patient first; their references name each other by `fullUrl`. */
export function chartFile(resources: number): ChartEntry[] {
  const patient: ChartEntry = {
    fullUrl: `urn:uuid:${randomUUID()}`,
    resource: {
      resourceType: 'Patient',
      name: [{ family: 'Bench', given: ['Chart'] }],
      gender: 'female',
      birthDate: '1961-07-23',
    },
  };
  const subject = { reference: patient.fullUrl };
  const file = [patient];
  for (let number = 0; file.length < resources; number += 1) {
    const at = new Date(FIRST_DAY_MS + number * 20 * DAY_MS).toISOString();
    const encounter = visit(subject, at);
    const about = { subject, encounter: { reference: encounter.fullUrl }, at };
    const makes = number % 10 === 0 ? [...OF_A_VISIT, allergy] : OF_A_VISIT;
    file.push(
      encounter,
      ...makes.map((make, index) => ({
        fullUrl: `urn:uuid:${randomUUID()}`,
        resource: make({ ...about, number: index }),
      })),
    );
  }
  return file.slice(0, resources);
}
