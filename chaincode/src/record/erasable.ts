import {
  CLINICAL_KEYS,
  CONSENT_KEYS,
  ConsentDocument,
  type ErasableKey,
  type Erasure,
  EXTRACT_COLLECTION,
  hourAttribute,
  hourOf,
  LocatedDocument,
  PROVIDERS_COLLECTION,
  RECORD_KEYS,
  RecordDocument,
  type RecordKey,
  splitCompositeKey,
  TreatingDocument,
} from '@pulseledger/domain';
import { ledgerKey, parseDocument, readDocument } from '../store/documents.ts';
import { entries, rangeEnd, rangeStart } from '../store/range.ts';
import type { LedgerStub } from '../transaction/ledger-context.ts';
import { uniqueRecordKey } from './places.ts';

/** A key to purge, and the objects off the ledger that only its record can open. */
export interface Erasable {
  readonly key: ErasableKey;
  readonly objectIds: readonly string[];
}

/** Readings of wearables: the second part of each key is the hour. */
const WEARABLE_TYPES = ['chunk', 'hour', 'late'];
/** What was made of readings: alarms, and what practitioners did about them. */
const ALARM_TYPES = ['alarms', 'watch-deed'];
/** Everything else of a patient whose keys begin with the patient's id. The log of accesses is not among it. */
const PATIENT_TYPES = [
  ...['worn', 'unique', 'consent', 'representative', 'link', 'emergency-choice'],
  ...['correction', 'correction-answer'],
  ...['passkey', 'passkey-use', 'watch-settings'],
];

function erasable({ objectType, attributes }: RecordKey): Erasable {
  return { key: { collection: 'providers', objectType, attributes }, objectIds: [] };
}

async function* keysOfTypes(
  stub: LedgerStub,
  patientId: string,
  objectTypes: readonly string[],
): AsyncGenerator<Erasable> {
  for (const objectType of objectTypes) {
    const prefix = { objectType, attributes: [patientId] };
    yield* keysBetween(stub, rangeStart(prefix), rangeEnd(prefix));
  }
}

async function* keysBetween(
  stub: LedgerStub,
  start: string,
  end: string,
): AsyncGenerator<Erasable> {
  for await (const { key } of entries(stub, start, end)) {
    const parts = splitCompositeKey(key);
    if (parts !== undefined) yield erasable(parts);
  }
}

/** Readings of the hours until the request was made; what is measured later is not part of it. */
async function* readings(
  stub: LedgerStub,
  patientId: string,
  { requestedAtMs, scope }: Erasure,
): AsyncGenerator<Erasable> {
  for (const objectType of WEARABLE_TYPES) {
    const all = { objectType, attributes: [patientId] };
    const hour = hourAttribute(hourOf(requestedAtMs));
    const end = scope === 'clinical' ? all : { objectType, attributes: [patientId, hour] };
    let marked: string | undefined;
    for await (const found of keysBetween(stub, rangeStart(all), rangeEnd(end))) {
      const [, of] = found.key.attributes;
      // The mark of an hour that is to be summed up still goes with the hour's first chunk.
      if (objectType === 'chunk' && of !== undefined && of !== marked) {
        yield erasable(RECORD_KEYS.open(Number(of), patientId));
        marked = of;
      }
      yield found;
    }
  }
}

/** A record with every place that leads to it. */
async function* recordWithPlaces(
  stub: LedgerStub,
  record: RecordDocument,
): AsyncGenerator<Erasable> {
  const { patientId, recordClass, recordId, uniqueKey, indexKeys, orderFor, attachments } = record;
  yield erasable(CLINICAL_KEYS.located(recordId));
  for (const { name, valueHash } of indexKeys) {
    yield erasable(CLINICAL_KEYS.index(name, valueHash, patientId, recordId));
  }
  if (recordClass === 'basics' && uniqueKey !== null) {
    yield erasable(await uniqueRecordKey(stub, null, uniqueKey));
  }
  if (orderFor !== null) {
    yield erasable(CLINICAL_KEYS.ordered(orderFor.mspId, patientId, recordId));
  }
  const { key } = erasable(CLINICAL_KEYS.record(patientId, recordClass, recordId));
  yield { key, objectIds: attachments.map(({ objectId }) => objectId) };
}

/** Earlier versions; each may have documents of its own. */
async function* versions(stub: LedgerStub, patientId: string): AsyncGenerator<Erasable> {
  const prefix = { objectType: 'version', attributes: [patientId] };
  for await (const { value } of entries(stub, rangeStart(prefix), rangeEnd(prefix))) {
    const { recordClass, recordId, version, attachments } = parseDocument(value, RecordDocument);
    const { key } = erasable(CLINICAL_KEYS.version(patientId, recordClass, recordId, version));
    yield { key, objectIds: attachments.map(({ objectId }) => objectId) };
  }
}

async function* records(stub: LedgerStub, patientId: string): AsyncGenerator<Erasable> {
  const prefix = { objectType: 'record', attributes: [patientId] };
  for await (const { value } of entries(stub, rangeStart(prefix), rangeEnd(prefix))) {
    yield* recordWithPlaces(stub, parseDocument(value, RecordDocument));
  }
}

async function* relations(stub: LedgerStub, patientId: string): AsyncGenerator<Erasable> {
  const prefix = { objectType: 'treating', attributes: [patientId] };
  for await (const { value } of entries(stub, rangeStart(prefix), rangeEnd(prefix))) {
    const { practitionerId } = parseDocument(value, TreatingDocument);
    yield erasable(RECORD_KEYS.treated(practitionerId, patientId));
    yield erasable(RECORD_KEYS.treating(patientId, practitionerId));
  }
}

async function* copiesOf(
  stub: LedgerStub,
  consentId: string,
  shareId: string,
): AsyncGenerator<Erasable> {
  for (const objectType of ['shared', 'share']) {
    const prefix = { objectType, attributes: [shareId] };
    const found = entries(stub, rangeStart(prefix), rangeEnd(prefix), EXTRACT_COLLECTION);
    for await (const { key } of found) {
      const parts = splitCompositeKey(key);
      if (parts === undefined) continue;
      yield { key: { collection: 'extract', ...parts, consentId }, objectIds: [] };
    }
  }
}

/** What insurers have, by every consent that the patient ever gave. */
async function* copies(stub: LedgerStub, patientId: string): AsyncGenerator<Erasable> {
  const prefix = { objectType: 'consent', attributes: [patientId] };
  for await (const { key, value } of entries(stub, rangeStart(prefix), rangeEnd(prefix))) {
    const consentId = splitCompositeKey(key)?.attributes[1];
    const { share } = parseDocument(value, ConsentDocument).terms;
    if (consentId !== undefined && share !== null) yield* copiesOf(stub, consentId, share.shareId);
  }
}

/**
 * Everything that a request covers and that is still there. The insurer's copies come first; the
 * patient's own document comes last, since it is what the other keys are reached by.
 */
export async function* erasableKeys(
  stub: LedgerStub,
  patientId: string,
  erasure: Erasure,
): AsyncGenerator<Erasable> {
  if (erasure.scope === 'clinical') yield* copies(stub, patientId);
  yield* readings(stub, patientId, erasure);
  yield* keysOfTypes(stub, patientId, ALARM_TYPES);
  if (erasure.scope === 'wearable') return;
  yield* versions(stub, patientId);
  yield* records(stub, patientId);
  yield* keysOfTypes(stub, patientId, PATIENT_TYPES);
  yield* relations(stub, patientId);
  const patient = RECORD_KEYS.patient(patientId);
  yield* keysBetween(stub, rangeStart(patient), rangeEnd(patient));
}

/** Types of keys whose n-th part is the patient's id. */
const PATIENT_PART: ReadonlyMap<string, number> = new Map([
  ...[...WEARABLE_TYPES, ...ALARM_TYPES, ...PATIENT_TYPES].map((type): [string, number] => [
    type,
    0,
  ]),
  ['record', 0],
  ['version', 0],
  ['patient', 0],
  ['treating', 0],
  ['treated', 1],
  ['open', 1],
  ['ordered', 1],
  ['index', 2],
]);

async function isCopyOf(
  stub: LedgerStub,
  patientId: string,
  { objectType, attributes, consentId = '' }: ErasableKey,
): Promise<boolean> {
  if (objectType !== 'shared' && objectType !== 'share') return false;
  const key = CONSENT_KEYS.consent(patientId, consentId);
  const consent = await readDocument(stub, key, ConsentDocument);
  return consent?.terms.share?.shareId === attributes[0] && attributes[0] !== undefined;
}

/**
 * Does the key belong to this patient's record? Keys without the patient's id are looked up, so that
 * nobody purges another patient's data under this one's request.
 */
export async function belongsTo(
  stub: LedgerStub,
  patientId: string,
  key: ErasableKey,
): Promise<boolean> {
  const { collection, objectType, attributes } = key;
  if (collection === 'extract') return isCopyOf(stub, patientId, key);
  const part = PATIENT_PART.get(objectType);
  if (part !== undefined && attributes[part] === patientId) return true;
  if (objectType !== 'located' && objectType !== 'unique') return false;
  const place = await readDocument(stub, key, LocatedDocument);
  return place?.patientId === patientId;
}

/** The key's text in the ledger and the collection it is in. */
export function placeOfKey(stub: LedgerStub, key: ErasableKey): readonly [string, string] {
  const collection = key.collection === 'extract' ? EXTRACT_COLLECTION : PROVIDERS_COLLECTION;
  return [collection, ledgerKey(stub, key)];
}

/** Is it a reading of a wearable, or made of such? */
export function isReading({ objectType }: ErasableKey): boolean {
  return [...WEARABLE_TYPES, ...ALARM_TYPES, 'open'].includes(objectType);
}
