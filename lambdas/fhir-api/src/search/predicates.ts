/** What a search value asks of the values found in a resource: one kind of parameter each. */
import { foldText, PulseError } from '@pulseledger/domain';
import { type FhirJson, isObject } from '../definitions/fhir-json.ts';
import { compositeMatches } from './composites.ts';
import { matchesDate, parseDateFilter } from './date-search.ts';
import { periodsOf } from './date-values.ts';
import type { ParameterKind, SearchParameter } from './parameters.ts';
import { matchesNumber, matchesQuantity, parseQuantity } from './quantity-search.ts';
import { matchesToken, parseTokens, splitAlternatives, unescape } from './token-search.ts';
import { codingsOf, textsOf } from './token-values.ts';
import { splitReference, valuesAt } from './values.ts';

export type Predicate = (resource: FhirJson) => boolean;

type Make = (
  parameter: SearchParameter,
  modifier: string | undefined,
  value: string,
  baseUrl: string,
) => Predicate | undefined;

/** @throws PulseError `invalid_input` for a modifier or value that the parameter does not take */
export function predicateOf(
  parameter: SearchParameter,
  modifier: string | undefined,
  value: string,
  baseUrl: string,
): Predicate {
  if (modifier === 'missing' && parameter.kind !== 'composite') return missing(parameter, value);
  const predicate = MAKES[parameter.kind](parameter, modifier, value, baseUrl);
  if (predicate === undefined) {
    throw new PulseError('invalid_input', `${parameter.name} does not take this modifier`);
  }
  return predicate;
}

/** The modifiers beside `missing` that a kind of parameter takes. */
export const MODIFIERS: Readonly<Record<ParameterKind, readonly string[]>> = {
  token: ['not', 'text'],
  string: ['exact', 'contains'],
  reference: ['identifier'],
  date: [],
  quantity: [],
  number: [],
  uri: [],
  composite: [],
};

function missing({ name, paths }: SearchParameter, value: string): Predicate {
  if (value !== 'true' && value !== 'false') {
    throw new PulseError('invalid_input', `${name}:missing is true or false`);
  }
  const isWanted = value === 'true';
  return (resource) => (valuesAt(resource, paths).length === 0) === isWanted;
}

const MAKES: Readonly<Record<ParameterKind, Make>> = {
  token: ({ paths }, modifier, value) => {
    if (modifier === 'text') return textBegins(paths, value);
    if (modifier !== undefined && modifier !== 'not') return undefined;
    const tokens = parseTokens(value);
    const isWanted = modifier === undefined;
    return (resource) =>
      matchesToken(tokens, valuesAt(resource, paths).flatMap(codingsOf)) === isWanted;
  },
  date: ({ paths }, modifier, value) => {
    if (modifier !== undefined) return undefined;
    const filters = splitAlternatives(value).map(parseDateFilter);
    return (resource) => {
      const periods = valuesAt(resource, paths).flatMap(periodsOf);
      return filters.some((filter) => periods.some((period) => matchesDate(filter, period)));
    };
  },
  string: ({ paths }, modifier, value) => {
    const compare = STRING_COMPARISONS.get(modifier);
    if (compare === undefined) return undefined;
    const wanted = splitAlternatives(value).map(unescape);
    return (resource) => {
      const texts = valuesAt(resource, paths).flatMap(textsOf);
      return texts.some((text) => wanted.some((part) => compare(text, part)));
    };
  },
  reference: (parameter, modifier, value, baseUrl) => {
    if (modifier === 'identifier') return identifierIs(parameter, value);
    if (modifier !== undefined && !/^[A-Z][A-Za-z]+$/.test(modifier)) return undefined;
    const wanted = splitAlternatives(value).map((text) => wantedReference(text, modifier, baseUrl));
    return (resource) =>
      valuesAt(resource, parameter.paths).some((found) => {
        const text = isObject(found) ? found['reference'] : found;
        return wanted.some((want) => isReferenceTo(text, want, baseUrl));
      });
  },
  quantity: ({ paths }, modifier, value) => {
    if (modifier !== undefined) return undefined;
    const wanted = splitAlternatives(value).map(parseQuantity);
    return (resource) =>
      valuesAt(resource, paths).some((found) =>
        wanted.some((want) => matchesQuantity(want, found)),
      );
  },
  number: ({ paths }, modifier, value) => {
    if (modifier !== undefined) return undefined;
    const wanted = splitAlternatives(value).map(parseQuantity);
    return (resource) =>
      valuesAt(resource, paths).some((found) => wanted.some((want) => matchesNumber(want, found)));
  },
  composite: (parameter, modifier, value) =>
    modifier === undefined ? compositeMatches(parameter, value) : undefined,
  uri: ({ paths }, modifier, value) => {
    if (modifier !== undefined) return undefined;
    const wanted = splitAlternatives(value).map(unescape);
    return (resource) => valuesAt(resource, paths).some((found) => wanted.some((v) => v === found));
  },
};

type CompareText = (text: string, wanted: string) => boolean;

const STRING_COMPARISONS: ReadonlyMap<string | undefined, CompareText> = new Map<
  string | undefined,
  CompareText
>([
  [undefined, (text, wanted) => foldText(text).startsWith(foldText(wanted))],
  ['exact', (text, wanted) => text === wanted],
  ['contains', (text, wanted) => foldText(text).includes(foldText(wanted))],
]);

function textBegins(paths: SearchParameter['paths'], value: string): Predicate {
  const wanted = splitAlternatives(value).map((part) => foldText(unescape(part)));
  return (resource) =>
    valuesAt(resource, paths)
      .flatMap(displaysOf)
      .some((text) => wanted.some((part) => foldText(text).startsWith(part)));
}

function displaysOf(value: unknown): string[] {
  if (!isObject(value)) return [];
  const coding: unknown = value['coding'];
  const inner = Array.isArray(coding) ? coding.flatMap(displaysOf) : [];
  const own = [value['text'], value['display']].filter((text) => typeof text === 'string');
  return [...own, ...inner];
}

function identifierIs({ paths }: SearchParameter, value: string): Predicate {
  const tokens = parseTokens(value);
  return (resource) =>
    valuesAt(resource, paths).some(
      (found) => isObject(found) && matchesToken(tokens, codingsOf(found['identifier'])),
    );
}

interface WantedReference {
  readonly type: string | undefined;
  readonly id: string;
  readonly text: string;
}

/** `id`, `Type/id` or an address of ours; anything else is compared as it stands. */
function wantedReference(
  text: string,
  modifier: string | undefined,
  baseUrl: string,
): WantedReference {
  const relative = text.startsWith(`${baseUrl}/`) ? text.slice(baseUrl.length + 1) : text;
  const split = relative.includes('://') ? undefined : splitReference(relative);
  if (split !== undefined) return { ...split, text: relative };
  return { type: modifier, id: relative, text: relative };
}

function isReferenceTo(found: unknown, wanted: WantedReference, baseUrl: string): boolean {
  if (typeof found !== 'string') return false;
  if (found === wanted.text) return true;
  const isForeign = found.includes('://') && !found.startsWith(`${baseUrl}/`);
  const split = isForeign ? undefined : splitReference(found);
  if (split?.id !== wanted.id) return false;
  return wanted.type === undefined || wanted.type === split.type;
}
