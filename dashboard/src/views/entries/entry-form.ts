import type { CodeableConcept, FhirResource } from 'fhir/r4.js';
import { type Field, given, type Values } from '../../form/field.ts';

/** Who writes, about whom. */
export interface Writer {
  readonly patientId: string;
  readonly practitionerId: string;
  readonly nowMs: number;
}

/** How one kind of entry is written: its questions, and the way from answers to a resource and back. */
export interface EntryForm {
  readonly type: FhirResource['resourceType'];
  readonly fields: readonly Field[];
  /** What the fields say of a new entry. */
  readonly start: (writer: Writer) => Values;
  readonly fromResource: (resource: FhirResource) => Values;
  readonly toResource: (values: Values, writer: Writer) => FhirResource;
  /** A new version: what the form does not ask for stays as it is. */
  readonly amended: (resource: FhirResource, values: Values, writer: Writer) => FhirResource;
}

type OfType<Type> = Extract<FhirResource, { resourceType: Type }>;

interface Spec<Type extends FhirResource['resourceType']> {
  readonly type: Type;
  readonly fields: readonly Field[];
  readonly start?: (writer: Writer) => Values;
  readonly read: (resource: OfType<Type>) => Values;
  /** The members that the form asks for; undefined ones are taken away. */
  readonly members: (values: Values, writer: Writer) => Partial<OfType<Type>>;
  /** The members that a new entry has besides. */
  readonly first: (values: Values, writer: Writer) => Partial<OfType<Type>>;
}

/** A form of one resource type. */
export function entryForm<Type extends FhirResource['resourceType']>(spec: Spec<Type>): EntryForm {
  const { type, fields, start, read, members, first } = spec;
  const isOwn = (resource: FhirResource): resource is OfType<Type> =>
    resource.resourceType === type;
  return {
    type,
    fields,
    start: (writer) => start?.(writer) ?? {},
    fromResource: (resource) => (isOwn(resource) ? read(resource) : {}),
    // The two parts together are all that the type demands; the API refuses what is not.
    toResource: (values, writer) =>
      ({
        resourceType: type,
        ...first(values, writer),
        ...members(values, writer),
      }) as unknown as FhirResource,
    amended: (resource, values, writer) => ({ ...resource, ...members(values, writer) }),
  };
}

export function patientReference({ patientId }: Writer): { reference: string } {
  return { reference: `Patient/${patientId}` };
}

export function authorReference({ practitionerId }: Writer): { reference: string } {
  return { reference: `Practitioner/${practitionerId}` };
}

/** A term as it was typed. Codes that it had belonged to the former words, and stay only with them. */
export function concept(values: Values, name: string): CodeableConcept {
  return { text: given(values, name) ?? '' };
}

export function coded(system: string, code: string): CodeableConcept {
  return { coding: [{ system, code }] };
}

/** The code of a term, from a list that the form offers. */
export function codeOf(term: CodeableConcept | undefined, otherwise = ''): string {
  return term?.coding?.[0]?.code ?? otherwise;
}

/** What people read of a coded term. */
export function textOf(term: CodeableConcept | undefined): string {
  const [coding] = term?.coding ?? [];
  return term?.text ?? coding?.display ?? coding?.code ?? '';
}
