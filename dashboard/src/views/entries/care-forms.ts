import { given, localMoment, momentOf } from '../../form/field.ts';
import { TEXT } from '../../text/en.ts';
import {
  authorReference,
  coded,
  codeOf,
  concept,
  type EntryForm,
  entryForm,
  patientReference,
  textOf,
} from './entry-form.ts';

const { entries: words } = TEXT;
const CLINICAL = 'http://terminology.hl7.org/CodeSystem/condition-clinical';
const VERIFICATION = 'http://terminology.hl7.org/CodeSystem/condition-ver-status';
const ALLERGY_CLINICAL = 'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical';
const ALLERGY_VERIFICATION =
  'http://terminology.hl7.org/CodeSystem/allergyintolerance-verification';
const ACT_CODE = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';

/** A visit: it starts, is amended, and ends. */
export const VISIT_FORM: EntryForm = entryForm({
  type: 'Encounter',
  fields: [
    { name: 'class', label: words.visitKind, kind: 'choice', options: options(words.visitKinds) },
    { name: 'reason', label: words.reason, kind: 'text', required: true },
    { name: 'start', label: words.began, kind: 'moment', required: true },
    { name: 'end', label: words.ended, kind: 'moment', hint: words.endedHint },
  ],
  start: ({ nowMs }) => ({ class: 'AMB', start: localMoment(nowMs) }),
  read: (visit) => ({
    class: visit.class.code ?? 'AMB',
    reason: (visit.reasonCode ?? []).map(textOf).join(', '),
    start: localMoment(visit.period?.start),
    end: localMoment(visit.period?.end),
  }),
  members: (values) => {
    const [start, end] = [momentOf(values['start']), momentOf(values['end'])];
    return {
      status: end === undefined ? 'in-progress' : 'finished',
      class: { system: ACT_CODE, code: values['class'] ?? 'AMB' },
      reasonCode: [concept(values, 'reason')],
      period: { ...(start && { start }), ...(end && { end }) },
    };
  },
  first: (_, writer) => ({
    subject: patientReference(writer),
    participant: [{ individual: authorReference(writer) }],
  }),
});

/** A diagnosis, complaint or other problem. */
export const PROBLEM_FORM: EntryForm = entryForm({
  type: 'Condition',
  fields: [
    { name: 'what', label: words.problem, kind: 'text', required: true },
    { name: 'state', label: words.state, kind: 'choice', options: options(words.problemStates) },
    {
      name: 'certainty',
      label: words.certainty,
      kind: 'choice',
      options: options(words.certainties),
    },
    { name: 'onset', label: words.onset, kind: 'date' },
  ],
  start: () => ({ state: 'active', certainty: 'confirmed' }),
  read: (problem) => ({
    what: textOf(problem.code),
    state: codeOf(problem.clinicalStatus, 'active'),
    certainty: codeOf(problem.verificationStatus, 'confirmed'),
    onset: problem.onsetDateTime?.slice(0, 'yyyy-mm-dd'.length) ?? '',
  }),
  members: (values) => ({
    code: concept(values, 'what'),
    clinicalStatus: coded(CLINICAL, values['state'] ?? 'active'),
    verificationStatus: coded(VERIFICATION, values['certainty'] ?? 'confirmed'),
    ...dated('onsetDateTime', given(values, 'onset')),
  }),
  first: (_, writer) => ({
    subject: patientReference(writer),
    recorder: authorReference(writer),
    recordedDate: new Date(writer.nowMs).toISOString(),
  }),
});

/** An allergy or intolerance. */
export const ALLERGY_FORM: EntryForm = entryForm({
  type: 'AllergyIntolerance',
  fields: [
    { name: 'what', label: words.allergy, kind: 'text', required: true },
    { name: 'reaction', label: words.reaction, kind: 'text' },
    { name: 'risk', label: words.risk, kind: 'choice', options: options(words.risks) },
    { name: 'state', label: words.state, kind: 'choice', options: options(words.allergyStates) },
  ],
  start: () => ({ risk: 'unable-to-assess', state: 'active' }),
  read: (allergy) => ({
    what: textOf(allergy.code),
    reaction: (allergy.reaction ?? [])
      .flatMap(({ manifestation }) => manifestation.map(textOf))
      .join(', '),
    risk: allergy.criticality ?? 'unable-to-assess',
    state: codeOf(allergy.clinicalStatus, 'active'),
  }),
  members: (values) => ({
    code: concept(values, 'what'),
    reaction:
      given(values, 'reaction') === undefined
        ? undefined
        : [{ manifestation: [concept(values, 'reaction')] }],
    criticality: oneOf(words.risks, values['risk'], 'unable-to-assess'),
    clinicalStatus: coded(ALLERGY_CLINICAL, values['state'] ?? 'active'),
  }),
  first: (_, writer) => ({
    patient: patientReference(writer),
    recorder: authorReference(writer),
    verificationStatus: coded(ALLERGY_VERIFICATION, 'confirmed'),
    recordedDate: new Date(writer.nowMs).toISOString(),
  }),
});

/** A prescription; a nurse does not prescribe. */
export const MEDICATION_FORM: EntryForm = entryForm({
  type: 'MedicationRequest',
  fields: [
    { name: 'what', label: words.medication, kind: 'text', required: true },
    { name: 'dosage', label: words.dosage, kind: 'text', required: true, hint: words.dosageHint },
    { name: 'state', label: words.state, kind: 'choice', options: options(words.medicationStates) },
  ],
  start: () => ({ state: 'active' }),
  read: (order) => ({
    what: textOf(order.medicationCodeableConcept),
    dosage: (order.dosageInstruction ?? []).map(({ text }) => text ?? '').join('; '),
    state: order.status,
  }),
  members: (values) => ({
    medicationCodeableConcept: concept(values, 'what'),
    dosageInstruction: [{ text: given(values, 'dosage') ?? '' }],
    status: oneOf(words.medicationStates, values['state'], 'active'),
  }),
  first: (_, writer) => ({
    intent: 'order',
    subject: patientReference(writer),
    requester: authorReference(writer),
    authoredOn: new Date(writer.nowMs).toISOString(),
  }),
});

/** Options of a choice, from its words. */
export function options(texts: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(texts);
}

/** One of the codes that have words. */
export function oneOf<Texts extends Readonly<Record<string, string>>>(
  texts: Texts,
  code: string | undefined,
  otherwise: keyof Texts & string,
): keyof Texts & string {
  return code !== undefined && Object.hasOwn(texts, code) ? code : otherwise;
}

function dated<Name extends string>(
  name: Name,
  date: string | undefined,
): Partial<Record<Name, string>> {
  return date === undefined ? {} : ({ [name]: date } as Record<Name, string>);
}
