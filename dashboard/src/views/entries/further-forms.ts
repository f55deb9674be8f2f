import { given, localMoment, momentOf } from '../../form/field.ts';
import { TEXT } from '../../text/en.ts';
import { oneOf, options } from './care-forms.ts';
import {
  authorReference,
  concept,
  type EntryForm,
  entryForm,
  patientReference,
  textOf,
} from './entry-form.ts';

const { entries: words } = TEXT;

/** Something that was done. */
export const PROCEDURE_FORM: EntryForm = entryForm({
  type: 'Procedure',
  fields: [
    { name: 'what', label: words.procedure, kind: 'text', required: true },
    { name: 'reason', label: words.reason, kind: 'text' },
    { name: 'at', label: words.doneAt, kind: 'moment', required: true },
  ],
  start: ({ nowMs }) => ({ at: localMoment(nowMs) }),
  read: (procedure) => ({
    what: textOf(procedure.code),
    reason: (procedure.reasonCode ?? []).map(textOf).join(', '),
    at: localMoment(procedure.performedDateTime ?? procedure.performedPeriod?.start),
  }),
  members: (values) => ({
    code: concept(values, 'what'),
    reasonCode: given(values, 'reason') === undefined ? undefined : [concept(values, 'reason')],
    performedPeriod: undefined,
    performedDateTime: momentOf(values['at']),
  }),
  first: (_, writer) => ({
    status: 'completed',
    subject: patientReference(writer),
    recorder: authorReference(writer),
  }),
});

export const IMMUNIZATION_FORM: EntryForm = entryForm({
  type: 'Immunization',
  fields: [
    { name: 'what', label: words.vaccine, kind: 'text', required: true },
    { name: 'at', label: words.doneAt, kind: 'moment', required: true },
  ],
  start: ({ nowMs }) => ({ at: localMoment(nowMs) }),
  read: (immunization) => ({
    what: textOf(immunization.vaccineCode),
    at: localMoment(immunization.occurrenceDateTime),
  }),
  members: (values) => ({
    vaccineCode: concept(values, 'what'),
    occurrenceDateTime: momentOf(values['at']),
  }),
  first: (_, writer) => ({ status: 'completed', patient: patientReference(writer) }),
});

/** A clinical note: what was found and thought. It is changed by its author only. */
export const NOTE_FORM: EntryForm = entryForm({
  type: 'ClinicalImpression',
  fields: [
    { name: 'kind', label: words.noteKind, kind: 'choice', options: options(words.noteKinds) },
    { name: 'text', label: words.note, kind: 'long', required: true, maxLength: 20_000 },
  ],
  start: () => ({ kind: 'note' }),
  read: (note) => ({
    kind: keyOf(words.noteKinds, note.description) ?? 'note',
    text: note.summary ?? '',
  }),
  members: (values) => ({
    description: words.noteKinds[oneOf(words.noteKinds, values['kind'], 'note')],
    summary: given(values, 'text') ?? '',
  }),
  first: (_, writer) => ({
    status: 'completed',
    subject: patientReference(writer),
    assessor: authorReference(writer),
    date: new Date(writer.nowMs).toISOString(),
  }),
});

function keyOf(
  texts: Readonly<Record<string, string>>,
  text: string | undefined,
): string | undefined {
  return Object.entries(texts).find(([, one]) => one === text)?.[0];
}
