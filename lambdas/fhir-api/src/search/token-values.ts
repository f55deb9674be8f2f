/** What tokens and strings are searched in: codes, codings, identifiers, contact points, names, addresses. */
import { isObject, type JsonObject } from '../definitions/fhir-json.ts';
import type { SearchedCoding } from './token-search.ts';

/** https://hl7.org/fhir/R4/search.html#token: what of a datatype is its code, and what its system. */
export function codingsOf(value: unknown): SearchedCoding[] {
  if (typeof value === 'string') return [{ system: undefined, code: value, isBare: true }];
  if (typeof value === 'boolean') return [{ system: undefined, code: String(value), isBare: true }];
  if (!isObject(value)) return [];
  const { coding } = value;
  if (Array.isArray(coding)) return coding.flatMap(codingsOf);
  if (isContactPoint(value)) return textual(undefined, value['value'], true);
  if (typeof value['value'] === 'string') return textual(value['system'], value['value']);
  return textual(value['system'], value['code']);
}

const CONTACT_SYSTEMS: readonly unknown[] = [
  'phone',
  'fax',
  'email',
  'pager',
  'url',
  'sms',
  'other',
];

function isContactPoint(value: JsonObject): boolean {
  return typeof value['value'] === 'string' && CONTACT_SYSTEMS.includes(value['system']);
}

function textual(system: unknown, code: unknown, isBare = false): SearchedCoding[] {
  if (typeof code !== 'string') return [];
  return [{ system: typeof system === 'string' ? system : undefined, code, isBare }];
}

const NAME_PARTS = ['text', 'family', 'given', 'prefix', 'suffix'];
const ADDRESS_PARTS = ['text', 'line', 'city', 'district', 'state', 'postalCode', 'country'];

/** https://hl7.org/fhir/R4/search.html#string: any part of a name or an address. */
export function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (!isObject(value)) return [];
  return [...NAME_PARTS, ...ADDRESS_PARTS].flatMap((part) => {
    const found: unknown = value[part];
    return (Array.isArray(found) ? found : [found]).filter((text) => typeof text === 'string');
  });
}
