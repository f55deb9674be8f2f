/**
 * Conditional create (https://hl7.org/fhir/R4/http.html#ccreate): a search that must find nothing, and a key of its
 * own on the ledger, so that of several creates at one time only one makes something.
 */
import { PulseError, uniqueKeyOf } from '@pulseledger/domain';
import type { FhirJson } from '../definitions/fhir-json.ts';
import type { RecordType } from '../definitions/served-types.ts';
import type { Call } from '../http/call.ts';
import { type Parameter, parseQuery as parsePairs } from '../http/request.ts';
import { nothingToSee } from '../record/port.ts';
import { matching } from '../search/asked.ts';
import { candidates, sha256, storedOfType } from '../search/candidates.ts';
import { parseQuery } from '../search/query.ts';

export interface Condition {
  readonly criteria: readonly Parameter[];
  readonly uniqueKey: string;
}

/** @param text of If-None-Exist or `ifNoneExist`, with or without a question mark @throws PulseError */
export function conditionOf(type: RecordType, text: string, baseUrl: string): Condition {
  const criteria = parsePairs(text.replace(/^[^?]*\?/, '')).filter(
    ([name]) => !['_format', '_pretty'].includes(name),
  );
  const query = parseQuery(type, criteria, { handling: 'strict', baseUrl });
  if (query.filters.length === 0) {
    throw new PulseError('precondition_failed', 'If-None-Exist has no search parameter');
  }
  const sorted = criteria.map((pair) => JSON.stringify(pair)).sort();
  return { criteria, uniqueKey: uniqueKeyOf(type, sorted.join('\n'), sha256) };
}

/**
 * What the condition finds among what the caller may read.
 * @throws PulseError `precondition_failed` when it finds more than one
 */
export async function existing(
  call: Call,
  type: RecordType,
  condition: Condition,
  patientId: string | undefined,
): Promise<FhirJson | undefined> {
  const query = parseQuery(type, condition.criteria, { handling: 'strict', baseUrl: call.baseUrl });
  const all =
    type !== 'Patient' && patientId !== undefined
      ? await storedQuietly(call, type, patientId)
      : await candidates(call, query);
  const [first, ...others] = matching(query, all);
  if (others.length > 0) {
    throw new PulseError('precondition_failed', 'the condition fits more than one resource');
  }
  return first;
}

/** Who may write may not read everything: then the key on the ledger alone decides. */
async function storedQuietly(call: Call, type: RecordType, patientId: string): Promise<FhirJson[]> {
  try {
    return await storedOfType(call, type, patientId);
  } catch (error) {
    if (error instanceof PulseError && error.code === 'not_found') return [];
    throw error;
  }
}

/** The id of who has the key already. @throws PulseError `not_found` */
export async function holderOf(
  call: Call,
  type: RecordType,
  condition: Condition,
  patientId: string | undefined,
): Promise<string> {
  const scope = type === 'Patient' ? null : (patientId ?? null);
  const place = await call.chart.findUnique(scope, condition.uniqueKey);
  if (place === undefined) throw nothingToSee();
  return place.recordId;
}
