/** References between the entries of a transaction: https://hl7.org/fhir/R4/bundle.html#references */
import { PulseError } from '@pulseledger/domain';
import { type FhirJson, isObject, mapObjects } from '../definitions/fhir-json.ts';
import { asJson } from '../interactions/incoming.ts';

/** From what entries are called in the Bundle (`urn:uuid:…`) to where they will be. */
export type Names = ReadonlyMap<string, string>;

/** With every reference to an entry pointing to where the entry will be; also in narratives and plain URIs. */
export function withNames(resource: FhirJson, names: Names): FhirJson {
  return asJson(
    mapObjects(resource, (object) => {
      const entries = Object.entries(object).map(([key, value]) => [
        key,
        renamed(key, value, names),
      ]);
      const changed: unknown = Object.fromEntries(entries);
      return isObject(changed) ? changed : undefined;
    }),
  );
}

function renamed(key: string, value: unknown, names: Names): unknown {
  if (typeof value !== 'string' || key === 'div') return value;
  // Identifiers may be made of the same UUID; they are no references.
  if (key !== 'reference' && !(key.startsWith('value') && value.startsWith('urn:uuid:'))) {
    return value;
  }
  const [target = '', fragment] = value.split('#');
  const name = names.get(target);
  if (name === undefined) return value;
  return fragment === undefined ? name : `${name}#${fragment}`;
}

/** References that are searches, `Practitioner?identifier=…`. */
export function conditionalReferences(resource: FhirJson): string[] {
  const found = new Set<string>();
  mapObjects(resource, ({ reference }) => {
    if (typeof reference === 'string' && /^[A-Z][A-Za-z]+\?/.test(reference)) found.add(reference);
    return undefined;
  });
  return [...found];
}

/** @throws PulseError `invalid_input` for two entries of one name */
export function requireDistinct(names: readonly (string | undefined)[], text: string): void {
  const present = names.filter((name) => name !== undefined);
  if (new Set(present).size < present.length) throw new PulseError('invalid_input', text);
}
