/** What is to be said about a resource before it is imported: what R4 does not allow, and what is doubtful though allowed. */
import { isNpi, NPI_SYSTEM } from '@pulseledger/domain';
import { type FhirJson, isObject, objectsIn } from '../definitions/fhir-json.ts';
import { isRecordType, isServedType } from '../definitions/served-types.ts';
import { findings } from '../definitions/structures.ts';

export interface Remark {
  /** Errors keep an entry out, warnings keep a file out that is imported strictly. */
  readonly severity: 'error' | 'warning';
  readonly text: string;
  readonly expression: string;
}

/** Panel code that LOINC has replaced by 85354-9. */
const OLD_BLOOD_PRESSURE = '55284-4';

export function remarksOn(resource: FhirJson): Remark[] {
  const { resourceType } = resource;
  if (!isServedType(resourceType) || !isRecordType(resourceType)) {
    return [error(resourceType, 'this type is not stored here')];
  }
  const wrong = findings(resource).map(({ text, expression }) => error(expression, text));
  return [...wrong, ...oldCodes(resource), ...unverifiedNpis(resource)];
}

function error(expression: string, text: string): Remark {
  return { severity: 'error', text, expression };
}

function warning(expression: string, text: string): Remark {
  return { severity: 'warning', text, expression };
}

function oldCodes(resource: FhirJson): Remark[] {
  if (resource.resourceType !== 'Observation') return [];
  const isOld = [...objectsIn(resource['code'])].some(({ code }) => code === OLD_BLOOD_PRESSURE);
  return isOld
    ? [warning('Observation.code', 'LOINC 55284-4 was replaced by 85354-9; kept as it is')]
    : [];
}

function unverifiedNpis(resource: FhirJson): Remark[] {
  const identifiers: unknown = resource['identifier'];
  const all = Array.isArray(identifiers) ? identifiers.filter(isObject) : [];
  const isWrong = all.some(
    ({ system, value }) => system === NPI_SYSTEM && typeof value === 'string' && !isNpi(value),
  );
  return isWrong
    ? [
        warning(
          `${resource.resourceType}.identifier`,
          'the NPI has a wrong check digit: unverified',
        ),
      ]
    : [];
}
