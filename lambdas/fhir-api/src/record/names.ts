/** Who people are, as the directory has them; the ledger's logs and relations name nobody. */
import { MAX_DIRECTORY_PAGE, PulseError } from '@pulseledger/domain';
import type { FhirJson } from '../definitions/fhir-json.ts';
import { namesIn } from '../views/person-name.ts';
import type { DirectoryPort } from './clinical-port.ts';

/** Names by the id of the person. Whoever is not in the directory has none here. */
export type Names = ReadonlyMap<string, string>;

/**
 * Those of these people whom the directory names: everybody for whom their organization made an entry, whatever their
 * role. A directory that does not answer is no reason to hide who looked or who treats: then nobody has a name.
 */
export async function namesOf(directory: DirectoryPort, people: readonly string[]): Promise<Names> {
  const ids = [...new Set(people)];
  const pages: string[][] = [];
  for (let at = 0; at < ids.length; at += MAX_DIRECTORY_PAGE) {
    pages.push(ids.slice(at, at + MAX_DIRECTORY_PAGE));
  }
  try {
    const found = await Promise.all(pages.map((page) => directory.readAll('Practitioner', page)));
    return new Map(found.flat().flatMap(({ id, resource }) => nameOf(id, resource)));
  } catch (error) {
    if (error instanceof PulseError) return new Map();
    throw error;
  }
}

function nameOf(id: string, resource: FhirJson): [string, string][] {
  const [name] = namesIn(resource);
  return name === undefined ? [] : [[id, name]];
}
