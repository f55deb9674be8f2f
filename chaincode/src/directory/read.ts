import {
  DIRECTORY_COLLECTION,
  DirectoryDocument,
  type DirectoryEntry,
  DirectoryHistoryInput,
  type DirectoryHistoryOutput,
  PulseError,
  ReadDirectoryInput,
  type ReadDirectoryOutput,
} from '@pulseledger/domain';
import { parseDocument } from '../store/documents.ts';
import { entries, rangeEnd, rangeStart } from '../store/range.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import { inputOf } from '../transaction/transient.ts';
import { entryView, readEntry } from './stored-entry.ts';

/** Versions of one entry that are shown, the latest ones. */
const MAX_VERSIONS = 200;

async function read(call: Call<ReadDirectoryInput>): Promise<ReadDirectoryOutput> {
  const found: DirectoryEntry[] = [];
  for (const { kind, id } of call.input.entries) {
    const document = await readEntry(call.stub, kind, id);
    if (document !== undefined) found.push(await entryView(call, document));
  }
  return { entries: found };
}

async function history({
  stub,
  input,
}: Call<DirectoryHistoryInput>): Promise<DirectoryHistoryOutput> {
  const prefix = { objectType: 'directory-version', attributes: [input.kind, input.id] };
  const versions: DirectoryDocument[] = [];
  const range = entries(stub, rangeStart(prefix), rangeEnd(prefix), DIRECTORY_COLLECTION);
  for await (const { value } of range) versions.push(parseDocument(value, DirectoryDocument));
  if (versions.length === 0) throw new PulseError('not_found', 'There is no such entry.');
  return { versions: versions.reverse().slice(0, MAX_VERSIONS) };
}

export const READ_DIRECTORY: TransactionFunction<ReadDirectoryInput> = {
  name: 'directory:Read',
  input: inputOf(ReadDirectoryInput),
  run: read,
};

export const DIRECTORY_HISTORY: TransactionFunction<DirectoryHistoryInput> = {
  name: 'directory:History',
  input: inputOf(DirectoryHistoryInput),
  run: history,
};
