import {
  CONSENT_KEYS,
  EXTRACT_COLLECTION,
  Identifier,
  parseInput,
  ShareDocument,
  WorklistInput,
  type WorklistOutput,
} from '@pulseledger/domain';
import type { Caller } from '../access/caller.ts';
import { parseDocument } from '../store/documents.ts';
import { entries, rangeAfter, rangeEnd, rangeStart } from '../store/range.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import { inputOf } from '../transaction/transient.ts';
import { isShareLive } from './facts.ts';

/** Is the share for this caller: their organization's, and no other person's? */
export function isFor({ grantee }: ShareDocument, { mspId, subjectId }: Caller): boolean {
  return grantee.mspId === mspId && (grantee.subjectId === null || grantee.subjectId === subjectId);
}

/** What is shared with the caller now, and until when. */
async function worklist({
  stub,
  caller,
  input,
  nowMs,
}: Call<WorklistInput>): Promise<WorklistOutput> {
  const prefix = { objectType: 'share', attributes: [] };
  const start =
    input.bookmark === undefined
      ? rangeStart(prefix)
      : rangeAfter(CONSENT_KEYS.share(parseInput(Identifier, input.bookmark)));
  const shares: ShareDocument[] = [];
  for await (const { value } of entries(stub, start, rangeEnd(prefix), EXTRACT_COLLECTION)) {
    const share = parseDocument(value, ShareDocument);
    if (!isFor(share, caller) || !isShareLive(share, nowMs)) continue;
    const last = shares.at(-1);
    if (last !== undefined && shares.length === input.pageSize) {
      return { shares, bookmark: last.shareId };
    }
    shares.push(share);
  }
  return { shares };
}

export const WORKLIST: TransactionFunction<WorklistInput> = {
  name: 'consent:Worklist',
  input: inputOf(WorklistInput),
  run: worklist,
};
