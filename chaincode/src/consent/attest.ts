import {
  ATTESTATION_LIFE_MS,
  type AttestedCopy,
  CONSENT_KEYS,
  type ConsentAttestInput,
  type ConsentAttestOutput,
  ConsentAttestRequest,
  type ConsentClaims,
  ConsentDocument,
  type ConsentTerms,
  canonicalJson,
  type Decision,
  factOf,
  MAX_COPIES,
  MAX_COPY_BYTES,
  MAX_PURGED,
  PulseError,
  type SharedDocument,
  type SharedPlace,
  type SharePurge,
} from '@pulseledger/domain';
import { requireAboutNow, signClaims } from '../access/sign-claims.ts';
import { readDocument } from '../store/documents.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import type { LedgerStub } from '../transaction/ledger-context.ts';
import { inputOf } from '../transaction/transient.ts';
import { type Covered, copiesIn, coveredBy, coveredRecords, digestOfCopy } from './copies.ts';
import { liveSharesOf } from './facts.ts';
import { knownPasskeys, passkeysOf } from './passkeys.ts';
import { sharingOf } from './sharing.ts';

type AttestCall = Call<ConsentAttestRequest>;

/** The terms that a use is about: given for a grant, else those of a consent that stands. */
async function termsOf(
  stub: LedgerStub,
  { patientId, use }: ConsentAttestInput,
): Promise<ConsentTerms | null> {
  if (use.kind === 'passkey') return null;
  if (use.kind === 'grant') return use.terms;
  const key = CONSENT_KEYS.consent(patientId, use.consentId);
  const consent = await readDocument(stub, key, ConsentDocument);
  if (consent === undefined) throw new PulseError('not_found', 'There is no such consent.');
  if (consent.revoked !== null) throw new PulseError('conflict', 'The consent has ended.');
  return consent.terms;
}

/** What is to be copied and purged, and whether that is all. */
interface Changes {
  readonly copies: readonly SharedDocument[];
  readonly purges: readonly SharePurge[];
  readonly isWhole: boolean;
}

const NOTHING: Changes = { copies: [], purges: [], isWhole: true };

function nameOf({ recordClass, alias }: SharedPlace): string {
  return `${recordClass}.${alias}`;
}

/** What `extract` has of a share, by place. */
async function copiedNow(
  stub: LedgerStub,
  shareId: string,
): Promise<Map<string, { readonly place: SharedPlace; readonly digestHex: string }>> {
  const known = new Map<string, { place: SharedPlace; digestHex: string }>();
  for await (const copy of copiesIn(stub, shareId)) {
    const { recordClass, alias } = copy;
    known.set(nameOf(copy), { place: { recordClass, alias }, digestHex: digestOfCopy(copy) });
  }
  return known;
}

/** What a share covers and `extract` does not have in this form, and what it has and is not covered. */
async function differences(stub: LedgerStub, share: Covered): Promise<Changes> {
  const known = await copiedNow(stub, share.shareId);
  const copies: SharedDocument[] = [];
  let bytes = 0;
  let isWhole = true;
  for await (const { copy } of coveredRecords(stub, share)) {
    const isThere = known.get(nameOf(copy))?.digestHex === digestOfCopy(copy);
    known.delete(nameOf(copy));
    if (isThere) continue;
    bytes += Buffer.byteLength(canonicalJson(copy));
    const isFull = copies.length === MAX_COPIES || (copies.length > 0 && bytes > MAX_COPY_BYTES);
    if (isFull) isWhole = false;
    else copies.push(copy);
  }
  const stale = [...known.values()].map(({ place }) => place);
  const places = stale.slice(0, MAX_PURGED);
  const purges = places.length === 0 ? [] : [{ shareId: share.shareId, places }];
  return { copies, purges, isWhole: isWhole && places.length === stale.length };
}

/** All copies of a share, as far as one transaction purges them. */
async function allOf(stub: LedgerStub, shareId: string): Promise<Changes> {
  const all = [...(await copiedNow(stub, shareId)).values()].map(({ place }) => place);
  const places = all.slice(0, MAX_PURGED);
  return { copies: [], purges: [{ shareId, places }], isWhole: places.length === all.length };
}

/** What a new deny takes from the patient's shares. */
async function takenBy(stub: LedgerStub, terms: ConsentTerms, atMs: number): Promise<Changes> {
  const { patientId } = terms;
  const purges: SharePurge[] = [];
  let left = MAX_PURGED;
  for (const share of await liveSharesOf(stub, patientId, atMs, [factOf(terms)])) {
    const found = await differences(stub, { patientId, ...share });
    const places = found.purges.flatMap((purge) => purge.places).slice(0, left);
    left -= places.length;
    if (places.length > 0) purges.push({ shareId: share.shareId, places });
  }
  return { copies: [], purges, isWhole: left > 0 };
}

/** What follows from the use in `extract`. */
async function changesFor(
  { stub, input }: AttestCall,
  terms: ConsentTerms | null,
): Promise<Changes> {
  const { use, atMs } = input.question;
  if (terms === null) return NOTHING;
  if (use.kind === 'revoke') {
    return terms.share === null ? NOTHING : allOf(stub, terms.share.shareId);
  }
  if (terms.effect === 'deny') return takenBy(stub, terms, atMs);
  const share = await coveredBy(stub, terms, atMs);
  return share === undefined ? NOTHING : differences(stub, share);
}

/** Passkeys are the caller's own. */
async function decisionOf(call: AttestCall, terms: ConsentTerms | null): Promise<Decision> {
  const { caller, input } = call;
  const { patientId, use, atMs } = input.question;
  if (use.kind === 'passkey') {
    const isOwn = caller.subjectId === patientId;
    return isOwn
      ? { outcome: 'permit', reason: 'own_right' }
      : { outcome: 'deny', reason: 'not_permitted' };
  }
  // Ending a consent is within the rights of whoever may give one at all.
  const classes = use.kind === 'revoke' ? 'any' : (terms?.classes ?? 'all');
  return sharingOf(call, { patientId, classes, atMs });
}

/** What claims and their lists are made of, once it is decided. */
interface Judged {
  readonly terms: ConsentTerms | null;
  readonly decision: Decision;
}

/** Who may not, learns nothing of a consent. */
async function judge(call: AttestCall): Promise<Judged> {
  const terms = await termsOf(call.stub, call.input.question);
  const decision = await decisionOf(call, terms);
  return { terms: decision.outcome === 'permit' ? terms : null, decision };
}

async function claimsOf(
  { stub, caller, input }: AttestCall,
  { terms, decision }: Judged,
  { copies, purges }: Changes,
): Promise<ConsentClaims> {
  const { subjectId, role, mspId } = caller;
  if (subjectId === undefined) throw new PulseError('access_denied');
  const { patientId, use, atMs, nonceHex } = input.question;
  const passkeys = await passkeysOf(stub, subjectId);
  const lost = passkeys.filter(({ revokedAtMs }) => revokedAtMs !== null);
  return {
    ...{ v: 1, kind: 'consent', subjectId, role, mspId, patientId, terms, ...decision },
    use: use.kind,
    passkeys: await knownPasskeys(stub, passkeys),
    lostPasskeys: lost.map(({ credentialId }) => credentialId),
    copies: copies.map(attestedCopy),
    shareIds: purges.map(({ shareId }) => shareId),
    ...{ atMs, expiresAtMs: atMs + ATTESTATION_LIFE_MS, nonceHex },
  };
}

/**
 * What one organization sees of a consent and who agrees to it, signed with its key. Evaluated only:
 * the facts stand at keys that other transactions of the same person use.
 */
async function attest(call: AttestCall): Promise<ConsentAttestOutput> {
  const { stub, input, nowMs } = call;
  const { attesterMspId, question } = input;
  requireAboutNow(question.atMs, nowMs);
  const judged = await judge(call);
  const changes = await changesFor(call, judged.terms);
  const claims = canonicalJson(await claimsOf(call, judged, changes));
  const signature = await signClaims(stub, attesterMspId, claims, question.atMs);
  return { claims, mspId: attesterMspId, signature, ...changes };
}

function attestedCopy(copy: SharedDocument): AttestedCopy {
  const { recordClass, alias } = copy;
  return { recordClass, alias, digestHex: digestOfCopy(copy) };
}

export const CONSENT_ATTEST: TransactionFunction<ConsentAttestRequest> = {
  name: 'consent:Attest',
  input: inputOf(ConsentAttestRequest),
  run: attest,
};
