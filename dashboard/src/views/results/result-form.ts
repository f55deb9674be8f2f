import type { Observation, Quantity } from 'fhir/r4.js';
import { type Field, given, localMoment, momentOf } from '../../form/field.ts';
import { TEXT } from '../../text/en.ts';
import { oneOf, options } from '../entries/care-forms.ts';
import {
  authorReference,
  type EntryForm,
  entryForm,
  patientReference,
  type Writer,
} from '../entries/entry-form.ts';
import { TESTS } from './lab-series.ts';

const { results: words } = TEXT;
const LOINC = 'http://loinc.org';
const UCUM = 'http://unitsofmeasure.org';
const CATEGORY = 'http://terminology.hl7.org/CodeSystem/observation-category';

/** Which test; the list is that of the equivalents. */
export const TEST_FIELD: Field = {
  name: 'test',
  label: words.test,
  kind: 'choice',
  required: true,
  options: [['', words.chooseTest], ...TESTS.map(({ loinc, name }) => [loinc, name] as const)],
};

/** A test as FHIR codes it. */
export function testConcept(loinc: string | undefined): Observation['code'] {
  const name = TESTS.find((test) => test.loinc === loinc)?.name;
  return {
    coding: [{ system: LOINC, code: loinc ?? '' }],
    ...(name === undefined ? {} : { text: name }),
  };
}

const FIELDS: readonly Field[] = [
  { name: 'value', label: words.value, kind: 'number', required: true },
  { name: 'unit', label: words.unit, kind: 'text', required: true, hint: words.unitHint },
  { name: 'taken', label: words.taken, kind: 'moment', required: true },
  { name: 'state', label: words.state, kind: 'choice', options: options(words.states) },
];

/** A laboratory result that a clinician writes. */
export const RESULT_FORM: EntryForm = resultForm([TEST_FIELD, ...FIELDS], (values) => ({
  code: testConcept(given(values, 'test')),
}));

/** What a laboratory answers an order with: the test is the order's. */
export function answerForm(orderId: string, code: Observation['code']): EntryForm {
  return resultForm(FIELDS, () => ({
    code,
    basedOn: [{ reference: `ServiceRequest/${orderId}` }],
  }));
}

function resultForm(
  fields: readonly Field[],
  more: (values: Readonly<Record<string, string>>) => Partial<Observation>,
): EntryForm {
  return entryForm({
    type: 'Observation',
    fields,
    start: ({ nowMs }) => ({ taken: localMoment(nowMs), state: 'final' }),
    read: ({ code, valueQuantity, effectiveDateTime, status }) => ({
      test: code.coding?.find(({ system }) => system === LOINC)?.code ?? '',
      value: String(valueQuantity?.value ?? ''),
      unit: valueQuantity?.code ?? valueQuantity?.unit ?? '',
      taken: localMoment(effectiveDateTime),
      state: status,
    }),
    members: (values) => ({
      status: oneOf(words.states, values['state'], 'final'),
      valueQuantity: quantity(values['value'] ?? '', given(values, 'unit') ?? ''),
      effectiveDateTime: momentOf(values['taken']),
      ...more(values),
    }),
    first: (_, writer: Writer) => ({
      category: [{ coding: [{ system: CATEGORY, code: 'laboratory' }] }],
      subject: patientReference(writer),
      performer: [authorReference(writer)],
    }),
  });
}

function quantity(value: string, unit: string): Quantity {
  return { value: Number(value), unit, system: UCUM, code: unit };
}
