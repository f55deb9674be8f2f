import type { FhirResource } from 'fhir/r4.js';
import { TEXT } from '../../text/en.ts';
import { textOf } from '../entries/entry-form.ts';
import { measuredLine } from './measured-line.ts';

/** One line of a section: what, when, in which state. */
export interface RecordLine {
  readonly id: string;
  readonly title: string;
  readonly detail: string;
  readonly state: string;
  /** FHIR date or dateTime; empty when none is stated. */
  readonly when: string;
}

/** A section of the chart that is a list. */
export interface RecordSection {
  readonly key: string;
  readonly label: string;
  readonly type: FhirResource['resourceType'];
  readonly parameters: readonly (readonly [string, string])[];
  readonly line: (resource: FhirResource) => RecordLine;
}

const { sections } = TEXT.chart;

export const RECORD_SECTIONS: readonly RecordSection[] = [
  section('problems', 'Condition', (resource) =>
    resource.resourceType === 'Condition'
      ? {
          title: textOf(resource.code),
          detail: '',
          state: textOf(resource.clinicalStatus),
          when: resource.onsetDateTime ?? resource.recordedDate ?? '',
        }
      : {},
  ),
  section('allergies', 'AllergyIntolerance', (resource) =>
    resource.resourceType === 'AllergyIntolerance'
      ? {
          title: textOf(resource.code),
          detail: (resource.reaction ?? [])
            .flatMap(({ manifestation }) => manifestation.map(textOf))
            .join(', '),
          state: [textOf(resource.clinicalStatus), resource.criticality ?? '']
            .filter(Boolean)
            .join(', '),
          when: resource.onsetDateTime ?? resource.recordedDate ?? '',
        }
      : {},
  ),
  section('medications', 'MedicationRequest', (resource) =>
    resource.resourceType === 'MedicationRequest'
      ? {
          title:
            textOf(resource.medicationCodeableConcept) ||
            (resource.medicationReference?.display ?? ''),
          detail: (resource.dosageInstruction ?? [])
            .map(({ text }) => text ?? '')
            .filter(Boolean)
            .join('; '),
          state: resource.status,
          when: resource.authoredOn ?? '',
        }
      : {},
  ),
  section('visits', 'Encounter', (resource) =>
    resource.resourceType === 'Encounter'
      ? {
          title:
            (resource.type ?? []).map(textOf).join(', ') ||
            (resource.class.display ?? resource.class.code ?? ''),
          detail: (resource.reasonCode ?? []).map(textOf).join(', '),
          state: resource.status,
          when: resource.period?.start ?? '',
        }
      : {},
  ),
  section('procedures', 'Procedure', (resource) =>
    resource.resourceType === 'Procedure'
      ? {
          title: textOf(resource.code),
          detail: (resource.reasonCode ?? []).map(textOf).join(', '),
          state: resource.status,
          when: resource.performedDateTime ?? resource.performedPeriod?.start ?? '',
        }
      : {},
  ),
  section('immunizations', 'Immunization', (resource) =>
    resource.resourceType === 'Immunization'
      ? {
          title: textOf(resource.vaccineCode),
          detail: '',
          state: resource.status,
          when: resource.occurrenceDateTime ?? '',
        }
      : {},
  ),
  section('notes', 'ClinicalImpression', (resource) =>
    resource.resourceType === 'ClinicalImpression'
      ? {
          title: resource.description ?? '',
          detail: resource.summary ?? '',
          when: resource.date ?? '',
        }
      : {},
  ),
];

/** Reports stand with the results. */
export const REPORTS: RecordSection = {
  ...section('results', 'DiagnosticReport', (resource) =>
    resource.resourceType === 'DiagnosticReport'
      ? {
          title: textOf(resource.code),
          detail: resource.conclusion ?? '',
          state: resource.status,
          when: resource.effectiveDateTime ?? resource.issued ?? '',
        }
      : {},
  ),
  label: TEXT.results.reports,
};

export const ORDERS: RecordSection = section('orders', 'ServiceRequest', (resource) =>
  resource.resourceType === 'ServiceRequest'
    ? {
        title: textOf(resource.code),
        detail: (resource.reasonCode ?? []).map(textOf).join(', '),
        state: resource.status,
        when: resource.authoredOn ?? '',
      }
    : {},
);

/** Lines of resources of any kind that a section knows; the others by their type alone. */
export function linesOf(resources: readonly object[]): RecordLine[] {
  return resources.flatMap((resource) => {
    if (!isResource(resource)) return [];
    const known = [...RECORD_SECTIONS, REPORTS, ORDERS].find(
      ({ type }) => type === resource.resourceType,
    );
    const line = known?.line(resource) ?? { ...emptyLine(resource), ...measuredLine(resource) };
    return [line.title === '' ? { ...line, title: resource.resourceType } : line];
  });
}

function isResource(value: object): value is FhirResource {
  return 'resourceType' in value && typeof value.resourceType === 'string';
}

function emptyLine({ id }: FhirResource): RecordLine {
  return { id: id ?? '', title: '', detail: '', state: '', when: '' };
}

function section(
  key: keyof typeof sections,
  type: FhirResource['resourceType'],
  line: (resource: FhirResource) => Partial<RecordLine>,
): RecordSection {
  return {
    key,
    label: sections[key],
    type,
    parameters: [['_count', '100']],
    line: (resource) => ({ ...emptyLine(resource), ...line(resource) }),
  };
}
