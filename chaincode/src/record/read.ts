import {
  CLINICAL_KEYS,
  MAX_PAGE_BYTES,
  PulseError,
  RECORD_CLASSES,
  ReadRecordsInput,
  type ReadRecordsOutput,
  type RecordClass,
  RecordDocument,
  type RecordView,
  versionAttribute,
} from '@pulseledger/domain';
import { parseDocument, readDocument } from '../store/documents.ts';
import { entries, rangeAfter, rangeEnd, rangeStart } from '../store/range.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import { inputOf } from '../transaction/transient.ts';
import { type ChartReader, chartReader } from './chart-reader.ts';
import { versionsBefore } from './versions.ts';
import { recordView } from './view.ts';

type ReadCall = Call<ReadRecordsInput>;

interface Position {
  readonly recordClass: RecordClass;
  /** Go on behind this record; from the first one when left out. */
  readonly after?: string;
  /** Of a history: go on with the versions of that record before this one. */
  readonly before?: number;
}

/** The classes that are read, in the order of their keys, from the bookmark on. */
function positions({ recordClasses = RECORD_CLASSES, bookmark }: ReadRecordsInput): Position[] {
  const [from = '', after = '', version = '1'] = bookmark?.split('.') ?? [];
  const before = Number(version);
  return [...new Set(recordClasses)]
    .sort()
    .filter((recordClass) => recordClass >= from)
    .map((recordClass) =>
      recordClass === from ? { recordClass, after, before } : { recordClass },
    );
}

interface Found {
  readonly view: RecordView;
  readonly bytes: number;
}

/** What the reader may see of one class, in the order of the records' ids. */
async function* visible(
  { stub, input }: ReadCall,
  reader: ChartReader,
  { recordClass, after }: Position,
): AsyncGenerator<{ readonly record: RecordDocument; readonly bytes: number }> {
  const { patientId } = input;
  const prefix = { objectType: 'record', attributes: [patientId, recordClass] };
  const start =
    after === undefined
      ? rangeStart(prefix)
      : rangeAfter(CLINICAL_KEYS.record(patientId, recordClass, after));
  for await (const { value } of entries(stub, start, rangeEnd(prefix))) {
    const record = parseDocument(value, RecordDocument);
    if (reader.canRead(record)) yield { record, bytes: value.length };
  }
}

async function* latest(
  call: ReadCall,
  reader: ChartReader,
  position: Position,
): AsyncGenerator<Found> {
  for await (const { record, bytes } of visible(call, reader, position)) {
    if (record.resource !== null) yield { view: recordView(record), bytes };
  }
}

/** The record in whose versions the last page ended, and those behind it. */
async function* changed(
  call: ReadCall,
  reader: ChartReader,
  position: Position,
): AsyncGenerator<{ readonly record: RecordDocument; readonly before: number }> {
  const { stub, input } = call;
  const { recordClass, after, before = 1 } = position;
  if (after !== undefined && before > 1) {
    const key = CLINICAL_KEYS.record(input.patientId, recordClass, after);
    const record = await readDocument(stub, key, RecordDocument);
    if (record !== undefined && reader.canRead(record)) yield { record, before };
  }
  for await (const { record } of visible(call, reader, position)) {
    yield { record, before: record.version + 1 };
  }
}

async function* versions(
  call: ReadCall,
  reader: ChartReader,
  position: Position,
  sinceMs: number,
): AsyncGenerator<Found> {
  for await (const { record, before } of changed(call, reader, position)) {
    if (record.writtenAtMs < sinceMs) continue;
    for await (const view of versionsBefore(call, reader, record, before)) {
      yield { view, bytes: JSON.stringify(view).length };
    }
  }
}

/** The place behind a version, or behind a record of which only the latest one is shown. */
function bookmarkOf({ history }: ReadRecordsInput, last: RecordView): string {
  const { recordClass, recordId, version } = last;
  const record = `${recordClass}.${recordId}`;
  return history === undefined ? record : `${record}.${versionAttribute(version)}`;
}

/**
 * A page of the compartment. The bookmark is the last record that is shown, so that what is hidden
 * leaves no trace.
 */
async function readPage(call: ReadCall, reader: ChartReader): Promise<ReadRecordsOutput> {
  const { input } = call;
  const records: RecordView[] = [];
  let bytes = 0;
  for (const position of positions(input)) {
    if (!reader.canReadClass(position.recordClass)) continue;
    const { history } = input;
    const all =
      history === undefined
        ? latest(call, reader, position)
        : versions(call, reader, position, history.sinceMs);
    for await (const found of all) {
      const last = records.at(-1);
      const isFull = records.length === input.pageSize || bytes + found.bytes > MAX_PAGE_BYTES;
      if (last !== undefined && isFull) {
        return { records, bookmark: bookmarkOf(input, last) };
      }
      records.push(found.view);
      bytes += found.bytes;
    }
  }
  return { records };
}

/** One record, deleted or not. What the reader may not see is not there. */
async function readOne(
  { stub, input }: ReadCall,
  reader: ChartReader,
  recordId: string,
): Promise<ReadRecordsOutput> {
  const { patientId, recordClasses = RECORD_CLASSES } = input;
  for (const recordClass of recordClasses.filter((each) => reader.canReadClass(each))) {
    const key = CLINICAL_KEYS.record(patientId, recordClass, recordId);
    const record = await readDocument(stub, key, RecordDocument);
    if (record !== undefined && reader.canRead(record)) return { records: [recordView(record)] };
  }
  throw new PulseError('not_found');
}

async function read(call: ReadCall): Promise<ReadRecordsOutput> {
  const { patientId, permitId, recordId } = call.input;
  const reader = await chartReader(call, patientId, permitId);
  return recordId === undefined ? readPage(call, reader) : readOne(call, reader, recordId);
}

export const READ: TransactionFunction<ReadRecordsInput> = {
  name: 'record:Read',
  input: inputOf(ReadRecordsInput),
  run: read,
};
