import {
  CLINICAL_KEYS,
  FindByKeyInput,
  type FindByKeyOutput,
  FindUniqueInput,
  LocatedDocument,
  LocateInput,
  MAX_FOUND,
  type Place,
  PulseError,
  RecordDocument,
} from '@pulseledger/domain';
import { exists, parseDocument, readDocument } from '../store/documents.ts';
import { entries, rangeEnd, rangeStart } from '../store/range.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import { inputOf } from '../transaction/transient.ts';
import { mayReadRecord } from './chart-reader.ts';
import { uniqueRecordKey } from './places.ts';

function placeOf({ patientId, recordClass, recordId }: LocatedDocument): Place {
  return { patientId, recordClass, recordId };
}

/** Would the caller be allowed to read there? It needs no permit, because nothing of the record is shown. */
async function isReadable(call: Call<unknown>, place: LocatedDocument): Promise<boolean> {
  const { patientId, recordClass, recordId } = place;
  const key = CLINICAL_KEYS.record(patientId, recordClass, recordId);
  const record = await readDocument(call.stub, key, RecordDocument);
  return record !== undefined && (await mayReadRecord(call, record));
}

/**
 * Whose record it is, and of which class, for who may read it. Whoever knows the id of a record that
 * was erased is told so, and neither whose it was nor who ordered it.
 */
async function locate(call: Call<LocateInput>): Promise<Place> {
  const { stub, input } = call;
  const key = CLINICAL_KEYS.located(input.recordId);
  const place = await readDocument(stub, key, LocatedDocument);
  if (place === undefined) {
    const isErased = await exists(stub, CLINICAL_KEYS.erased(input.recordId));
    throw new PulseError(isErased ? 'gone' : 'not_found');
  }
  if (!(await isReadable(call, place))) throw new PulseError('not_found');
  return placeOf(place);
}

/** Entries that one search looks at. */
const MAX_SCANNED = 500;

async function findByKey(call: Call<FindByKeyInput>): Promise<FindByKeyOutput> {
  const { stub, input } = call;
  const prefix = { objectType: 'index', attributes: [input.indexName, input.valueHash] };
  const entriesFound: LocatedDocument[] = [];
  for await (const { value } of entries(stub, rangeStart(prefix), rangeEnd(prefix))) {
    entriesFound.push(parseDocument(value, LocatedDocument));
    if (entriesFound.length === MAX_SCANNED) break;
  }
  const places: Place[] = [];
  for (const place of entriesFound) {
    if (!(await isReadable(call, place))) continue;
    if (places.length === MAX_FOUND) return { places, more: true };
    places.push(placeOf(place));
  }
  return { places, more: false };
}

/**
 * Which record has a unique key. Whoever may register patients learns who is registered under an
 * identifier that they know: otherwise the same person would be registered twice.
 */
async function findUnique(call: Call<FindUniqueInput>): Promise<Place> {
  const { stub, input } = call;
  const key = await uniqueRecordKey(stub, input.patientId ?? null, input.uniqueKey);
  const place = await readDocument(stub, key, LocatedDocument);
  if (place === undefined) throw new PulseError('not_found');
  const isRegistrar = ['doctor', 'nurse', 'administrator'].includes(call.caller.role);
  const isAllowed = input.patientId === undefined ? isRegistrar : await isReadable(call, place);
  if (!isAllowed) throw new PulseError('not_found');
  return placeOf(place);
}

export const LOCATE: TransactionFunction<LocateInput> = {
  name: 'record:Locate',
  input: inputOf(LocateInput),
  run: locate,
};

export const FIND_BY_KEY: TransactionFunction<FindByKeyInput> = {
  name: 'record:FindByKey',
  input: inputOf(FindByKeyInput),
  run: findByKey,
};

export const FIND_UNIQUE: TransactionFunction<FindUniqueInput> = {
  name: 'record:FindUnique',
  input: inputOf(FindUniqueInput),
  run: findUnique,
};
