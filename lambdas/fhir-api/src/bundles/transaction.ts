/** A transaction: all of its changes or none. They are of one patient, since that is what one ledger transaction is. */
import { createHmac } from 'node:crypto';
import {
  type DirectoryWrite,
  MAX_DIRECTORY_WRITES,
  MAX_WRITE_INPUT_BYTES,
  MAX_WRITES_PER_TRANSACTION,
  PulseError,
  type RecordWrite,
} from '@pulseledger/domain';
import type { Bundle, BundleEntry } from 'fhir/r4.js';
import type { FhirJson } from '../definitions/fhir-json.ts';
import { isRecordType, isServedType, type RecordType } from '../definitions/served-types.ts';
import type { Finding } from '../definitions/structures.ts';
import type { Call } from '../http/call.ts';
import { InvalidResource } from '../http/outcome.ts';
import type { Reply } from '../http/reply.ts';
import { parseQuery as parsePairs } from '../http/request.ts';
import { versionHeaders } from '../http/versions.ts';
import { type Condition, conditionOf, existing } from '../interactions/conditional.ts';
import { entryWrite, shownDirectoryWrite } from '../interactions/directory.ts';
import {
  checkIncoming,
  newId,
  patientInContext,
  patientOf,
  withOwnReferences,
  writeOf,
} from '../interactions/incoming.ts';
import { amendment, deletionOf, shownWrite } from '../interactions/write.ts';
import type { Versioned } from '../record/stored.ts';
import { matching } from '../search/asked.ts';
import { candidates } from '../search/candidates.ts';
import { userOf } from '../search/cursor.ts';
import { parseQuery } from '../search/query.ts';
import { responseOf } from './batch.ts';
import type { RequestEntry } from './bundle-request.ts';
import { entryRequest } from './entry-request.ts';
import { asUpdate } from './patch-entry.ts';
import { conditionalReferences, requireDistinct, withNames } from './references.ts';

/** One change, with where it goes. */
interface Change {
  readonly index: number;
  readonly method: 'POST' | 'PUT' | 'DELETE';
  readonly type: RecordType;
  readonly id: string;
  readonly entry: RequestEntry;
  readonly resource: FhirJson | undefined;
  readonly condition: Condition | undefined;
}

/** What becomes of a change: a write, or nothing when it is so already. */
interface Planned {
  readonly change: Change;
  readonly patientId: string | undefined;
  readonly write: RecordWrite | undefined;
  /** In place of a write of a record: one of the directory. */
  readonly entry?: DirectoryWrite | undefined;
  readonly status: number;
}

export async function runTransaction(call: Call, given: readonly RequestEntry[]): Promise<Bundle> {
  const entries = await withoutPatches(call, given);
  const changes = entries.flatMap((entry, index) =>
    ['POST', 'PUT', 'DELETE'].includes(entry.request.method)
      ? [at(index, () => changeOf(call, entry, index))]
      : [],
  );
  requireDistinct(
    entries.map(({ fullUrl }) => fullUrl),
    'two entries have one fullUrl',
  );
  requireDistinct(
    changes.map(({ type, id }) => `${type}/${id}`),
    'one resource is changed by two entries',
  );
  requireDistinct(
    changes.map(({ condition }) => condition?.uniqueKey),
    'two entries are created under one condition',
  );
  const planned = await planAll(call, changes);
  const answers = await writeAll(call, planned);
  const response: BundleEntry[] = [];
  for (const [index, entry] of entries.entries()) {
    const written = answers.get(index);
    const reply = written ?? (await call.perform(entryRequest(call, entry)));
    response.push(responseOf(reply));
  }
  return {
    resourceType: 'Bundle',
    type: 'transaction-response',
    ...(response.length > 0 ? { entry: response } : {}),
  };
}

async function withoutPatches(call: Call, given: readonly RequestEntry[]): Promise<RequestEntry[]> {
  const entries: RequestEntry[] = [];
  for (const [index, entry] of given.entries()) {
    const isPatch = entry.request.method === 'PATCH';
    entries.push(isPatch ? await atAsync(index, () => asUpdate(call, entry)) : entry);
  }
  return entries;
}

const INTERACTIONS = { POST: 'c', PUT: 'u', DELETE: 'd' } as const;

function changeOf(call: Call, entry: RequestEntry, index: number): Change {
  const { type, id } = targetOf(call, entry);
  const method = methodOf(entry);
  call.grant.require(type, INTERACTIONS[method]);
  if (method === 'DELETE') {
    return { index, method, type, id: id ?? '', entry, resource: undefined, condition: undefined };
  }
  const { resource } = entry;
  requireResource(entry, type);
  if (method === 'PUT' && resource?.['id'] !== id) {
    throw new PulseError('invalid_input', 'the id in the resource is not the one in the address');
  }
  const { ifNoneExist } = entry.request;
  const isConditional = method === 'POST' && ifNoneExist !== undefined;
  const condition = isConditional ? conditionOf(type, ifNoneExist, call.baseUrl) : undefined;
  return { index, method, type, id: id ?? idFor(call, index), entry, resource, condition };
}

function methodOf({ request: { method } }: RequestEntry): Change['method'] {
  return method === 'POST' || method === 'PUT' ? method : 'DELETE';
}

/** @throws PulseError for an address that no change goes to */
function targetOf(
  call: Call,
  { request: { method, url } }: RequestEntry,
): { readonly type: RecordType; readonly id: string | undefined } {
  const relative = url.startsWith(`${call.baseUrl}/`) ? url.slice(call.baseUrl.length + 1) : url;
  const [path = '', query] = relative.split('?');
  const [type = '', id, ...more] = path.split('/');
  if (!isServedType(type) || !isRecordType(type)) {
    throw new PulseError('not_supported', 'this type is not written here');
  }
  if (more.length > 0 || query !== undefined || (method === 'POST') !== (id === undefined)) {
    throw new PulseError('not_supported', 'a change is POST Type, or PUT, PATCH or DELETE Type/id');
  }
  return { type, id };
}

function requireResource({ resource }: RequestEntry, type: RecordType): void {
  if (resource === undefined) throw new PulseError('invalid_input', 'the entry has no resource');
  checkIncoming(resource, type);
}

/** https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/ */
const IDEMPOTENCY_KEY = /^"?[\w.:-]{8,128}"?$/;

/** Random; with an Idempotency-Key the same for every repetition of the request. */
function idFor(call: Call, index: number): string {
  const key = call.request.headers['idempotency-key'];
  if (key === undefined) return newId();
  if (!IDEMPOTENCY_KEY.test(key)) {
    throw new PulseError('invalid_input', 'Idempotency-Key is 8 to 128 letters, digits, . : _ -');
  }
  const text = JSON.stringify([userOf(call.caller), key, index]);
  return createHmac('sha256', call.cursorKey).update(text).digest('hex').slice(0, 32);
}

async function planAll(call: Call, changes: readonly Change[]): Promise<Planned[]> {
  const settled = new Map<number, FhirJson>();
  for (const change of changes) {
    const found = await alreadyThere(call, change, changes);
    if (found !== undefined) settled.set(change.index, found);
  }
  const names = new Map<string, string>();
  for (const { index, entry, type, id } of changes) {
    const place = `${type}/${idOf(settled.get(index)) ?? id}`;
    if (entry.fullUrl !== undefined) names.set(entry.fullUrl, place);
  }
  for (const text of new Set(
    changes.flatMap(({ resource }) =>
      resource === undefined ? [] : conditionalReferences(resource),
    ),
  )) {
    names.set(text, await conditionalTarget(call, text));
  }
  const renamed = changes.map((change) =>
    change.resource === undefined
      ? change
      : {
          ...change,
          resource: withOwnReferences(withNames(change.resource, names), call.baseUrl),
        },
  );
  const patientId = onePatient(call, renamed, settled);
  const planned: Planned[] = [];
  for (const change of renamed) {
    const found = settled.get(change.index);
    planned.push(
      found === undefined
        ? await atAsync(change.index, () => plan(call, change, patientId))
        : {
            change: { ...change, id: String(found['id']) },
            patientId,
            write: undefined,
            status: 200,
          },
    );
  }
  return planned;
}

function idOf(resource: FhirJson | undefined): string | undefined {
  const id: unknown = resource?.['id'];
  return typeof id === 'string' ? id : undefined;
}

/** What a conditional create finds. Within a patient that is made in this Bundle there is nothing yet. */
async function alreadyThere(
  call: Call,
  change: Change,
  changes: readonly Change[],
): Promise<FhirJson | undefined> {
  const { condition, type, resource } = change;
  if (condition === undefined || resource === undefined) return undefined;
  const own = patientOf(withOwnReferences(resource, call.baseUrl));
  if (type !== 'Patient' && own === undefined && changes.some((one) => one.type === 'Patient')) {
    return undefined;
  }
  return atAsync(change.index, () => existing(call, type, condition, own));
}

async function conditionalTarget(call: Call, text: string): Promise<string> {
  const [type = '', query = ''] = text.split('?');
  if (!isServedType(type)) throw new PulseError('invalid_input', 'a reference is to no known type');
  const parsed = parseQuery(type, parsePairs(query), { handling: 'strict', baseUrl: call.baseUrl });
  const [first, ...others] = matching(parsed, await candidates(call, parsed));
  if (first === undefined || others.length > 0) {
    throw new PulseError(
      'precondition_failed',
      'a conditional reference fits no resource, or more than one',
    );
  }
  return `${type}/${String(first['id'])}`;
}

/** The one whose record the transaction changes; undefined when no entry names a patient. */
function onePatient(
  call: Call,
  changes: readonly Change[],
  settled: ReadonlyMap<number, FhirJson>,
): string | undefined {
  const ids = new Set(
    changes.flatMap(({ index, type, id, resource }) => {
      if (type === 'Patient') return [idOf(settled.get(index)) ?? id];
      const patient = resource === undefined ? undefined : at(index, () => patientOf(resource));
      return patient === undefined ? [] : [patient];
    }),
  );
  if (ids.size > 1) {
    throw new PulseError(
      'not_supported',
      'a transaction changes the record of one patient; send one Bundle each, or a batch',
    );
  }
  return [...ids][0] ?? patientInContext(call);
}

async function plan(call: Call, change: Change, patientId: string | undefined): Promise<Planned> {
  const { method, type, id, resource, entry, condition } = change;
  const { ifMatch } = entry.request;
  if (method === 'DELETE') {
    const deletion = await deletionOf(call, type, id, { ifMatch });
    return {
      change,
      patientId: deletion?.patientId ?? patientId,
      write: deletion?.write,
      status: 204,
    };
  }
  if (resource === undefined) throw new PulseError('invalid_input', 'the entry has no resource');
  if (method === 'PUT') {
    const { patientId: owner, write } = await amendment(call, type, id, { resource, ifMatch });
    return { change, patientId: owner, write, status: 200 };
  }
  if (patientId === undefined) {
    return {
      change,
      patientId,
      write: undefined,
      entry: entryWrite(resource, id, null),
      status: 201,
    };
  }
  const uniqueKey = condition?.uniqueKey;
  const write = writeOf(resource, { recordId: id, ifVersion: null, uniqueKey });
  return { change, patientId, write, status: 201 };
}

async function writeAll(call: Call, planned: readonly Planned[]): Promise<Map<number, Reply>> {
  const writes = planned.flatMap(({ write }) => write ?? []);
  const entries = planned.flatMap(({ entry }) => entry ?? []);
  if (entries.length > 0) return writeEntries(call, planned, entries);
  if (writes.length === 0) return replies(call, planned, []);
  const patients = new Set(planned.flatMap((one) => one.patientId ?? []));
  const [patientId, ...others] = patients;
  if (patientId === undefined || others.length > 0) {
    throw new PulseError('invalid_input', 'the entries do not say in whose one record they belong');
  }
  requireSize(writes);
  try {
    const { versions, writtenAtMs } = await call.chart.write(patientId, writes);
    const stored = writes.map((write, index) =>
      shownWrite(write, versions[index] ?? 1, writtenAtMs),
    );
    return replies(call, planned, stored);
  } catch (error) {
    if (!(await wasDoneBefore(call, error, planned))) throw error;
    return replies(
      call,
      planned,
      writes.map((write) => shownWrite(write, 1, call.now())),
      200,
    );
  }
}

/** A Bundle that names no patient is of the directory. */
async function writeEntries(
  call: Call,
  planned: readonly Planned[],
  entries: readonly DirectoryWrite[],
): Promise<Map<number, Reply>> {
  if (planned.some(({ write }) => write !== undefined) || entries.length > MAX_DIRECTORY_WRITES) {
    throw new PulseError(
      'not_supported',
      `a transaction changes one record, or at most ${MAX_DIRECTORY_WRITES} entries of the directory`,
    );
  }
  const shown = (versions: readonly number[]): Versioned[] =>
    entries.map((entry, index) => shownDirectoryWrite(entry, versions[index] ?? 1, call.now()));
  try {
    return replies(call, planned, shown(await call.directoryWriter.write(entries)));
  } catch (error) {
    if (!(await wasDoneBefore(call, error, planned))) throw error;
    return replies(call, planned, shown([]), 200);
  }
}

function requireSize(writes: readonly RecordWrite[]): void {
  const characters = writes.reduce((sum, write) => sum + JSON.stringify(write).length, 0);
  if (writes.length <= MAX_WRITES_PER_TRANSACTION && characters <= MAX_WRITE_INPUT_BYTES) return;
  throw new PulseError(
    'oversize',
    `one transaction has at most ${MAX_WRITES_PER_TRANSACTION} changes and ${MAX_WRITE_INPUT_BYTES} bytes; send it in parts, or as a batch`,
  );
}

/** A repetition under the same Idempotency-Key finds its own records. */
async function wasDoneBefore(
  call: Call,
  error: unknown,
  planned: readonly Planned[],
): Promise<boolean> {
  const isTaken =
    error instanceof PulseError &&
    ['precondition_failed', 'already_exists', 'conflict'].includes(error.code);
  const first = planned.find(({ change }) => change.method === 'POST');
  if (!isTaken || first === undefined) return false;
  if (call.request.headers['idempotency-key'] === undefined) return false;
  const { type, id } = first.change;
  const reply = await call
    .perform({
      ...call.request,
      method: 'GET',
      segments: [type, id],
      query: [],
      headers: {},
      body: '',
    })
    .catch(() => undefined);
  return reply?.status === 200;
}

/** @param stored what became of the writes, in their order */
function replies(
  call: Call,
  planned: readonly Planned[],
  stored: readonly Versioned[],
  status?: number,
): Map<number, Reply> {
  const isWanted = /return\s*=\s*"?representation/i.test(call.request.headers['prefer'] ?? '');
  const made = new Map<number, Reply>();
  const left = [...stored];
  for (const { change, write, entry, status: own } of planned) {
    const { index, type, id } = change;
    const isWritten = write !== undefined || entry !== undefined;
    const one = isWritten ? left.shift() : undefined;
    if (one === undefined) {
      made.set(index, { status: own, headers: { location: `${call.baseUrl}/${type}/${id}` } });
      continue;
    }
    const location = `${call.baseUrl}/${type}/${id}/_history/${one.version}`;
    made.set(index, {
      status: status ?? own,
      headers: change.method === 'DELETE' ? {} : { ...versionHeaders(one), location },
      ...(isWanted && one.resource !== null ? { resource: one.resource } : {}),
    });
  }
  return made;
}

/** A failure says at which entry it was. */
function at<Result>(index: number, act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    throw located(error, index);
  }
}

async function atAsync<Result>(index: number, act: () => Promise<Result>): Promise<Result> {
  try {
    return await act();
  } catch (error) {
    throw located(error, index);
  }
}

function located(error: unknown, index: number): unknown {
  const place = `Bundle.entry[${index}]`;
  if (error instanceof InvalidResource) {
    return new InvalidResource(
      error.findings.map(
        (one): Finding => ({ ...one, expression: `${place}.resource.ofType(${one.expression})` }),
      ),
    );
  }
  if (!(error instanceof PulseError)) return error;
  const { code, message, details } = error;
  return new PulseError(code, `${place}: ${message}`, { details, cause: error });
}
