import {
  ACCESS_KEYS,
  AccessEntryDocument,
  type ChangeOutput,
  Claims,
  canonicalJson,
  EXTRACT_COLLECTION,
  OpenChartInput,
  type OpenedClass,
  PERMIT_LIFE_MS,
  PROVIDERS_COLLECTION,
  PulseError,
} from '@pulseledger/domain';
import { notifySupervisor } from '../emergency/notices.ts';
import { readDocument, writeDocument } from '../store/documents.ts';
import { CHANGED, UNCHANGED } from '../transaction/change.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import { inputOf } from '../transaction/transient.ts';
import { verifyAttestation } from './attestation.ts';

function openedClasses({ decisions }: Claims): OpenedClass[] {
  return decisions
    .filter(({ action }) => action === 'read')
    .map(({ recordClass, outcome, reason }) => ({ recordClass, outcome, reason }));
}

/** The entry that attested claims make. */
export function entryOf(
  claims: Claims,
  { permitId, saltHex }: OpenChartInput,
): AccessEntryDocument {
  const { subjectId, role, mspId, purpose, atMs, emergency } = claims;
  if (subjectId === null) throw new PulseError('access_denied', 'Only a person opens a chart.');
  return {
    ...{ permitId, subjectId, role, mspId, purpose, atMs, emergency, saltHex },
    classes: openedClasses(claims),
    untilMs: atMs + PERMIT_LIFE_MS,
    committedLateAtMs: null,
  };
}

/**
 * Open a chart: who, for which purpose, which classes, permitted or denied. A denial is an entry as
 * well and no error; reads demand the entry. It writes one key with a random part, and reads that.
 */
async function openChart(call: Call<OpenChartInput>): Promise<ChangeOutput> {
  const { stub, input } = call;
  const claims = await verifyAttestation(call, Claims);
  const entry = entryOf(claims, input);
  const key = ACCESS_KEYS.access(claims.patientId ?? claims.shareId ?? '', input.permitId);
  const collection = claims.patientId === null ? EXTRACT_COLLECTION : PROVIDERS_COLLECTION;
  const known = await readDocument(stub, key, AccessEntryDocument, collection);
  if (known !== undefined) {
    if (canonicalJson(known) === canonicalJson(entry)) return UNCHANGED;
    throw new PulseError('conflict', 'There is another permit with this id.');
  }
  await writeDocument(stub, key, entry, collection);
  if (claims.patientId !== null) await notifySupervisor(stub, claims.patientId, entry);
  return CHANGED;
}

export const OPEN_CHART: TransactionFunction<OpenChartInput> = {
  name: 'access:OpenChart',
  input: inputOf(OpenChartInput),
  run: openChart,
};
