import {
  type AttestedShare,
  CONSENT_KEYS,
  ConsentDocument,
  type ConsentFact,
  EXTRACT_COLLECTION,
  factOf,
  narrowedScope,
  ShareDocument,
} from '@pulseledger/domain';
import { parseDocument, readDocument } from '../store/documents.ts';
import { entries, rangeEnd, rangeStart } from '../store/range.ts';
import type { LedgerStub } from '../transaction/ledger-context.ts';

/** Consents of a patient that are not revoked, whatever their period. Only for evaluated functions. */
async function standingConsents(stub: LedgerStub, patientId: string): Promise<ConsentDocument[]> {
  const prefix = { objectType: 'consent', attributes: [patientId] };
  const standing: ConsentDocument[] = [];
  for await (const { value } of entries(stub, rangeStart(prefix), rangeEnd(prefix))) {
    const consent = parseDocument(value, ConsentDocument);
    if (consent.revoked === null) standing.push(consent);
  }
  return standing;
}

/** What the patient permits and denies, for `decide`. Only for evaluated functions. */
export async function consentFactsOf(stub: LedgerStub, patientId: string): Promise<ConsentFact[]> {
  const standing = await standingConsents(stub, patientId);
  return standing.map(({ terms }) => factOf(terms));
}

/** Terms towards an insurer that are under way, narrowed by what the patient denies. */
function narrowed(
  { terms }: ConsentDocument,
  consents: readonly ConsentFact[],
  atMs: number,
): AttestedShare[] {
  const { share, grantee, fromMs, untilMs } = terms;
  const isOver = untilMs !== null && untilMs <= atMs;
  if (share === null || isOver) return [];
  const scope = narrowedScope(terms, consents, { mspId: grantee.mspId, atMs });
  return [{ ...share, ...scope, fromMs, untilMs }];
}

/** Consents towards `extract` that are live at this moment, for claims. Only for evaluated functions. */
export async function liveSharesOf(
  stub: LedgerStub,
  patientId: string,
  atMs: number,
  added: readonly ConsentFact[] = [],
): Promise<AttestedShare[]> {
  const standing = await standingConsents(stub, patientId);
  const consents = [...standing.map(({ terms }) => factOf(terms)), ...added];
  return standing.flatMap((consent) => narrowed(consent, consents, atMs));
}

/** A share as it stands in `extract`; undefined when there is none, or none any more. */
export function readShare(stub: LedgerStub, shareId: string): Promise<ShareDocument | undefined> {
  return readDocument(stub, CONSENT_KEYS.share(shareId), ShareDocument, EXTRACT_COLLECTION);
}

/** Is the share under way at this moment? */
export function isShareLive({ fromMs, untilMs }: ShareDocument, nowMs: number): boolean {
  return fromMs <= nowMs && nowMs < untilMs;
}
