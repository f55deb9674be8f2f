import {
  HourDocument,
  hourAttribute,
  type ReadSummariesOutput,
  ReadVitalsInput,
  type RecordKey,
  type Summary,
  type SummaryRow,
} from '@pulseledger/domain';

import { parseDocument } from '../store/documents.ts';
import { entries, rangeEnd, rangeStart } from '../store/range.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import { inputOf } from '../transaction/transient.ts';
import { firstHourOf, hoursBetween } from './chunk-entries.ts';
import { requireReadingsReader } from './readings-reader.ts';

function asked(summaries: readonly Summary[], { codes }: ReadVitalsInput): Summary[] {
  return summaries.filter(({ code }) => codes === undefined || codes.includes(code));
}

/** Whole hours that were closed, each that the period touches. */
async function readHours(call: Call<ReadVitalsInput>): Promise<ReadSummariesOutput> {
  const { stub, input } = call;
  await requireReadingsReader(call);
  const { patientId, fromMs, toMs, pageSize, bookmark } = input;
  const { lastHour } = hoursBetween(fromMs, toMs);
  const prefixOf = (hour: number): RecordKey => ({
    objectType: 'hour',
    attributes: [patientId, hourAttribute(hour)],
  });
  const start = rangeStart(prefixOf(firstHourOf(fromMs, bookmark)));
  const rows: SummaryRow[] = [];
  for await (const { value } of entries(stub, start, rangeEnd(prefixOf(lastHour)))) {
    const { hourMs, summaries } = parseDocument(value, HourDocument);
    if (rows.length === pageSize) return { rows, bookmark: String(hourMs) };
    const chosen = asked(summaries, input);
    if (chosen.length > 0) rows.push({ atMs: hourMs, summaries: chosen });
  }
  return { rows };
}

export const READ_HOURS: TransactionFunction<ReadVitalsInput> = {
  name: 'vitals:ReadHours',
  input: inputOf(ReadVitalsInput),
  run: readHours,
};
