import {
  type ChangeOutput,
  CLINICAL_KEYS,
  ConsentDocument,
  type ErasableKey,
  EraseInput,
  type Erasure,
  type ErasureDocument,
  ErasureInput,
  hexFromBytes,
  type ListErasableOutput,
  LocatedDocument,
  MAX_ERASED_KEYS,
  PROVIDERS_COLLECTION,
  PulseError,
  type RecordClass,
} from '@pulseledger/domain';
import type { Caller } from '../access/caller.ts';
import { sha256 } from '../crypto.ts';
import { readDocument, writeDocument } from '../store/documents.ts';
import { CHANGED, UNCHANGED } from '../transaction/change.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import type { LedgerStub } from '../transaction/ledger-context.ts';
import { inputOf } from '../transaction/transient.ts';
import { belongsTo, erasableKeys, isReading, placeOfKey } from './erasable.ts';
import { erasureOf, readErasures, requireDue, writeErasure } from './erasure-state.ts';

/** Administrators carry a request out; the patient may, for the own readings. */
function requireExecutor(caller: Caller, patientId: string, { scope }: Erasure): void {
  const isOwn = caller.role === 'patient' && caller.subjectId === patientId;
  if (caller.role === 'administrator' || (isOwn && scope === 'wearable')) return;
  throw new PulseError('access_denied');
}

/** The next step's keys; empty when nothing is left. They hold no value and no name. */
async function listErasable(call: Call<ErasureInput>): Promise<ListErasableOutput> {
  const { stub, caller, input } = call;
  const erasure = erasureOf(await readErasures(stub, input.patientId), input.requestId);
  requireExecutor(caller, input.patientId, erasure);
  const keys: ErasableKey[] = [];
  const objectIds: string[] = [];
  for await (const found of erasableKeys(stub, input.patientId, erasure)) {
    keys.push(found.key);
    objectIds.push(...found.objectIds);
    if (keys.length === MAX_ERASED_KEYS) break;
  }
  return { keys, objectIds };
}

/** Of these the record's id tells nothing: whoever knows a patient's is told by the request; notes are told to nobody. */
const UNTOLD: readonly RecordClass[] = ['basics', 'psychotherapy-note'];

/** Whoever asks for the record by its id is told later that it was erased. */
async function leaveWord(stub: LedgerStub, key: ErasableKey, saltHex: string): Promise<void> {
  if (key.objectType !== 'located') return;
  const place = await readDocument(stub, key, LocatedDocument);
  if (place === undefined || UNTOLD.includes(place.recordClass)) return;
  await writeDocument(stub, CLINICAL_KEYS.erased(place.recordId), { saltHex });
}

/** The share that a consent which is to be purged made: its insurer's looks stay in the log of accesses. */
async function shareOf(stub: LedgerStub, key: ErasableKey): Promise<string[]> {
  if (key.objectType !== 'consent' || key.collection !== PROVIDERS_COLLECTION) return [];
  const consent = await readDocument(stub, key, ConsentDocument);
  const shareId = consent?.terms.share?.shareId;
  return shareId === undefined ? [] : [shareId];
}

async function purge(
  call: Call<EraseInput>,
  erasure: Erasure,
): Promise<{
  readonly purged: Pick<Erasure, 'digestHex' | 'purgedKeys'>;
  readonly shareIds: readonly string[];
}> {
  const { stub, input } = call;
  const shareIds: string[] = [];
  let { digestHex } = erasure;
  for (const key of input.keys) {
    const isCovered = erasure.scope === 'clinical' || isReading(key);
    if (!isCovered || !(await belongsTo(stub, input.patientId, key))) {
      throw new PulseError('access_denied', 'A key does not belong to the request.');
    }
    const [collection, text] = placeOfKey(stub, key);
    await leaveWord(stub, key, input.saltHex);
    shareIds.push(...(await shareOf(stub, key)));
    await stub.purgePrivateData(collection, text);
    const keyHash = sha256(Buffer.from(text));
    digestHex = hexFromBytes(sha256(Buffer.concat([Buffer.from(digestHex, 'hex'), keyHash])));
  }
  const purged = { digestHex, purgedKeys: erasure.purgedKeys + input.keys.length };
  return { purged, shareIds };
}

/** One step: purge the keys at every member. From the first step on, reads say that the record is gone. */
async function erase(call: Call<EraseInput>): Promise<ChangeOutput> {
  const { stub, caller, input, nowMs } = call;
  const { patientId, requestId, keys, saltHex } = input;
  const document: ErasureDocument | undefined = await readErasures(stub, patientId);
  const erasure = erasureOf(document, requestId);
  requireExecutor(caller, patientId, erasure);
  if (erasure.state === 'destroyed' && keys.length === 0) return UNCHANGED;
  // After a restore from a backup the same keys are purged once more.
  if (erasure.state !== 'destroyed') requireDue(erasure, nowMs);
  const { purged, shareIds } = await purge(call, erasure);
  const isLast = keys.length === 0;
  const state = isLast || erasure.state === 'destroyed' ? 'destroyed' : 'destroying';
  const destroyedAtMs = erasure.destroyedAtMs ?? (isLast ? nowMs : null);
  if (document === undefined) return UNCHANGED;
  await writeErasure(
    stub,
    { ...document, shareIds: [...new Set([...document.shareIds, ...shareIds])], saltHex },
    { ...erasure, ...purged, state, destroyedAtMs },
  );
  return CHANGED;
}

export const LIST_ERASABLE: TransactionFunction<ErasureInput> = {
  name: 'record:ListErasable',
  input: inputOf(ErasureInput),
  run: listErasable,
};

export const ERASE: TransactionFunction<EraseInput> = {
  name: 'record:Erase',
  input: inputOf(EraseInput),
  run: erase,
};
