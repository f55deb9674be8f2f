import {
  EquivalentResultsInput,
  type EquivalentResultsOutput,
  labGroupOf,
  RecordDocument,
  standsFor,
  takenAtMs,
} from '@pulseledger/domain';
import { parseDocument } from '../store/documents.ts';
import { entries, rangeEnd, rangeStart } from '../store/range.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import { inputOf } from '../transaction/transient.ts';
import { chartReader } from './chart-reader.ts';
import { recordView } from './view.ts';

/** Most results shown; the newest ones are. */
const MAX_SHOWN = 10;

function timeOf({ resource }: RecordDocument): number {
  return resource === null ? 0 : (takenAtMs(resource) ?? 0);
}

/** Results from any facility that stand for a new test now, as far as the caller may read them. */
async function equivalentResults(
  call: Call<EquivalentResultsInput>,
): Promise<EquivalentResultsOutput> {
  const { stub, input, nowMs } = call;
  const { patientId, permitId, loinc } = input;
  const reader = await chartReader(call, patientId, permitId);
  const group = labGroupOf(loinc);
  if (group === undefined || !reader.canReadClass('result')) {
    return { results: [], validityDays: group?.validityDays ?? null };
  }
  const prefix = { objectType: 'record', attributes: [patientId, 'result'] };
  const found: RecordDocument[] = [];
  for await (const { value } of entries(stub, rangeStart(prefix), rangeEnd(prefix))) {
    const record = parseDocument(value, RecordDocument);
    if (record.resource === null || !standsFor(record.resource, group, nowMs)) continue;
    if (reader.canRead(record)) found.push(record);
  }
  const newest = found.sort((a, b) => timeOf(b) - timeOf(a)).slice(0, MAX_SHOWN);
  return { results: newest.map(recordView), validityDays: group.validityDays };
}

export const EQUIVALENT_RESULTS: TransactionFunction<EquivalentResultsInput> = {
  name: 'record:EquivalentResults',
  input: inputOf(EquivalentResultsInput),
  run: equivalentResults,
};
