/**
 * Is a resource what R4 says it may be? Elements, cardinalities, primitive formats and required codes, from the table
 * that is made of HL7's definitions (https://hl7.org/fhir/R4/validation.html: structure, cardinality, value domains).
 */
import type { FhirJson } from './fhir-json.ts';
import { isObject } from './fhir-json.ts';
import structures from './r4-structures.json' with { type: 'json' };

/** One finding; `expression` is the FHIRPath of the element. */
export interface Finding {
  readonly code: 'structure' | 'required' | 'value' | 'code-invalid' | 'too-long' | 'business-rule';
  readonly text: string;
  readonly expression: string;
}

interface Element {
  readonly name: string;
  readonly isRequired: boolean;
  readonly isList: boolean;
  readonly type: string;
  readonly codes: readonly string[] | undefined;
  /** Name in the definition: `value[x]` for `valueQuantity`. */
  readonly choice: string;
}

interface TypeTable {
  readonly byKey: ReadonlyMap<string, Element>;
  /** Names that must be there, a choice by its own name. */
  readonly required: readonly string[];
}

type Compact = Readonly<Record<string, Readonly<Record<string, readonly (number | string[])[]>>>>;

const MAX_FINDINGS = 20;
const MAX_DEPTH = 40;
const MAX_STRING_CHARACTERS = 1_048_576;
const tables = new Map<string, TypeTable | undefined>();

function tableOf(type: string): TypeTable | undefined {
  if (tables.has(type)) return tables.get(type);
  const elements: Compact = structures.elements;
  const table = Object.hasOwn(elements, type) ? makeTable(elements[type] ?? {}) : undefined;
  tables.set(type, table);
  return table;
}

function makeTable(elements: Compact[string]): TypeTable {
  const byKey = new Map<string, Element>();
  const required: string[] = [];
  for (const [choice, compact] of Object.entries(elements)) {
    const [min, max, types, place] = compact;
    if (min === 1) required.push(choice);
    const list = typeof place === 'number' ? structures.codes[place] : undefined;
    for (const type of Array.isArray(types) ? types : []) {
      const name = choice.endsWith('[x]')
        ? choice.slice(0, -3) + type.charAt(0).toUpperCase() + type.slice(1)
        : choice;
      byKey.set(name, {
        name,
        isRequired: min === 1,
        isList: max === 0 || Number(max) > 1,
        type,
        codes: list,
        choice,
      });
    }
  }
  return { byKey, required };
}

/** Formats of https://hl7.org/fhir/R4/datatypes.html#primitive; all but the first three are strings. */
const PRIMITIVES: Readonly<Record<string, RegExp>> = {
  id: /^[A-Za-z0-9\-.]{1,64}$/,
  date: /^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$/,
  dateTime:
    /^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01])(T([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?(Z|[+-]((0\d|1[0-3]):[0-5]\d|14:00)))?)?)?$/,
  instant:
    /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?(Z|[+-]((0\d|1[0-3]):[0-5]\d|14:00))$/,
  time: /^([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?$/,
  code: /^\S+( \S+)*$/,
  oid: /^urn:oid:[0-2](\.(0|[1-9]\d*))+$/,
  uuid: /^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  uri: /^\S*$/,
  url: /^\S*$/,
  canonical: /^\S*$/,
  base64Binary: /^[\s0-9A-Za-z+/=]*$/,
  string: /\S/,
  markdown: /\S/,
  xhtml: /^<div[\s>]/,
};
const NUMBERS: readonly string[] = ['integer', 'unsignedInt', 'positiveInt', 'decimal'];

export function isPrimitive(type: string): boolean {
  return type === 'boolean' || NUMBERS.includes(type) || Object.hasOwn(PRIMITIVES, type);
}

/** All that is wrong with a resource, up to a limit. Empty when nothing is. */
export function findings(resource: FhirJson): Finding[] {
  const found = new Findings();
  checkResource(resource, resource.resourceType, found, 0);
  return found.all;
}

class Findings {
  readonly all: Finding[] = [];

  add(code: Finding['code'], expression: string, text: string): void {
    if (this.all.length < MAX_FINDINGS) this.all.push({ code, text, expression });
  }
}

function checkResource(value: unknown, place: string, found: Findings, depth: number): void {
  if (!isObject(value) || typeof value['resourceType'] !== 'string') {
    found.add('structure', place, 'a resource is an object with resourceType');
    return;
  }
  const table = tableOf(value['resourceType']);
  // What is contained may be of a type that is not served; its reader knows what to make of it.
  if (table === undefined) return;
  checkElements(value, table, place, found, depth);
}

function checkElements(
  value: Readonly<Record<string, unknown>>,
  table: TypeTable,
  place: string,
  found: Findings,
  depth: number,
): void {
  if (depth > MAX_DEPTH) {
    found.add('too-long', place, `nested more than ${MAX_DEPTH} deep`);
    return;
  }
  const seen = new Set<string>();
  for (const [key, member] of Object.entries(value)) {
    if (key === 'resourceType') continue;
    const element = elementOf(table, key);
    if (element === undefined) {
      found.add('structure', place, 'there is an element that R4 does not know here');
      continue;
    }
    const isSecond = seen.has(element.choice) && element.choice.endsWith('[x]');
    seen.add(element.choice);
    if (key !== element.name) continue;
    if (isSecond) {
      found.add('structure', `${place}.${element.name}`, 'only one of a choice of types may stand');
    }
    checkMember(member, element, `${place}.${key}`, found, depth);
  }
  for (const choice of table.required) {
    if (!seen.has(choice))
      found.add('required', `${place}.${choice.replace('[x]', '')}`, 'is missing');
  }
}

/** The element of a member; `_birthDate` is the extensions of the primitive `birthDate`. */
function elementOf(table: TypeTable, key: string): Element | undefined {
  if (!key.startsWith('_')) return table.byKey.get(key);
  const element = table.byKey.get(key.slice(1));
  return element !== undefined && isPrimitive(element.type) ? element : undefined;
}

function checkMember(
  member: unknown,
  element: Element,
  place: string,
  found: Findings,
  depth: number,
): void {
  if (!element.isList) {
    checkValue(member, element, place, found, depth);
    return;
  }
  if (!Array.isArray(member) || member.length === 0) {
    found.add('structure', place, 'is a list of at least one');
    return;
  }
  for (const [index, item] of member.entries()) {
    // A null keeps the place of a primitive that has only an extension.
    if (item === null && isPrimitive(element.type)) continue;
    checkValue(item, element, `${place}[${index}]`, found, depth);
  }
}

function checkValue(
  value: unknown,
  element: Element,
  place: string,
  found: Findings,
  depth: number,
): void {
  if (isPrimitive(element.type)) {
    checkPrimitive(value, element, place, found);
    return;
  }
  if (element.type === 'Resource') {
    checkResource(value, place, found, depth + 1);
    return;
  }
  if (!isObject(value)) {
    found.add('structure', place, `is an object of type ${element.type}`);
    return;
  }
  if (Object.keys(value).length === 0) found.add('structure', place, 'is empty');
  const table = tableOf(element.type);
  if (table !== undefined) checkElements(value, table, place, found, depth + 1);
}

function checkPrimitive(value: unknown, element: Element, place: string, found: Findings): void {
  const { type, codes } = element;
  if (!isPrimitiveValue(value, type)) {
    found.add('value', place, `is no ${type}`);
    return;
  }
  if (typeof value === 'string' && value.length > MAX_STRING_CHARACTERS) {
    found.add('too-long', place, 'is too long');
  }
  if (codes !== undefined && typeof value === 'string' && !codes.includes(value)) {
    found.add('code-invalid', place, 'is none of the codes that R4 allows here');
  }
}

function isPrimitiveValue(value: unknown, type: string): boolean {
  if (type === 'boolean') return typeof value === 'boolean';
  if (NUMBERS.includes(type)) return isNumber(value, type);
  if (typeof value !== 'string' || PRIMITIVES[type]?.test(value) !== true) return false;
  return !['date', 'dateTime', 'instant'].includes(type) || isDayOfMonth(value);
}

function isNumber(value: unknown, type: string): boolean {
  if (typeof value !== 'number' || !Number.isFinite(value)) return false;
  if (type === 'decimal') return true;
  const least = { integer: -2_147_483_648, unsignedInt: 0, positiveInt: 1 }[type] ?? 0;
  return Number.isInteger(value) && value >= least && value <= 2_147_483_647;
}

/** 2026-02-30 has the format of a date. */
function isDayOfMonth(text: string): boolean {
  const day = /^(\d{4})-(\d\d)-(\d\d)/.exec(text);
  if (day === null) return true;
  const [, year, month, date] = day.map(Number);
  const start = new Date(0);
  start.setUTCFullYear(year ?? 0, (month ?? 1) - 1, date);
  return start.getUTCDate() === date;
}
