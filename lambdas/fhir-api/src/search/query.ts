/**
 * A search of one type as it was asked for (https://hl7.org/fhir/R4/search.html), checked against the table of
 * parameters. What is not understood is dropped, or refused in strict handling.
 */
import { PulseError } from '@pulseledger/domain';
import { isServedType, type ServedType } from '../definitions/served-types.ts';
import type { Parameter } from '../http/request.ts';
import { parametersOf, type SearchParameter } from './parameters.ts';
import { type Predicate, predicateOf } from './predicates.ts';

export const DEFAULT_COUNT = 50;
/** A larger `_count` is taken as this. */
export const MAX_COUNT = 1_000;
const MAX_SORT_KEYS = 3;

export interface SortKey {
  readonly parameter: SearchParameter;
  readonly isDescending: boolean;
}

/** `Type:parameter[:Target]` */
export interface Include {
  readonly type: ServedType;
  readonly parameter: SearchParameter;
  readonly target?: string | undefined;
}

export interface SearchQuery {
  readonly type: ServedType;
  /** From `patient`, `subject` and their like, or `_id` of Patient. */
  readonly patientIds: readonly string[];
  readonly filters: readonly Filter[];
  readonly sort: readonly SortKey[];
  readonly count: number;
  /** `_summary=count` or `_count=0`. */
  readonly countOnly: boolean;
  readonly total: 'none' | 'estimate' | 'accurate' | undefined;
  readonly includes: readonly Include[];
  readonly revincludes: readonly Include[];
  /** The parameters as they were taken, for the self link and the cursor. */
  readonly understood: readonly Parameter[];
}

export interface Filter {
  readonly parameter: SearchParameter;
  readonly modifier: string | undefined;
  readonly value: string;
  readonly matches: Predicate;
}

export interface QueryOptions {
  readonly handling: 'strict' | 'lenient';
  readonly baseUrl: string;
}

interface Draft {
  type: ServedType;
  patientIds: string[];
  filters: Filter[];
  sort: SortKey[];
  count: number;
  countOnly: boolean;
  total: SearchQuery['total'];
  includes: Include[];
  revincludes: Include[];
  understood: Parameter[];
}

/** Parameters that concern the answer's form; understood everywhere and kept out of the self link. */
const GENERAL: readonly string[] = ['_format', '_pretty'];

type Take = (draft: Draft, value: string) => void;

const RESULT_PARAMETERS: Readonly<Record<string, Take>> = {
  _count: (draft, value) => {
    draft.count = Math.min(wholeNumber('_count', value), MAX_COUNT);
    draft.countOnly ||= draft.count === 0;
  },
  _sort: (draft, value) => {
    draft.sort = sortKeys(draft.type, value);
  },
  _summary: (draft, value) => {
    if (value !== 'count' && value !== 'false') {
      throw new PulseError('invalid_input', '_summary can be count or false');
    }
    draft.countOnly ||= value === 'count';
  },
  _total: (draft, value) => {
    if (value !== 'none' && value !== 'estimate' && value !== 'accurate') {
      throw new PulseError('invalid_input', '_total can be none, estimate or accurate');
    }
    draft.total = value;
  },
  _include: (draft, value) => {
    const include = includeOf(value);
    if (include.type !== draft.type) {
      throw new PulseError('invalid_input', '_include begins with the type that is searched');
    }
    draft.includes.push(include);
  },
  _revinclude: (draft, value) => {
    draft.revincludes.push(includeOf(value));
  },
};

/** @throws PulseError `invalid_input` */
export function parseQuery(
  type: ServedType,
  parameters: readonly Parameter[],
  options: QueryOptions,
): SearchQuery {
  const draft: Draft = {
    type,
    patientIds: [],
    filters: [],
    sort: [],
    count: DEFAULT_COUNT,
    countOnly: false,
    total: undefined,
    includes: [],
    revincludes: [],
    understood: [],
  };
  for (const [name, value] of parameters) {
    if (!GENERAL.includes(name)) takeParameter(draft, name, value, options);
  }
  return draft;
}

function takeParameter(draft: Draft, name: string, value: string, options: QueryOptions): void {
  if (Object.hasOwn(RESULT_PARAMETERS, name)) {
    requireValue(name, value);
    RESULT_PARAMETERS[name]?.(draft, value);
    draft.understood.push([name, value]);
    return;
  }
  const [base = '', modifier, ...rest] = name.split(':');
  const parameter = parametersOf(draft.type).get(base);
  if (parameter === undefined || rest.length > 0) {
    if (options.handling === 'lenient') return;
    throw new PulseError('invalid_input', `the parameter ${printable(name)} is not supported here`);
  }
  requireValue(base, value);
  // What a modifier means changes what is asked for, so an unknown one is refused even in lenient handling.
  const matches = predicateOf(parameter, modifier, value, options.baseUrl);
  draft.filters.push({ parameter, modifier, value, matches });
  draft.patientIds.push(...patientsNamed(draft.type, parameter, modifier, value, options.baseUrl));
  draft.understood.push([name, value]);
}

function requireValue(name: string, value: string): void {
  if (value === '') throw new PulseError('invalid_input', `${name} has no value`);
}

/** A parameter name may be anything a client typed by mistake, so only what looks like a name is repeated. */
export function printable(name: string): string {
  return /^[\w$.:-]{1,40}$/.test(name) && !/\d{3}/.test(name) ? name : 'of that name';
}

export function wholeNumber(name: string, value: string): number {
  if (!/^\d{1,15}$/.test(value)) {
    throw new PulseError('invalid_input', `${name} is not a whole number`);
  }
  return Number(value);
}

function sortKeys(type: ServedType, value: string): SortKey[] {
  const names = value.split(',');
  if (names.length > MAX_SORT_KEYS) {
    throw new PulseError('invalid_input', `_sort has at most ${MAX_SORT_KEYS} members`);
  }
  return names.map((text) => {
    const isDescending = text.startsWith('-');
    const parameter = parametersOf(type).get(isDescending ? text.slice(1) : text);
    if (parameter === undefined || parameter.kind === 'composite') {
      throw new PulseError('invalid_input', '_sort names something that is not a search parameter');
    }
    return { parameter, isDescending };
  });
}

function includeOf(value: string): Include {
  const [type = '', name = '', target, ...rest] = value.split(':');
  const parameter = isServedType(type) ? parametersOf(type).get(name) : undefined;
  const isTarget = target === undefined || /^[A-Z][A-Za-z]+$/.test(target);
  if (!isServedType(type) || parameter?.kind !== 'reference' || !isTarget || rest.length > 0) {
    throw new PulseError('invalid_input', 'an include is Type:parameter, of a reference parameter');
  }
  return { type, parameter, target };
}

/** Patients that a value names: a search within a patient is one that names one. */
function patientsNamed(
  type: ServedType,
  parameter: SearchParameter,
  modifier: string | undefined,
  value: string,
  baseUrl: string,
): string[] {
  const isPatientId = type === 'Patient' && parameter.name === '_id' && modifier === undefined;
  const isReference = COMPARTMENT_PARAMETERS.includes(parameter.name);
  if (!isPatientId && !isReference) return [];
  if (modifier !== undefined && modifier !== 'Patient') return [];
  return value.split(',').flatMap((text) => patientIdIn(text, baseUrl) ?? []);
}

/** Parameters by which the patient of a resource is named. */
export const COMPARTMENT_PARAMETERS: readonly string[] = ['patient', 'subject', 'beneficiary'];

/** Of an id or a reference; undefined for what is neither. */
export function patientIdIn(text: string, baseUrl: string): string | undefined {
  const relative = text.startsWith(`${baseUrl}/`) ? text.slice(baseUrl.length + 1) : text;
  const id = relative.startsWith('Patient/') ? relative.slice('Patient/'.length) : relative;
  return /^[A-Za-z0-9\-.]{1,64}$/.test(id) ? id : undefined;
}
