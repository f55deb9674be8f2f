/** create, update, delete: https://hl7.org/fhir/R4/http.html#create, #update, #delete */
import { PulseError } from '@pulseledger/domain';
import type { FhirJson } from '../definitions/fhir-json.ts';
import { isRecordType, type RecordType } from '../definitions/served-types.ts';
import type { Call } from '../http/call.ts';
import type { Reply } from '../http/reply.ts';
import { ifMatch } from '../http/versions.ts';
import { nothingToSee } from '../record/port.ts';
import { labelsOf, shownRecord, type Versioned } from '../record/stored.ts';
import { type Condition, conditionOf, existing, holderOf } from './conditional.ts';
import { placeOf, present, readCurrent, readPatientNow } from './current.ts';
import { createEntry, knownEntry, updateEntry } from './directory.ts';
import {
  answering,
  checkIncoming,
  classFor,
  newId,
  patientInContext,
  patientOf,
  resourceIn,
  withOwnReferences,
  writeOf,
} from './incoming.ts';
import { typeIn } from './read.ts';
import { written } from './written.ts';

export async function createResource(call: Call): Promise<Reply> {
  const type = writable(typeIn(call.path));
  call.grant.require(type, 'c');
  const given = resourceIn(call.request);
  checkIncoming(given, type);
  const resource = withOwnReferences(given, call.baseUrl);
  const recordId = newId();
  const patientId = type === 'Patient' ? recordId : (patientOf(resource) ?? patientInContext(call));
  const text = call.request.headers['if-none-exist'];
  if (patientId === undefined) return createInDirectory(call, type, resource, text);
  if (text === undefined) return created(call, patientId, recordId, resource);
  const condition = conditionOf(type, text, call.baseUrl);
  const found = await existing(call, type, condition, patientId);
  if (found !== undefined) return replyExisting(call, type, String(found['id']));
  return createOnce(call, type, resource, { patientId, recordId, condition });
}

/** Of several conditional creates at one time one makes the entry: its id follows from the condition. */
async function createInDirectory(
  call: Call,
  type: RecordType,
  resource: FhirJson,
  text: string | undefined,
): Promise<Reply> {
  if (text === undefined) return createEntry(call, resource, newId());
  const condition = conditionOf(type, text, call.baseUrl);
  const found = await existing(call, type, condition, undefined);
  if (found !== undefined) return replyExisting(call, type, String(found['id']));
  const id = condition.uniqueKey.slice(0, 32);
  try {
    return await createEntry(call, resource, id);
  } catch (error) {
    if (!(error instanceof PulseError) || error.code !== 'precondition_failed') throw error;
  }
  return replyExisting(call, type, id);
}

interface Once {
  readonly patientId: string;
  readonly recordId: string;
  readonly condition: Condition;
}

/** Of several at one time one makes it; the others are shown what it made. */
async function createOnce(
  call: Call,
  type: RecordType,
  resource: FhirJson,
  { patientId, recordId, condition }: Once,
): Promise<Reply> {
  try {
    return await created(call, patientId, recordId, resource, condition.uniqueKey);
  } catch (error) {
    if (!(error instanceof PulseError) || error.code !== 'already_exists') throw error;
  }
  return replyExisting(call, type, await holderOf(call, type, condition, patientId));
}

async function replyExisting(call: Call, type: RecordType, id: string): Promise<Reply> {
  const current = await readCurrent(call, type, id);
  if (current.version === undefined) throw nothingToSee();
  return written(call, 200, type, current);
}

async function created(
  call: Call,
  patientId: string,
  recordId: string,
  resource: FhirJson,
  uniqueKey?: string,
): Promise<Reply> {
  const write = answering(writeOf(resource, { recordId, ifVersion: null, uniqueKey }), call);
  const stored = await store(call, patientId, write);
  return written(call, 201, resource.resourceType, stored);
}

/** Writes one record and gives what readers will see. */
async function store(
  call: Call,
  patientId: string,
  write: ReturnType<typeof writeOf>,
  isUpdate = false,
): Promise<Versioned> {
  const isFirstBasics = write.recordClass === 'basics' && write.ifVersion === null && isUpdate;
  const { versions, writtenAtMs } = isFirstBasics
    ? await call.chart.writeFirstBasics(patientId, write)
    : await call.chart.write(patientId, [write]);
  return shownWrite(write, versions[0] ?? 1, writtenAtMs);
}

export function shownWrite(
  write: ReturnType<typeof writeOf>,
  version: number,
  writtenAtMs: number,
): Versioned {
  const { recordId, recordClass, resource, labels } = write;
  return shownRecord({
    recordClass,
    recordId,
    version,
    deleted: resource === null,
    resource,
    labels,
    authorId: recordId,
    authorRole: 'doctor',
    mspId: '',
    writtenAtMs,
    attachments: [],
    orderId: null,
    repeat: null,
  });
}

/** @throws PulseError `method_not_allowed` for what is shown and not written */
export function writable(type: ReturnType<typeof typeIn>): RecordType {
  if (isRecordType(type)) return type;
  throw new PulseError('method_not_allowed', 'resources of this type are shown, not written', {
    details: { allow: 'GET, HEAD' },
  });
}

export async function updateResource(call: Call): Promise<Reply> {
  const type = writable(typeIn(call.path));
  call.grant.require(type, 'u');
  const given = resourceIn(call.request);
  const id = call.path['id'] ?? '';
  return replaceResource(call, type, id, {
    resource: given,
    ifMatch: call.request.headers['if-match'],
  });
}

/** Writes a new version of what is there, in a record or in the directory. @throws PulseError */
export async function replaceResource(
  call: Call,
  type: RecordType,
  id: string,
  change: { readonly resource: FhirJson; readonly ifMatch: string | undefined },
): Promise<Reply> {
  const { resource: given, ifMatch: match } = change;
  if (given['id'] !== id) {
    throw new PulseError('invalid_input', 'the id in the resource is not the one in the address');
  }
  checkIncoming(given, type);
  const resource = withOwnReferences(given, call.baseUrl);
  const entry = await knownEntry(call, type, id);
  if (entry !== undefined) return updateEntry(call, entry, resource, match);
  const write = await amendment(call, type, id, { resource, ifMatch: match });
  const stored = await store(call, write.patientId, write.write, true);
  return written(call, 200, type, stored);
}

export interface Amendment {
  readonly patientId: string;
  readonly write: ReturnType<typeof writeOf>;
}

/** The write of a new version, when the client knows the present one. @throws PulseError */
export async function amendment(
  call: Call,
  type: RecordType,
  id: string,
  change: { readonly resource: FhirJson; readonly ifMatch: string | undefined },
): Promise<Amendment> {
  const { resource } = change;
  const wanted = ifMatch(change.ifMatch);
  const current = await currentVersion(call, type, id);
  if (wanted === undefined) throw new PulseError('precondition_required');
  if (wanted !== current.version) throw new PulseError('precondition_failed');
  const place = await placeOf(call, type, id);
  if (place.recordClass !== classFor(resource)) {
    throw new PulseError('invalid_resource', 'its kind would change; delete it and make a new one');
  }
  const patientId = patientOf(resource) ?? place.patientId;
  if (patientId !== place.patientId) {
    throw new PulseError('invalid_resource', "a resource stays in its patient's record");
  }
  const hadLabels = labelsOf(current.resource ?? resource);
  const ifVersion = current.version === 0 ? null : current.version;
  return { patientId, write: writeOf(resource, { recordId: id, ifVersion, hadLabels }) };
}

/** @throws PulseError `not_found`, `deleted`, `gone` */
export async function currentVersion(call: Call, type: RecordType, id: string): Promise<Versioned> {
  if (type === 'Patient') return readPatientNow(call, id);
  return present(shownRecord(await call.chart.read(await placeOf(call, type, id))), type);
}

export async function deleteResource(call: Call): Promise<Reply> {
  const type = writable(typeIn(call.path));
  call.grant.require(type, 'd');
  const deletion = await deletionOf(call, type, call.path['id'] ?? '', {
    ifMatch: call.request.headers['if-match'],
  });
  if (deletion !== undefined) await store(call, deletion.patientId, deletion.write);
  return { status: 204, headers: {} };
}

/** Undefined for what is deleted already. @throws PulseError */
export async function deletionOf(
  call: Call,
  type: RecordType,
  id: string,
  change: { readonly ifMatch: string | undefined },
): Promise<Amendment | undefined> {
  if (type === 'Patient') {
    throw new PulseError('method_not_allowed', 'a patient is erased on request, not deleted', {
      details: { allow: 'GET, HEAD, PUT, PATCH' },
    });
  }
  const place = await placeOf(call, type, id);
  const stored = shownRecord(await call.chart.read(place));
  if (stored.isDeleted || stored.resource === null) return undefined;
  present(stored, type);
  const wanted = ifMatch(change.ifMatch);
  if (wanted !== undefined && wanted !== stored.version)
    throw new PulseError('precondition_failed');
  const { patientId, recordClass, recordId } = place;
  const labels = labelsOf(stored.resource);
  const write = { recordClass, recordId, ifVersion: stored.version, labels, saltHex: newId() };
  return { patientId, write: { ...write, resource: null } };
}
