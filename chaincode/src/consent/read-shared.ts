import {
  CONSENT_KEYS,
  EXTRACT_COLLECTION,
  Identifier,
  MAX_PAGE_BYTES,
  PulseError,
  parseInput,
  ReadSharedInput,
  SharedDocument,
  type SharedPage,
} from '@pulseledger/domain';
import { requireSharePermit } from '../access/reader.ts';
import { parseDocument } from '../store/documents.ts';
import { entries, rangeAfter, rangeEnd, rangeStart } from '../store/range.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import { inputOf } from '../transaction/transient.ts';
import { isShareLive, readShare } from './facts.ts';
import { isFor } from './worklist.ts';

/**
 * The share must be live now and for this caller. What has ended is not told from what never was.
 *
 * @throws PulseError `access_denied`.
 */
async function requireLiveShare({
  stub,
  caller,
  input,
  nowMs,
}: Call<ReadSharedInput>): Promise<void> {
  const share = await readShare(stub, input.shareId);
  if (share === undefined || !isShareLive(share, nowMs) || !isFor(share, caller)) {
    throw new PulseError('access_denied');
  }
}

/** A page of one class of what a share shows, in the order of the aliases. */
async function readShared(call: Call<ReadSharedInput>): Promise<SharedPage> {
  const { stub, input } = call;
  const { shareId, recordClass, pageSize, bookmark } = input;
  await requireLiveShare(call);
  await requireSharePermit(call, input, recordClass);
  const prefix = { objectType: 'shared', attributes: [shareId, recordClass] };
  const start =
    bookmark === undefined
      ? rangeStart(prefix)
      : rangeAfter(CONSENT_KEYS.shared(shareId, recordClass, parseInput(Identifier, bookmark)));
  const records: SharedDocument[] = [];
  let bytes = 0;
  for await (const { value } of entries(stub, start, rangeEnd(prefix), EXTRACT_COLLECTION)) {
    const last = records.at(-1);
    const isFull = records.length === pageSize || bytes + value.length > MAX_PAGE_BYTES;
    if (last !== undefined && isFull) return { records, bookmark: last.alias };
    records.push(parseDocument(value, SharedDocument));
    bytes += value.length;
  }
  return { records };
}

export const READ_SHARED: TransactionFunction<ReadSharedInput> = {
  name: 'consent:ReadShared',
  input: inputOf(ReadSharedInput),
  run: readShared,
};
