import {
  CLINICAL_KEYS,
  HistoryInput,
  type HistoryOutput,
  PulseError,
  ReadVersionInput,
  RecordDocument,
  type RecordView,
} from '@pulseledger/domain';
import { readDocument } from '../store/documents.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import { inputOf } from '../transaction/transient.ts';
import { type ChartReader, chartReader } from './chart-reader.ts';
import { recordView } from './view.ts';

type OneRecord = Pick<HistoryInput, 'patientId' | 'recordClass' | 'recordId'>;

/**
 * A version, as far as the reader may see it. A label that was added later hides earlier versions
 * too.
 */
async function versionOf(
  { stub }: Call<unknown>,
  reader: ChartReader,
  current: RecordDocument,
  version: number,
): Promise<RecordView | undefined> {
  const { patientId, recordClass, recordId } = current;
  const key = CLINICAL_KEYS.version(patientId, recordClass, recordId, version);
  const record =
    version === current.version ? current : await readDocument(stub, key, RecordDocument);
  if (record === undefined) return undefined;
  const labels = [...new Set([...record.labels, ...current.labels])].sort();
  return reader.canRead({ ...record, labels }) ? recordView(record) : undefined;
}

/** The versions before one, as far as the reader may see them, newest first. */
export async function* versionsBefore(
  call: Call<unknown>,
  reader: ChartReader,
  current: RecordDocument,
  before: number,
): AsyncGenerator<RecordView> {
  for (let version = Math.min(current.version, before - 1); version > 0; version -= 1) {
    const found = await versionOf(call, reader, current, version);
    if (found !== undefined) yield found;
  }
}

/** The latest version of a record that the reader may see. */
async function currentOf(call: Call<OneRecord>, reader: ChartReader): Promise<RecordDocument> {
  const { patientId, recordClass, recordId } = call.input;
  const key = CLINICAL_KEYS.record(patientId, recordClass, recordId);
  const current = reader.canReadClass(recordClass)
    ? await readDocument(call.stub, key, RecordDocument)
    : undefined;
  if (current === undefined || !reader.canRead(current)) throw new PulseError('not_found');
  return current;
}

async function readVersion(call: Call<ReadVersionInput>): Promise<RecordView> {
  const reader = await chartReader(call, call.input.patientId, call.input.permitId);
  const current = await currentOf(call, reader);
  const found = await versionOf(call, reader, current, call.input.version);
  if (found === undefined) throw new PulseError('not_found');
  return found;
}

/** Newest first. */
async function history(call: Call<HistoryInput>): Promise<HistoryOutput> {
  const { patientId, permitId, pageSize, beforeVersion } = call.input;
  const reader = await chartReader(call, patientId, permitId);
  const current = await currentOf(call, reader);
  const versions: RecordView[] = [];
  let version = Math.min(current.version, (beforeVersion ?? Infinity) - 1);
  for (; version > 0 && versions.length < pageSize; version -= 1) {
    const found = await versionOf(call, reader, current, version);
    if (found !== undefined) versions.push(found);
  }
  return { versions, more: version > 0 };
}

export const READ_VERSION: TransactionFunction<ReadVersionInput> = {
  name: 'record:ReadVersion',
  input: inputOf(ReadVersionInput),
  run: readVersion,
};

export const HISTORY: TransactionFunction<HistoryInput> = {
  name: 'record:History',
  input: inputOf(HistoryInput),
  run: history,
};
