import type { FhirResource } from 'fhir/r4.js';
import { z } from 'zod';
import type { ApiClient } from './client.ts';

/** Only that it is a resource is checked; the API's own tests hold its resources to FHIR. */
const ResourceShape: z.ZodType<FhirResource> = z.custom<FhirResource>(
  (value) => z.object({ resourceType: z.string(), id: z.string() }).safeParse(value).success,
);

/** https://www.rfc-editor.org/rfc/rfc3986 names the space of `urn:uuid:` in FHIR identifiers. */
const URI_SYSTEM = 'urn:ietf:rfc:3986';

/** A name for something that is about to be made: made once, however often it is sent. */
export function newKey(): string {
  return `urn:uuid:${crypto.randomUUID()}`;
}

/** Makes a resource; sent again with the same key, it is the same resource. @throws Failure */
export function create(
  api: ApiClient,
  resource: FhirResource,
  key: string | undefined,
): Promise<FhirResource> {
  if (key === undefined) {
    return api.ask(resource.resourceType, ResourceShape, { method: 'POST', body: resource });
  }
  const body = { ...resource, identifier: [{ system: URI_SYSTEM, value: key }] };
  const headers = { 'if-none-exist': `identifier=${URI_SYSTEM}|${key}` };
  return api.ask(resource.resourceType, ResourceShape, { method: 'POST', body, headers });
}

/** Amends what was read, unless somebody else has done so since. @throws Failure with status 412 then */
export function amend(api: ApiClient, resource: FhirResource): Promise<FhirResource> {
  const { resourceType, id = '', meta } = resource;
  const headers = { 'if-match': `W/"${meta?.versionId ?? ''}"` };
  return api.ask(`${resourceType}/${id}`, ResourceShape, {
    method: 'PUT',
    body: resource,
    headers,
  });
}

/** The present version. @throws Failure */
export function readAgain(
  api: ApiClient,
  { resourceType, id = '' }: FhirResource,
): Promise<FhirResource> {
  return api.ask(`${resourceType}/${id}`, ResourceShape);
}
