import {
  EquivalentResultsInput,
  type EquivalentResultsOutput,
  type LabGroup,
  labGroupOf,
  RecordDocument,
  standsFor,
  takenAtMs,
} from '@pulseledger/domain';
import { parseDocument } from '../store/documents.ts';
import { entries, rangeEnd, rangeStart } from '../store/range.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import type { LedgerStub } from '../transaction/ledger-context.ts';
import { inputOf } from '../transaction/transient.ts';
import { chartReader } from './chart-reader.ts';
import { recordView } from './view.ts';

/** Most results shown; the newest ones are. */
const MAX_SHOWN = 10;

function timeOf({ resource }: RecordDocument): number {
  return resource === null ? 0 : (takenAtMs(resource) ?? 0);
}

/**
 * Results from any facility that stand for a new test at this time, newest first, as far as they are
 * shown to the reader. Only for evaluated functions.
 */
export async function standingResults(
  stub: LedgerStub,
  patientId: string,
  group: LabGroup,
  reader: { readonly atMs: number; readonly canRead: (record: RecordDocument) => boolean },
): Promise<RecordDocument[]> {
  const prefix = { objectType: 'record', attributes: [patientId, 'result'] };
  const found: RecordDocument[] = [];
  for await (const { value } of entries(stub, rangeStart(prefix), rangeEnd(prefix))) {
    const record = parseDocument(value, RecordDocument);
    if (record.resource === null || !standsFor(record.resource, group, reader.atMs)) continue;
    if (reader.canRead(record)) found.push(record);
  }
  return found.sort((a, b) => timeOf(b) - timeOf(a));
}

/** Before a test is ordered: the results that make it needless. */
async function equivalentResults(
  call: Call<EquivalentResultsInput>,
): Promise<EquivalentResultsOutput> {
  const { stub, input, nowMs: atMs } = call;
  const { patientId, permitId, loinc } = input;
  const reader = await chartReader(call, patientId, permitId);
  const group = labGroupOf(loinc);
  if (group === undefined || !reader.canReadClass('result')) {
    return { results: [], validityDays: group?.validityDays ?? null };
  }
  const canRead = (record: RecordDocument): boolean => reader.canRead(record);
  const found = await standingResults(stub, patientId, group, { atMs, canRead });
  const newest = found.slice(0, MAX_SHOWN);
  return { results: newest.map(recordView), validityDays: group.validityDays };
}

export const EQUIVALENT_RESULTS: TransactionFunction<EquivalentResultsInput> = {
  name: 'record:EquivalentResults',
  input: inputOf(EquivalentResultsInput),
  run: equivalentResults,
};
