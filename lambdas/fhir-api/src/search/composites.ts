/**
 * Composite parameters (https://hl7.org/fhir/R4/search.html#combining): two values that stand in the same element, as code
 * and value of one Observation or of one of its components.
 */
import { PulseError } from '@pulseledger/domain';
import { type FhirJson, isObject } from '../definitions/fhir-json.ts';
import type { SearchParameter, SearchPath } from './parameters.ts';
import { matchesQuantity, parseQuantity } from './quantity-search.ts';
import { matchesToken, parseTokens, splitAlternatives, splitUnescaped } from './token-search.ts';
import { codingsOf } from './token-values.ts';
import { valuesAt } from './values.ts';

type Value = 'quantity' | 'concept';

const ITSELF: SearchPath = { segments: [] };
const COMPONENTS: SearchPath = { segments: ['component'] };
const ROOTS: Readonly<Record<string, readonly SearchPath[]>> = {
  code: [ITSELF],
  'component-code': [COMPONENTS],
  'combo-code': [ITSELF, COMPONENTS],
};
const CODE: readonly SearchPath[] = [{ segments: ['code'] }];
const VALUES: Readonly<Record<Value, readonly SearchPath[]>> = {
  quantity: [
    { segments: ['value'], type: 'Quantity' },
    { segments: ['value'], type: 'SampledData' },
  ],
  concept: [{ segments: ['value'], type: 'CodeableConcept' }],
};

/** Those of Observation, for each kind of value; the names are R4's. */
export const OBSERVATION_COMPOSITES: readonly SearchParameter[] = Object.entries(ROOTS).flatMap(
  ([root, paths]) =>
    (['quantity', 'concept'] as const).map((value): SearchParameter => {
      const name = `${root}-value-${value}`;
      const url = `http://hl7.org/fhir/SearchParameter/Observation-${name}`;
      return { name, kind: 'composite', url, paths, targets: [], value };
    }),
);

type Matches = (element: FhirJson) => boolean;

function valueIs(value: Value, text: string): Matches {
  const paths = VALUES[value];
  if (value === 'concept') {
    const tokens = parseTokens(text);
    return (element) => matchesToken(tokens, valuesAt(element, paths).flatMap(codingsOf));
  }
  const wanted = parseQuantity(text);
  return (element) => valuesAt(element, paths).some((found) => matchesQuantity(wanted, found));
}

function pairIs(value: Value, text: string): Matches {
  const [code = '', wanted, ...rest] = splitUnescaped(text, '$');
  if (wanted === undefined || rest.length > 0) {
    throw new PulseError('invalid_input', 'a composite is code$value');
  }
  const tokens = parseTokens(code);
  const isValue = valueIs(value, wanted);
  return (element) =>
    matchesToken(tokens, valuesAt(element, CODE).flatMap(codingsOf)) && isValue(element);
}

/** @throws PulseError `invalid_input` */
export function compositeMatches(
  { paths, value = 'quantity' }: SearchParameter,
  text: string,
): Matches {
  const pairs = splitAlternatives(text).map((alternative) => pairIs(value, alternative));
  return (resource) =>
    valuesAt(resource, paths)
      .filter(isObject)
      .some((element) => {
        const { resourceType } = resource;
        return pairs.some((pair) => pair({ ...element, resourceType }));
      });
}
