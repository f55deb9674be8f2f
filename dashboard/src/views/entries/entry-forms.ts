import type { Person } from '../../session/session.ts';
import { ALLERGY_FORM, MEDICATION_FORM, PROBLEM_FORM, VISIT_FORM } from './care-forms.ts';
import type { EntryForm } from './entry-form.ts';
import { IMMUNIZATION_FORM, NOTE_FORM, PROCEDURE_FORM } from './further-forms.ts';

const FORMS: Readonly<Record<string, EntryForm>> = {
  visits: VISIT_FORM,
  problems: PROBLEM_FORM,
  allergies: ALLERGY_FORM,
  medications: MEDICATION_FORM,
  procedures: PROCEDURE_FORM,
  immunizations: IMMUNIZATION_FORM,
  notes: NOTE_FORM,
};

/** How somebody writes in a section of the chart; undefined for who only reads there. Whether it is written, the contract decides. */
export function formFor(section: string, { role }: Pick<Person, 'role'>): EntryForm | undefined {
  const isWriter = role === 'doctor' || role === 'nurse';
  if (!isWriter || !Object.hasOwn(FORMS, section)) return undefined;
  return role === 'nurse' && section === 'medications' ? undefined : FORMS[section];
}
