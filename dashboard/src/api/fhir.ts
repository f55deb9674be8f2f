import type { Bundle, FhirResource, Resource } from 'fhir/r4.js';
import { z } from 'zod';
import type { ApiClient } from './client.ts';

/** Only what paging needs is checked; the API's own tests hold its resources to FHIR. */
const BundleShape: z.ZodType<Bundle> = z.custom<Bundle>(
  (value) => z.object({ resourceType: z.literal('Bundle') }).safeParse(value).success,
);

/** Pages that one list asks for. */
const MAX_PAGES = 20;

/** All matches of a search, page after page. @throws Failure */
export async function search<Type extends FhirResource['resourceType']>(
  api: ApiClient,
  type: Type,
  parameters: readonly (readonly [string, string])[],
  signal: AbortSignal,
): Promise<Extract<FhirResource, { resourceType: Type }>[]> {
  const found: Extract<FhirResource, { resourceType: Type }>[] = [];
  const query = new URLSearchParams(parameters.map(([name, value]) => [name, value]));
  let next: string | undefined = `${type}?${query.toString()}`;
  for (let page = 0; page < MAX_PAGES && next !== undefined; page += 1) {
    const bundle: Bundle = await api.ask(next, BundleShape, { signal });
    for (const { resource } of bundle.entry ?? []) {
      if (isOfType(resource, type)) found.push(resource);
    }
    next = bundle.link?.find(({ relation }) => relation === 'next')?.url;
  }
  return found;
}

function isOfType<Type extends FhirResource['resourceType']>(
  resource: Resource | undefined,
  type: Type,
): resource is Extract<FhirResource, { resourceType: Type }> {
  return resource?.resourceType === type;
}
