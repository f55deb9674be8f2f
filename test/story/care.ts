/** Admission at the hospital; the results seen at the clinic; a test that need not be done twice. */
import { randomBytes } from 'node:crypto';
import { EquivalentsAnswer, OrderAnswer } from '@pulseledger/domain';
import type { Caller } from '../../lambdas/fhir-api/src/smart/token.ts';
import { codeIn, type Received } from '../../lambdas/fhir-api/src/testing/api.ts';
import { login, type People } from './people.ts';
import { answered, plain, type Tell } from './tell.ts';

const HOUR_MS = 3_600_000;
const LOINC = 'http://loinc.org';
const HAEMOGLOBIN = '718-7';
const CATEGORY = 'http://terminology.hl7.org/CodeSystem/observation-category';

export const BORN = { family: 'Okonkwo', birthDate: '1979-04-18' } as const;

/** Words that stand nowhere else. */
function secret(what: string): string {
  return `${what} ${randomBytes(15).toString('hex')}`;
}

/** What the hospital wrote down. */
export interface Admission {
  readonly patient: Caller;
  readonly visit: string;
  readonly result: string;
  readonly allergy: string;
}

export async function admission(tell: Tell, { doctor }: People): Promise<Admission> {
  const person = {
    resourceType: 'Patient',
    name: [{ family: BORN.family, given: ['Chidi'] }],
    ...{ birthDate: BORN.birthDate, gender: 'male' },
  };
  const registered = answered(await tell.post(doctor, 'Patient', person), 201);
  const patient = login('patient', 'hospital', registered.resource.id);
  const subject = { reference: `Patient/${patient.subjectId}` };
  const [visit, result, allergy] = [secret('fainted'), secret('low'), secret('penicillin')];
  const takenAt = new Date(Date.now() - HOUR_MS).toISOString();
  const written = [
    {
      ...{ resourceType: 'Encounter', status: 'finished', class: { code: 'EMER' }, subject },
      reasonCode: [{ text: visit }],
    },
    {
      ...{ resourceType: 'Observation', status: 'final', subject, effectiveDateTime: takenAt },
      category: [{ coding: [{ system: CATEGORY, code: 'laboratory' }] }],
      code: { coding: [{ system: LOINC, code: HAEMOGLOBIN }] },
      valueQuantity: { value: 9.1, unit: 'g/dL' },
      note: [{ text: result }],
    },
    { resourceType: 'AllergyIntolerance', patient: subject, code: { text: allergy } },
  ];
  for (const resource of written) {
    answered(await tell.post(doctor, resource.resourceType, resource), 201);
  }
  answered(await tell.get(doctor, `Patient/${patient.subjectId}/$everything`));
  return { patient, visit, result, allergy };
}

/** What the clinic saw. */
export interface Seen {
  readonly byNurse: Received;
  readonly byDoctor: Received;
  readonly equivalents: EquivalentsAnswer;
  readonly ordered: Received;
  readonly repeated: Received;
}

export async function atTheClinic(
  tell: Tell,
  { clinicDoctor, clinicNurse }: People,
  { patient }: Admission,
): Promise<Seen> {
  const { subjectId } = patient;
  const results = `Observation?patient=${subjectId}&category=laboratory`;
  const byNurse = await tell.get(clinicNurse, results);
  const relation = `patients/${subjectId}/treating/${clinicDoctor.subjectId}`;
  answered(await tell.put(patient, relation, { organization: 'clinic', untilMs: null }));
  const byDoctor = await tell.get(clinicDoctor, results);
  const asked = `patients/${subjectId}/equivalents?loinc=${HAEMOGLOBIN}`;
  const equivalents = plain(EquivalentsAnswer, await tell.get(clinicDoctor, asked));
  const resource = {
    ...{ resourceType: 'ServiceRequest', status: 'active', intent: 'order' },
    subject: { reference: `Patient/${subjectId}` },
    code: { coding: [{ system: LOINC, code: HAEMOGLOBIN }] },
  };
  const ordered = await tell.post(clinicDoctor, `patients/${subjectId}/orders`, { resource });
  const shown = equivalents.results.map(({ recordId }) => recordId);
  const repeat = { reason: 'clinical-change', text: 'bleeding since then', shown };
  const repeated = await tell.post(clinicDoctor, `patients/${subjectId}/orders`, {
    ...{ resource, repeat },
  });
  return { byNurse, byDoctor, equivalents, ordered, repeated };
}

/** Why an order was not taken. */
export function refusalOf(answer: Received): unknown {
  return [answer.status, codeIn(answer)];
}

/** Which order was placed. */
export function orderIn(answer: Received): string {
  return plain(OrderAnswer, answer, 201).recordId;
}
