/** One line for a resource in a narrative: what it is, its value, when. */
import { type FhirJson, isObject } from '../definitions/fhir-json.ts';

const NAMES = ['code', 'vaccineCode', 'medicationCodeableConcept', 'type', 'deviceName'];
const TIMES = [
  'effectiveDateTime',
  'onsetDateTime',
  'occurrenceDateTime',
  'performedDateTime',
  'authoredOn',
  'recordedDate',
];

export function displayOf(resource: FhirJson): string {
  const name = NAMES.map((key) => textOf(resource[key])).find((text) => text !== undefined);
  const time = TIMES.map((key) => resource[key]).find((value) => typeof value === 'string');
  const parts = [name ?? resource.resourceType, valueOf(resource), time];
  return parts.filter((part) => part !== undefined).join(', ');
}

function textOf(value: unknown): string | undefined {
  if (Array.isArray(value)) return value.map(textOf).find((text) => text !== undefined);
  if (!isObject(value)) return undefined;
  const { text, display, code, name, coding } = value;
  const own = [text, display, name].find((one) => typeof one === 'string');
  if (typeof own === 'string') return own;
  return textOf(coding) ?? (typeof code === 'string' ? code : undefined);
}

function valueOf({ valueQuantity }: FhirJson): string | undefined {
  if (!isObject(valueQuantity)) return undefined;
  const { value, unit } = valueQuantity;
  return `${String(value)} ${typeof unit === 'string' ? unit : ''}`.trim();
}
