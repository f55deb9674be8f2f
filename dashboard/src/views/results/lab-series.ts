import { LAB_GROUPS, labGroupOf, takenAtMs } from '@pulseledger/domain';
import type { Observation } from 'fhir/r4.js';
import { textOf } from '../entries/entry-form.ts';

const LOINC = 'http://loinc.org';
const DAY_MS = 86_400_000;

/** One value of a test. */
export interface LabValue {
  readonly id: string;
  readonly atMs: number;
  /** Null for a result that is no number. */
  readonly value: number | null;
  readonly text: string;
  readonly unit: string;
  readonly status: string;
  /** The value before still stood for the test when this one was taken. */
  readonly isDuplicate: boolean;
  readonly observation: Observation;
}

/** All values of one test, from all facilities, oldest first. */
export interface LabSeries {
  readonly key: string;
  readonly name: string;
  readonly values: readonly LabValue[];
}

/** Tests by what they answer: codes that differ in unit or method only are one test; newest test first. */
export function labSeries(observations: readonly Observation[]): LabSeries[] {
  const standing = observations.filter(({ status }) => status !== 'entered-in-error');
  const groups = Map.groupBy(standing, keyOf);
  return [...groups]
    .map(([key, members]) => ({ key, name: nameOf(key, members), values: valuesOf(members) }))
    .toSorted((a, b) => latestMs(b) - latestMs(a));
}

/** Which way the last two numbers of the same unit went; undefined for a single one. */
export function trendOf({ values }: LabSeries): 'rising' | 'falling' | 'steady' | undefined {
  const last = values.at(-1);
  const before = values.at(-2);
  if (last?.value == null || before?.value == null || last.unit !== before.unit) return undefined;
  if (last.value === before.value) return 'steady';
  return last.value > before.value ? 'rising' : 'falling';
}

/** The tests of the table of equivalents, with the code by which they are ordered. */
export const TESTS: readonly { readonly loinc: string; readonly name: string }[] = LAB_GROUPS.map(
  ({ name, codes }) => ({ loinc: codes[0] ?? '', name }),
).toSorted((a, b) => a.name.localeCompare(b.name));

function loincOf({ code }: Observation): string | undefined {
  return code.coding?.find(({ system }) => system === LOINC)?.code;
}

function keyOf(observation: Observation): string {
  const loinc = loincOf(observation);
  const group = loinc === undefined ? undefined : labGroupOf(loinc);
  return group?.name ?? loinc ?? textOf(observation.code);
}

function nameOf(key: string, [first]: readonly Observation[]): string {
  return LAB_GROUPS.some(({ name }) => name === key) ? key : textOf(first?.code) || key;
}

function latestMs({ values }: LabSeries): number {
  return values.at(-1)?.atMs ?? 0;
}

function valuesOf(observations: readonly Observation[]): LabValue[] {
  const ordered = observations
    .map((observation) => ({ observation, atMs: takenAtMs({ ...observation }) ?? 0 }))
    .toSorted((a, b) => a.atMs - b.atMs);
  return ordered.map(({ observation, atMs }, index) => {
    const before = ordered[index - 1];
    const loinc = loincOf(observation);
    const days = loinc === undefined ? undefined : labGroupOf(loinc)?.validityDays;
    const isDuplicate =
      before !== undefined && days !== undefined && atMs - before.atMs < days * DAY_MS;
    return { ...shownValue(observation), atMs, isDuplicate };
  });
}

function shownValue(observation: Observation): Omit<LabValue, 'atMs' | 'isDuplicate'> {
  const { id = '', status, valueQuantity: quantity } = observation;
  const value = quantity?.value ?? null;
  return {
    ...{ id, status, observation, value },
    unit: quantity?.unit ?? quantity?.code ?? '',
    text: value === null ? wordsOf(observation) : value.toLocaleString(navigator.language),
  };
}

/** A result that is no number. */
function wordsOf({ valueString, valueCodeableConcept }: Observation): string {
  return valueString ?? textOf(valueCodeableConcept);
}
