import {
  AccessEntry,
  AccessEntryDocument,
  ConsentDocument,
  EXTRACT_COLLECTION,
  ListAccessInput,
  type ListAccessOutput,
  type OpenedClass,
  PROVIDERS_COLLECTION,
  PulseError,
} from '@pulseledger/domain';
import { verdictOn } from '../emergency/notices.ts';
import { readErasures } from '../record/erasure-state.ts';
import { parseDocument } from '../store/documents.ts';
import { entries, rangeEnd, rangeStart } from '../store/range.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import type { LedgerStub } from '../transaction/ledger-context.ts';
import { inputOf } from '../transaction/transient.ts';
import { requireRight } from './rights.ts';

/** Openings of one patient that one call looks at. */
const MAX_SCANNED = 20_000;

/**
 * Opening psychotherapy notes is told as opening notes: the look is in the log, and nobody learns from
 * it that there are notes of that kind.
 */
function asTold(entry: AccessEntry): AccessEntry {
  const isSealed = ({ recordClass }: OpenedClass): boolean => recordClass === 'psychotherapy-note';
  const told = entry.classes.filter((opened) => !isSealed(opened));
  const sealed = entry.classes.find(isSealed);
  if (sealed === undefined) return entry;
  if (told.some(({ recordClass }) => recordClass === 'note')) return { ...entry, classes: told };
  const { outcome } = sealed;
  const reason = outcome === 'permit' ? sealed.reason : 'not_permitted';
  return { ...entry, classes: [...told, { recordClass: 'note', outcome, reason }] };
}

async function* openings(
  stub: LedgerStub,
  ownerId: string,
  collection: string,
): AsyncGenerator<AccessEntry> {
  const prefix = { objectType: 'access', attributes: [ownerId] };
  const range = entries(stub, rangeStart(prefix), rangeEnd(prefix), collection);
  for await (const { value } of range) {
    yield asTold(AccessEntry.parse(parseDocument(value, AccessEntryDocument)));
  }
}

/** The patient's shares with insurers, revoked and erased ones too: their openings belong to the accounting. */
async function shareIdsOf(stub: LedgerStub, patientId: string): Promise<string[]> {
  const prefix = { objectType: 'consent', attributes: [patientId] };
  const erased = (await readErasures(stub, patientId))?.shareIds ?? [];
  const ids = new Set(erased);
  for await (const { value } of entries(stub, rangeStart(prefix), rangeEnd(prefix))) {
    const { share } = parseDocument(value, ConsentDocument).terms;
    if (share !== null) ids.add(share.shareId);
  }
  return [...ids];
}

function bookmarkOf({ atMs, permitId }: AccessEntry): string {
  return `${atMs}.${permitId}`;
}

/** Newest first; the permit's id settles ties. */
function compare(a: AccessEntry, b: AccessEntry): number {
  return b.atMs - a.atMs || (a.permitId < b.permitId ? -1 : 1);
}

function isBehind(entry: AccessEntry, bookmark: string | undefined): boolean {
  if (bookmark === undefined) return true;
  const [atMs = '', permitId = ''] = bookmark.split('.');
  const at = Number(atMs);
  return entry.atMs < at || (entry.atMs === at && entry.permitId > permitId);
}

async function allOpenings(
  { stub, input }: Call<ListAccessInput>,
  wanted: (entry: AccessEntry) => boolean,
): Promise<AccessEntry[]> {
  const { patientId, fromMs, toMs, bookmark } = input;
  const owners: [string, string][] = [
    [patientId, PROVIDERS_COLLECTION],
    ...(await shareIdsOf(stub, patientId)).map((id): [string, string] => [id, EXTRACT_COLLECTION]),
  ];
  const found: AccessEntry[] = [];
  let scanned = 0;
  for (const [ownerId, collection] of owners) {
    for await (const entry of openings(stub, ownerId, collection)) {
      scanned += 1;
      if (scanned > MAX_SCANNED) throw new PulseError('too_costly');
      const inPeriod = fromMs <= entry.atMs && entry.atMs < toMs;
      if (inPeriod && wanted(entry) && isBehind(entry, bookmark)) found.push(entry);
    }
  }
  return found.sort(compare);
}

async function page(
  call: Call<ListAccessInput>,
  wanted: (entry: AccessEntry) => boolean,
): Promise<ListAccessOutput> {
  const { patientId, pageSize } = call.input;
  await requireRight(call, patientId, 'account');
  const found = await allOpenings(call, wanted);
  const shown: AccessEntry[] = [];
  for (const entry of found.slice(0, pageSize)) {
    const verdict = entry.emergency === null ? null : await verdictOn(call.stub, entry);
    shown.push(verdict === null ? entry : { ...entry, verdict });
  }
  const last = shown.at(-1);
  const more = last !== undefined && found.length > pageSize;
  return more ? { entries: shown, bookmark: bookmarkOf(last) } : { entries: shown };
}

/** The accounting of disclosures, whole: own openings and refused ones too. */
export const LIST_ACCESS: TransactionFunction<ListAccessInput> = {
  name: 'access:List',
  input: inputOf(ListAccessInput),
  run: (call) => page(call, () => true),
};

/** What a patient is told of: openings by others. */
export const NOTICES: TransactionFunction<ListAccessInput> = {
  name: 'access:Notices',
  input: inputOf(ListAccessInput),
  run: (call) => page(call, ({ subjectId }) => subjectId !== call.caller.subjectId),
};
