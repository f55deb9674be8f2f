/**
 * The parameters of GET /Observation and GET /Observation/$lastn
 * (https://hl7.org/fhir/R4/search.html, https://hl7.org/fhir/R4/observation-operation-lastn.html).
 */
import { Identifier, PulseError, type VitalCode } from '@pulseledger/domain';
import type { Parameter } from '../http/request.ts';
import { type DateFilter, parseDateFilter } from '../search/date-search.ts';
import {
  matchesToken,
  parseTokens,
  splitAlternatives,
  type Token,
} from '../search/token-search.ts';
import { OBSERVATION_KINDS, type ObservationKind } from './observation-kinds.ts';

export const DEFAULT_COUNT = 50;
/** A larger `_count` is taken as this. */
export const MAX_COUNT = 1_000;
export const MAX_LAST = 100;

export type Direction = 'asc' | 'desc';

export interface ObservationQuery {
  readonly patientId: string;
  readonly kinds: readonly ObservationKind[];
  /** A reading matches when in every member at least one filter does. */
  readonly dates: readonly (readonly DateFilter[])[];
  readonly direction: Direction;
  readonly count: number;
  /** `_summary=count` or `_count=0`: how many, without showing them. */
  readonly countOnly: boolean;
  /** $lastn: how many of each code. */
  readonly max: number;
  readonly isNarrowed: boolean;
  /** The parameters as they were taken, for the self link and the cursor. */
  readonly understood: readonly Parameter[];
}

export interface ParseOptions {
  readonly operation: 'search' | 'lastn';
  readonly handling: 'strict' | 'lenient';
  readonly baseUrl: string;
}

interface Draft {
  patients: string[];
  codes: Token[][];
  categories: Token[][];
  dates: DateFilter[][];
  direction: Direction;
  count: number;
  countOnly: boolean;
  max: number;
  understood: Parameter[];
}

type Take = (draft: Draft, value: string, options: ParseOptions) => void;

/** Parameters that concern the answer's form; understood everywhere and kept out of the self link. */
const GENERAL = ['_format', '_pretty'];

const COMMON: Readonly<Record<string, Take>> = {
  patient: (draft, value, options) => {
    draft.patients.push(patientIdOf(value, options.baseUrl));
  },
  subject: (draft, value, options) => {
    draft.patients.push(patientIdOf(value, options.baseUrl));
  },
  code: (draft, value) => {
    draft.codes.push(parseTokens(value));
  },
  category: (draft, value) => {
    draft.categories.push(parseTokens(value));
  },
  date: (draft, value) => {
    draft.dates.push(splitAlternatives(value).map(parseDateFilter));
  },
};

const TAKES: Record<ParseOptions['operation'], Readonly<Record<string, Take>>> = {
  search: {
    ...COMMON,
    _count: (draft, value) => {
      draft.count = Math.min(wholeNumber('_count', value), MAX_COUNT);
      draft.countOnly ||= draft.count === 0;
    },
    _sort: (draft, value) => {
      if (value !== 'date' && value !== '-date') {
        throw new PulseError('invalid_input', '_sort can be date or -date');
      }
      draft.direction = value === 'date' ? 'asc' : 'desc';
    },
    _summary: (draft, value) => {
      if (value !== 'count' && value !== 'false') {
        throw new PulseError('invalid_input', '_summary can be count or false');
      }
      draft.countOnly ||= value === 'count';
    },
  },
  lastn: {
    ...COMMON,
    max: (draft, value) => {
      draft.max = wholeNumber('max', value);
      if (draft.max < 1 || draft.max > MAX_LAST) {
        throw new PulseError('invalid_input', `max is between 1 and ${MAX_LAST}`);
      }
    },
  },
};

/** The search parameters of an operation, for the capability statement. */
export function parameterNames(operation: ParseOptions['operation']): string[] {
  return Object.keys(TAKES[operation]);
}

/** @throws PulseError `invalid_input`; `not_found` for what cannot be a patient's id. */
export function parseObservationQuery(
  parameters: readonly Parameter[],
  options: ParseOptions,
): ObservationQuery {
  const draft: Draft = {
    patients: [],
    codes: [],
    categories: [],
    dates: [],
    direction: 'desc',
    count: DEFAULT_COUNT,
    countOnly: false,
    max: 1,
    understood: [],
  };
  for (const [name, value] of parameters) takeParameter(draft, name, value, options);
  return {
    patientId: onePatient(draft.patients),
    kinds: OBSERVATION_KINDS.filter((kind) => matchesKind(kind, draft)),
    dates: draft.dates,
    direction: draft.direction,
    count: draft.count,
    countOnly: draft.countOnly,
    max: draft.max,
    isNarrowed: draft.codes.length + draft.categories.length > 0,
    understood: draft.understood,
  };
}

function takeParameter(draft: Draft, name: string, value: string, options: ParseOptions): void {
  if (GENERAL.includes(name)) return;
  const [base = '', modifier] = name.split(':');
  const takes = TAKES[options.operation];
  const take = Object.hasOwn(takes, base) ? takes[base] : undefined;
  if (take === undefined) {
    if (options.handling === 'lenient') return;
    throw new PulseError('invalid_input', `the parameter ${printable(name)} is not supported here`);
  }
  // An unknown modifier changes what is asked for, so it is refused even in lenient handling.
  if (modifier !== undefined && !(base === 'subject' && modifier === 'Patient')) {
    throw new PulseError('invalid_input', `${base} does not take this modifier`);
  }
  if (value === '') throw new PulseError('invalid_input', `${base} has no value`);
  take(draft, value, options);
  draft.understood.push([name, value]);
}

/** A parameter name may be anything a client typed by mistake, so only what looks like a name is repeated. */
function printable(name: string): string {
  return /^[\w$.:-]{1,40}$/.test(name) && !/\d{3}/.test(name) ? name : 'of that name';
}

function matchesKind(kind: ObservationKind, draft: Draft): boolean {
  const category = {
    system: 'http://terminology.hl7.org/CodeSystem/observation-category',
    code: kind.category,
  };
  return (
    draft.codes.every((tokens) => matchesToken(tokens, kind.codings)) &&
    draft.categories.every((tokens) => matchesToken(tokens, [category]))
  );
}

function patientIdOf(value: string, baseUrl: string): string {
  const relative = value.startsWith(`${baseUrl}/`) ? value.slice(baseUrl.length + 1) : value;
  const id = relative.startsWith('Patient/') ? relative.slice('Patient/'.length) : relative;
  const parsed = Identifier.safeParse(id);
  if (!parsed.success) throw new PulseError('not_found');
  return parsed.data;
}

function onePatient(patients: readonly string[]): string {
  const [first, ...others] = new Set(patients);
  if (first === undefined) {
    throw new PulseError('invalid_input', 'patient (or subject) is required');
  }
  if (others.length > 0) {
    throw new PulseError('invalid_input', 'patient and subject name more than one patient');
  }
  return first;
}

function wholeNumber(name: string, value: string): number {
  if (!/^\d{1,15}$/.test(value)) {
    throw new PulseError('invalid_input', `${name} is not a whole number`);
  }
  return Number(value);
}

/** What to ask the ledger for; undefined for everything. */
export function codesOf(kinds: readonly ObservationKind[]): readonly VitalCode[] | undefined {
  if (kinds.length === OBSERVATION_KINDS.length) return undefined;
  return kinds.flatMap((kind) => kind.members);
}
