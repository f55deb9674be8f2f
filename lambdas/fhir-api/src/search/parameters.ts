/** The search parameters of the served types: the table made from R4's definitions, and those every type has. */

import table from '../definitions/r4-search.json' with { type: 'json' };
import type { ServedType } from '../definitions/served-types.ts';
import { OBSERVATION_COMPOSITES } from './composites.ts';

export type ParameterKind =
  | 'token'
  | 'date'
  | 'reference'
  | 'string'
  | 'quantity'
  | 'uri'
  | 'number'
  | 'composite';

export interface SearchPath {
  readonly segments: readonly string[];
  /** Of a choice of types, the one that counts. */
  readonly type?: string | undefined;
  /** References to this type only. */
  readonly target?: string | undefined;
  /** Contact points of this kind only. */
  readonly system?: string | undefined;
}

export interface SearchParameter {
  readonly name: string;
  readonly kind: ParameterKind;
  readonly url: string;
  readonly paths: readonly SearchPath[];
  /** Types that a reference may point to. */
  readonly targets: readonly string[];
  /** Of a composite: the kind of value that stands beside the code. */
  readonly value?: 'quantity' | 'concept' | undefined;
}

interface Compact {
  readonly type: string;
  readonly url: string;
  readonly paths: readonly {
    readonly path: string;
    readonly type?: string;
    readonly target?: string;
    readonly system?: string;
  }[];
  readonly targets?: readonly string[];
}

const KINDS: readonly ParameterKind[] = [
  'token',
  'date',
  'reference',
  'string',
  'quantity',
  'uri',
  'number',
];

function kindOf(name: string): ParameterKind {
  const kind = KINDS.find((known) => known === name);
  if (kind === undefined) throw new RangeError(`no kind of parameter: ${name}`);
  return kind;
}

function toParameter(name: string, { type, url, paths, targets }: Compact): SearchParameter {
  return {
    name,
    kind: kindOf(type),
    url,
    targets: targets ?? [],
    paths: paths.map(({ path, ...rest }) => ({ segments: path.split('.'), ...rest })),
  };
}

function resourceParameter(name: string, type: ParameterKind, path: string): SearchParameter {
  return toParameter(name, {
    type,
    url: `http://hl7.org/fhir/SearchParameter/Resource-${name.replace('_', '')}`,
    paths: [{ path }],
  });
}

/** https://hl7.org/fhir/R4/search.html#all */
const OF_EVERY_TYPE: readonly SearchParameter[] = [
  resourceParameter('_id', 'token', 'id'),
  resourceParameter('_lastUpdated', 'date', 'meta.lastUpdated'),
  resourceParameter('_profile', 'uri', 'meta.profile'),
  resourceParameter('_security', 'token', 'meta.security'),
  resourceParameter('_source', 'uri', 'meta.source'),
  resourceParameter('_tag', 'token', 'meta.tag'),
];

const cache = new Map<ServedType, ReadonlyMap<string, SearchParameter>>();

/** By name, those of every type included. */
export function parametersOf(type: ServedType): ReadonlyMap<string, SearchParameter> {
  const known = cache.get(type);
  if (known !== undefined) return known;
  const own: Readonly<Record<string, Compact>> = table[type];
  const made = new Map(
    [
      ...OF_EVERY_TYPE,
      ...(type === 'Observation' ? OBSERVATION_COMPOSITES : []),
      ...Object.entries(own).map(([name, compact]) => toParameter(name, compact)),
    ].map((parameter) => [parameter.name, parameter]),
  );
  cache.set(type, made);
  return made;
}
