import {
  AnswerErasureInput,
  type ChangeOutput,
  CLINICAL_KEYS,
  type Erasure,
  ErasureDocument,
  ErasureInput,
  ListErasuresInput,
  type ListErasuresOutput,
  PatientDocument,
  PatientInput,
  PROVIDER_MSP_IDS,
  PulseError,
  RECORD_KEYS,
  type ReadErasuresOutput,
  type RecordClass,
  RequestErasureInput,
} from '@pulseledger/domain';
import { requireAttestation } from '../access/attestation.ts';
import { parseDocument, readDocument } from '../store/documents.ts';
import { entries, rangeAfter, rangeEnd, rangeStart } from '../store/range.ts';
import { CHANGED, UNCHANGED } from '../transaction/change.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import { inputOf } from '../transaction/transient.ts';
import {
  answered,
  erasureOf,
  NOTHING_PURGED,
  readErasures,
  writeErasure,
} from './erasure-state.ts';
import { requirePermitted } from './permission.ts';

/** The class whose erasure must be permitted for a request. */
function classOf({ scope }: Pick<Erasure, 'scope'>): RecordClass {
  return scope === 'wearable' ? 'vitals' : 'basics';
}

async function permittedSubject(
  call: Call<ErasureInput>,
  scope: Pick<Erasure, 'scope'>,
): Promise<string> {
  const claims = await requireAttestation(call, { patientId: call.input.patientId });
  requirePermitted(claims, { action: 'erase', recordClass: classOf(scope), labels: [] });
  if (claims.subjectId === null) throw new PulseError('access_denied');
  return claims.subjectId;
}

/** The patient asks; an administrator, who may erase, does not ask in the patient's place. */
async function requestErasure(call: Call<RequestErasureInput>): Promise<ChangeOutput> {
  const { stub, caller, input, nowMs } = call;
  const { patientId, requestId, scope, saltHex } = input;
  if (caller.role === 'administrator') throw new PulseError('access_denied');
  const requestedBy = await permittedSubject(call, input);
  const document = await readErasures(stub, patientId);
  if (document?.erasures.some((each) => each.requestId === requestId) === true) return UNCHANGED;
  const erasure: Erasure = {
    ...{ requestId, scope, state: 'requested', requestedBy, requestedAtMs: nowMs },
    ...{ answers: [], purgedKeys: 0, digestHex: NOTHING_PURGED, destroyedAtMs: null },
  };
  const registeredAt = await custodiansOf(call, document);
  const { erasures, shareIds } = document ?? { erasures: [], shareIds: [] };
  await writeErasure(stub, { patientId, erasures, registeredAt, shareIds, saltHex }, erasure);
  return CHANGED;
}

/** Organizations that have to answer: where the patient is registered, or was when something was erased before. */
async function custodiansOf(
  { stub, input: { patientId } }: Call<RequestErasureInput>,
  document: ErasureDocument | undefined,
): Promise<readonly string[]> {
  const patient = await readDocument(stub, RECORD_KEYS.patient(patientId), PatientDocument);
  return patient?.registeredAt ?? document?.registeredAt ?? PROVIDER_MSP_IDS;
}

/** A custodian grants the request, with the end of retention, or refuses it. Readings need no answer. */
async function answerErasure(call: Call<AnswerErasureInput>): Promise<ChangeOutput> {
  const { stub, caller, input, nowMs } = call;
  if (caller.role !== 'administrator') throw new PulseError('access_denied');
  const subjectId = await permittedSubject(call, { scope: 'clinical' });
  const document = await readErasures(stub, input.patientId);
  const erasure = erasureOf(document, input.requestId);
  if (document === undefined || erasure.scope !== 'clinical') {
    throw new PulseError('conflict', 'This request needs no answer.');
  }
  const by = { mspId: caller.mspId, subjectId, atMs: nowMs };
  const changed = answered(erasure, input, by, document.registeredAt);
  await writeErasure(stub, { ...document, saltHex: input.saltHex }, changed);
  return CHANGED;
}

/** The patient's own requests and receipts; they outlive the record. */
async function readOwnErasures({
  stub,
  caller,
  input,
}: Call<PatientInput>): Promise<ReadErasuresOutput> {
  const isOwn = caller.role === 'patient' && caller.subjectId === input.patientId;
  if (!isOwn && caller.role !== 'administrator') throw new PulseError('access_denied');
  return { erasures: (await readErasures(stub, input.patientId))?.erasures ?? [] };
}

/** Requests that this organization has to answer still. */
function waitsFor(
  { caller }: Call<unknown>,
  { registeredAt }: ErasureDocument,
  { scope, state, answers }: Erasure,
): boolean {
  const isAsked = scope === 'clinical' && state === 'requested';
  const isCustodian = registeredAt.includes(caller.mspId);
  return isAsked && isCustodian && !answers.some(({ mspId }) => mspId === caller.mspId);
}

/**
 * Erasures under way or done, which a node restored from a backup must have replayed before it serves;
 * or those that wait for an answer.
 */
async function listErasures(call: Call<ListErasuresInput>): Promise<ListErasuresOutput> {
  const { stub, input } = call;
  const prefix = { objectType: 'erasure', attributes: [] };
  const { bookmark, pageSize } = input;
  const start =
    bookmark === undefined ? rangeStart(prefix) : rangeAfter(CLINICAL_KEYS.erasure(bookmark));
  const erasures: ListErasuresOutput['erasures'][number][] = [];
  for await (const { value } of entries(stub, start, rangeEnd(prefix))) {
    const document = parseDocument(value, ErasureDocument);
    const { patientId } = document;
    for (const erasure of document.erasures) {
      const { requestId, scope, state, destroyedAtMs } = erasure;
      const isBegun = state === 'destroying' || state === 'destroyed';
      const isWanted = input.waiting === true ? waitsFor(call, document, erasure) : isBegun;
      if (isWanted) erasures.push({ patientId, requestId, scope, state, destroyedAtMs });
    }
    if (erasures.length >= pageSize) return { erasures, bookmark: patientId };
  }
  return { erasures };
}

export const REQUEST_ERASURE: TransactionFunction<RequestErasureInput> = {
  name: 'record:RequestErasure',
  input: inputOf(RequestErasureInput),
  run: requestErasure,
};

export const ANSWER_ERASURE: TransactionFunction<AnswerErasureInput> = {
  name: 'record:AnswerErasure',
  input: inputOf(AnswerErasureInput),
  run: answerErasure,
};

export const READ_ERASURES: TransactionFunction<PatientInput> = {
  name: 'record:ReadErasures',
  input: inputOf(PatientInput),
  run: readOwnErasures,
};

export const LIST_ERASURES: TransactionFunction<ListErasuresInput> = {
  name: 'record:ListErasures',
  input: inputOf(ListErasuresInput),
  run: listErasures,
};
