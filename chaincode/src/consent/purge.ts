import {
  type ChangeOutput,
  EXTRACT_COLLECTION,
  ListEndedInput,
  type ListEndedOutput,
  PulseError,
  PurgeInput,
  ShareDocument,
  type SharedPlace,
  splitCompositeKey,
} from '@pulseledger/domain';
import { parseDocument } from '../store/documents.ts';
import { entries, rangeEnd, rangeStart } from '../store/range.ts';
import { CHANGED } from '../transaction/change.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import type { LedgerStub } from '../transaction/ledger-context.ts';
import { inputOf } from '../transaction/transient.ts';
import { copiesIn, purgeCopies } from './copies.ts';
import { readShare } from './facts.ts';
import { closeShare } from './revoke.ts';

/** A share is over so long after its end: a transaction's time is its client's and may be off. */
const GRACE_MS = 5 * 60_000;

function isOver({ untilMs }: ShareDocument, nowMs: number): boolean {
  return untilMs + GRACE_MS <= nowMs;
}

/**
 * Purge copies of a share that has ended, by revoke or by time. Whoever may call it can do no more
 * than that, so it needs no attestation.
 */
async function purge({ stub, input, nowMs }: Call<PurgeInput>): Promise<ChangeOutput> {
  const share = await readShare(stub, input.shareId);
  if (share !== undefined && !isOver(share, nowMs)) {
    throw new PulseError('conflict', 'The consent is live.');
  }
  if (share !== undefined) await closeShare(stub, input.shareId);
  await purgeCopies(stub, input.shareId, input.places);
  return CHANGED;
}

/** Ids of the shares that have ended by time, and of those that are gone and left copies. */
async function endedShares(stub: LedgerStub, nowMs: number): Promise<string[]> {
  const prefix = { objectType: 'share', attributes: [] };
  const live = new Set<string>();
  const ended: string[] = [];
  const range = entries(stub, rangeStart(prefix), rangeEnd(prefix), EXTRACT_COLLECTION);
  for await (const { value } of range) {
    const share = parseDocument(value, ShareDocument);
    if (isOver(share, nowMs)) ended.push(share.shareId);
    else live.add(share.shareId);
  }
  for await (const shareId of sharesWithCopies(stub)) {
    if (!live.has(shareId) && !ended.includes(shareId)) ended.push(shareId);
  }
  return ended;
}

/** Each share that has copies, once: from the first copy of one straight to the next share. */
async function* sharesWithCopies(stub: LedgerStub): AsyncGenerator<string> {
  const all = { objectType: 'shared', attributes: [] };
  let start: string | undefined = rangeStart(all);
  while (start !== undefined) {
    const shareId: string | undefined = await firstShare(stub, start, rangeEnd(all));
    if (shareId !== undefined) yield shareId;
    const prefix = { objectType: 'shared', attributes: [shareId ?? ''] };
    start = shareId === undefined ? undefined : rangeEnd(prefix);
  }
}

async function firstShare(
  stub: LedgerStub,
  start: string,
  end: string,
): Promise<string | undefined> {
  for await (const { key } of entries(stub, start, end, EXTRACT_COLLECTION)) {
    return splitCompositeKey(key)?.attributes[0];
  }
  return undefined;
}

/** What is to be purged, for `consent:Purge`, until the list is empty. */
async function listEnded({ stub, input, nowMs }: Call<ListEndedInput>): Promise<ListEndedOutput> {
  const ended: PurgeInput[] = [];
  let left = input.pageSize;
  for (const shareId of await endedShares(stub, nowMs)) {
    const places: SharedPlace[] = [];
    for await (const { recordClass, alias } of copiesIn(stub, shareId)) {
      if (places.length === left) break;
      places.push({ recordClass, alias });
    }
    ended.push({ shareId, places });
    left -= places.length + 1;
    if (left <= 0) break;
  }
  return { ended };
}

export const PURGE: TransactionFunction<PurgeInput> = {
  name: 'consent:Purge',
  input: inputOf(PurgeInput),
  run: purge,
};

export const LIST_ENDED: TransactionFunction<ListEndedInput> = {
  name: 'consent:ListEnded',
  input: inputOf(ListEndedInput),
  run: listEnded,
};
