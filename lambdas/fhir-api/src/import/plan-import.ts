/** In which order and in which parts a Bundle is sent: what is referred to goes first, parts are as large as a transaction may be. */
import {
  canonicalJson,
  MAX_DIRECTORY_WRITES,
  MAX_WRITE_INPUT_BYTES,
  MAX_WRITES_PER_TRANSACTION,
} from '@pulseledger/domain';
import { type FhirJson, objectsIn } from '../definitions/fhir-json.ts';
import { type Remark, remarksOn } from './check-entry.ts';

/** What the ledger adds to each resource, roughly. */
const WRITE_OVERHEAD_BYTES = 2_500;
const MAX_PART_BYTES = MAX_WRITE_INPUT_BYTES * 0.8;
const MAX_PART_ENTRIES = MAX_WRITES_PER_TRANSACTION - 10;

export interface ImportEntry {
  /** Place in the file. */
  readonly index: number;
  /** What others call it: its fullUrl, and its type and id. */
  readonly names: readonly string[];
  readonly resource: FhirJson;
  readonly remarks: readonly Remark[];
}

export interface SourceEntry {
  readonly fullUrl?: string | undefined;
  readonly resource?: FhirJson | undefined;
}

/** Every entry with a resource, and what is to be said about it. */
export function entriesOf(source: readonly SourceEntry[]): ImportEntry[] {
  return source.flatMap(({ fullUrl, resource }, index) => {
    if (resource === undefined) return [];
    const { id, resourceType } = resource;
    const own = typeof id === 'string' ? [`${resourceType}/${id}`] : [];
    const names = fullUrl === undefined ? own : [fullUrl, ...own];
    return [{ index, names, resource, remarks: remarksOn(resource) }];
  });
}

/** Parts that are sent one after the other. What is refused is in none. */
export function partsOf(entries: readonly ImportEntry[]): ImportEntry[][] {
  const isOfPatient = entries.some(({ resource }) => resource.resourceType === 'Patient');
  const most = isOfPatient ? MAX_PART_ENTRIES : MAX_DIRECTORY_WRITES;
  const sent = entries.filter(
    ({ remarks }) => !remarks.some(({ severity }) => severity === 'error'),
  );
  const parts: ImportEntry[][] = [];
  let part: ImportEntry[] = [];
  let bytes = 0;
  for (const entry of inOrder(sent)) {
    const size = canonicalJson(entry.resource).length + WRITE_OVERHEAD_BYTES;
    if (part.length >= most || (part.length > 0 && bytes + size > MAX_PART_BYTES)) {
      parts.push(part);
      part = [];
      bytes = 0;
    }
    part.push(entry);
    bytes += size;
  }
  return part.length > 0 ? [...parts, part] : parts;
}

/** The patient first, then what is referred to before what refers to it; a circle is cut where it closes. */
function inOrder(entries: readonly ImportEntry[]): ImportEntry[] {
  const byName = new Map(entries.flatMap((entry) => entry.names.map((name) => [name, entry])));
  const ordered = new Set<ImportEntry>();
  const visiting = new Set<ImportEntry>();
  const visit = (entry: ImportEntry): void => {
    if (ordered.has(entry) || visiting.has(entry)) return;
    visiting.add(entry);
    for (const name of referencesIn(entry.resource)) {
      const target = byName.get(name);
      if (target !== undefined) visit(target);
    }
    ordered.add(entry);
  };
  const patients = entries.filter(({ resource }) => resource.resourceType === 'Patient');
  for (const entry of [...patients, ...entries]) visit(entry);
  return [...ordered];
}

export function referencesIn(resource: FhirJson): string[] {
  return [...objectsIn(resource)].flatMap(({ reference }) =>
    typeof reference === 'string' ? [reference.split('#')[0] ?? ''] : [],
  );
}
