/** The files beside the project that FHIR tests read; a checkout without them skips those tests. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { FhirJson } from '../../lambdas/fhir-api/src/definitions/fhir-json.ts';

const DATA = join(process.cwd(), '..', 'shared', 'data');

export interface SourceEntry {
  readonly fullUrl?: string | undefined;
  readonly resource: FhirJson;
}

export interface SourceBundle {
  readonly name: string;
  readonly type: string;
  readonly entry: readonly SourceEntry[];
}

const Source = z.object({
  type: z.string(),
  entry: z.array(z.object({ fullUrl: z.string().optional(), resource: FhirJson })),
});

/** Bundles of a folder of ../shared/data, in the order of their names. */
export function bundlesIn(folder: 'synthea' | 'ips'): SourceBundle[] {
  const path = join(DATA, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => ({
      name,
      ...Source.parse(JSON.parse(readFileSync(join(path, name), 'utf8'))),
    }));
}

/** Is it a patient's own, rather than a directory? */
export function isOfPatient({ entry }: SourceBundle): boolean {
  return entry.some(({ resource }) => resource.resourceType === 'Patient');
}
