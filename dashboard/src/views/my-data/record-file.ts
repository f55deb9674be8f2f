import type { Bundle, BundleEntry } from 'fhir/r4.js';
import { z } from 'zod';
import type { ApiClient } from '../../api/client.ts';

const BundleShape: z.ZodType<Bundle> = z.custom<Bundle>(
  (value) => z.object({ resourceType: z.literal('Bundle') }).safeParse(value).success,
);
/** A page is 200 resources; a year of five signals is well below that many pages. */
const MAX_PAGES = 5_000;

/**
 * All pages of `$everything` as one collection Bundle.
 * @param onPage told how many entries there are by now
 * @throws Failure, also when there is more than one file may hold: a part would look like the whole
 */
export async function collectRecord(
  api: ApiClient,
  patientId: string,
  signal: AbortSignal,
  onPage: (entries: number) => void,
): Promise<Blob> {
  const entry: BundleEntry[] = [];
  let next: string | undefined = `Patient/${patientId}/$everything`;
  for (let page = 0; next !== undefined; page += 1) {
    if (page === MAX_PAGES) throw new RangeError('The record has more pages than one file holds.');
    const bundle: Bundle = await api.ask(next, BundleShape, { signal });
    entry.push(...(bundle.entry ?? []).map(({ fullUrl, resource }) => entryOf(fullUrl, resource)));
    onPage(entry.length);
    next = bundle.link?.find(({ relation }) => relation === 'next')?.url;
  }
  const whole: Bundle = {
    resourceType: 'Bundle',
    type: 'collection',
    timestamp: new Date().toISOString(),
    entry,
  };
  return new Blob([JSON.stringify(whole)], { type: 'application/fhir+json' });
}

/** Search results have a mode; entries of a collection have none. */
function entryOf(fullUrl: string | undefined, resource: BundleEntry['resource']): BundleEntry {
  return {
    ...(fullUrl === undefined ? {} : { fullUrl }),
    ...(resource === undefined ? {} : { resource }),
  };
}
