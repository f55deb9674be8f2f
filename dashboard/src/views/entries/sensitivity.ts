import type { FhirResource, Meta } from 'fhir/r4.js';
import type { Field, Option, Values } from '../../form/field.ts';
import { TEXT } from '../../text/en.ts';

const { sensitivity: words } = TEXT;
const ACT_CODE = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';
const CONFIDENTIALITY = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality';

const LABELS: readonly Option[] = Object.entries(words.labels);

/** Why an entry is sensitive: the patient may hide it from others, and an insurer sees it only where a consent names it. */
export const SENSITIVITY_FIELD: Field = {
  name: 'labels',
  label: words.label,
  hint: words.hint,
  kind: 'checks',
  options: LABELS,
};

/** Labels of an entry in plain words. */
export function labelTexts({ meta }: FhirResource): string[] {
  const codes = (meta?.security ?? []).map(({ code }) => code);
  return LABELS.filter(([code]) => codes.includes(code)).map(([, label]) => label);
}

export function labelValues({ meta }: FhirResource): string {
  return (meta?.security ?? []).map(({ code }) => code).join(' ');
}

/** What was there stays: the record takes no label away. */
export function withLabels(resource: FhirResource, { labels = '' }: Values): FhirResource {
  const codes = labels.split(' ').filter(Boolean);
  if (codes.length === 0) return resource;
  const security = codes.map((code) => ({
    system: code.length === 1 ? CONFIDENTIALITY : ACT_CODE,
    code,
  }));
  const meta: Meta = { ...resource.meta, security };
  return { ...resource, meta };
}
