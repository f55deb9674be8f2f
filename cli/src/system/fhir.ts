/** What is told of FHIR resources. */
import { z } from 'zod';
import type { Api } from './api.ts';

/** Pages that are followed; more than a chart has. */
const MAX_PAGES = 200;

export interface Resource {
  readonly resourceType: string;
  readonly id?: string | undefined;
  readonly [field: string]: unknown;
}
export const Resource: z.ZodType<Resource> = z.looseObject({
  resourceType: z.string(),
  id: z.string().optional(),
});

/** An entry of a bundle. */
export interface Entry {
  readonly resource?: Resource | undefined;
  readonly request?: { readonly method: string } | undefined;
  readonly response?:
    | { readonly etag?: string | undefined; readonly lastModified?: string | undefined }
    | undefined;
  readonly search?: { readonly mode?: string | undefined } | undefined;
}

interface Bundle {
  readonly entry?: readonly Entry[] | undefined;
  readonly link?: readonly { readonly relation: string; readonly url: string }[] | undefined;
}
const Bundle: z.ZodType<Bundle> = z.object({
  entry: z
    .array(
      z.object({
        resource: Resource.optional(),
        request: z.object({ method: z.string() }).optional(),
        response: z
          .object({ etag: z.string().optional(), lastModified: z.string().optional() })
          .optional(),
        search: z.object({ mode: z.string().optional() }).optional(),
      }),
    )
    .optional(),
  link: z.array(z.object({ relation: z.string(), url: z.string() })).optional(),
});

/** All entries of a search or history, page by page. @throws Failure */
export async function entriesAt(api: Pick<Api, 'ask'>, path: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  let next: string | undefined = path;
  for (let page = 0; next !== undefined && page < MAX_PAGES; page++) {
    const bundle: Bundle = await api.ask(next, Bundle);
    entries.push(...(bundle.entry ?? []));
    next = bundle.link?.find(({ relation }) => relation === 'next')?.url;
  }
  return entries;
}

/** The resources that a search matches. @throws Failure */
export async function resourcesAt(api: Pick<Api, 'ask'>, path: string): Promise<Resource[]> {
  const entries = await entriesAt(api, path);
  return entries.flatMap(({ resource, search }) =>
    resource === undefined || search?.mode === 'outcome' ? [] : [resource],
  );
}

const Concept = z.object({
  text: z.string().optional(),
  coding: z
    .array(z.object({ code: z.string().optional(), display: z.string().optional() }))
    .optional(),
});
const Named = z.object({ name: z.string() });
const Quantity = z.object({ value: z.number(), unit: z.string().optional() });
const Period = z.object({ start: z.string().optional() });
const Component = z.array(z.object({ code: Concept, valueQuantity: Quantity.optional() }));

/** Fields that say what a resource is about, the best first. */
const NAMES = [
  'code',
  'medicationCodeableConcept',
  'vaccineCode',
  'type',
  'category',
  'deviceName',
];
/** Fields that say when it was. */
const DATES = [
  'effectiveDateTime',
  'onsetDateTime',
  'authoredOn',
  'occurrenceDateTime',
  'performedDateTime',
  'recordedDate',
  'issued',
  'date',
];
const PERIODS = ['period', 'effectivePeriod', 'performedPeriod', 'onsetPeriod'];

/** Code or text of the first concept that a resource has. */
export function nameOf(resource: Resource): string {
  const found = NAMES.map((field) => conceptText(resource[field])).find(
    (text) => text !== undefined,
  );
  return found ?? resource.resourceType;
}

function conceptText(value: unknown): string | undefined {
  const one: unknown = Array.isArray(value) ? value[0] : value;
  const named = Named.safeParse(one).data;
  if (named !== undefined) return named.name;
  const { text, coding = [] } = Concept.safeParse(one).data ?? {};
  return text ?? coding[0]?.display ?? coding[0]?.code;
}

/** When it was, as it is written there; empty when it does not say. */
export function dateOf(resource: Resource): string {
  const date = DATES.map((field) => resource[field]).find((value) => typeof value === 'string');
  if (typeof date === 'string') return date;
  const periods = PERIODS.map((field) => Period.safeParse(resource[field]).data?.start);
  return periods.find((start) => start !== undefined) ?? '';
}

/** Status of a resource, clinical or of its own. */
export function statusOf(resource: Resource): string {
  const own = resource['status'];
  return conceptText(resource['clinicalStatus']) ?? (typeof own === 'string' ? own : '');
}

/** Its value with the unit; of a panel, of each part. */
export function valueOf(resource: Resource): string {
  const quantity = quantityText(resource['valueQuantity']);
  if (quantity !== undefined) return quantity;
  const text = resource['valueString'];
  if (typeof text === 'string') return text;
  const concept = conceptText(resource['valueCodeableConcept']);
  if (concept !== undefined) return concept;
  const parts = Component.safeParse(resource['component']).data ?? [];
  return parts
    .map(
      ({ code, valueQuantity }) =>
        `${conceptText(code) ?? ''} ${quantityText(valueQuantity) ?? '-'}`,
    )
    .join(', ');
}

function quantityText(value: unknown): string | undefined {
  const quantity = Quantity.safeParse(value).data;
  return quantity === undefined ? undefined : `${quantity.value} ${quantity.unit ?? ''}`.trim();
}
