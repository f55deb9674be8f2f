import { z } from 'zod';
import { LabelList, PurposeSchema, RecordClassSchema } from '../access/attestation.ts';
import { NAMED_ONLY } from '../access/facts.ts';
import type { ConsentFact } from '../access/question.ts';
import {
  type Purpose,
  RECORD_CLASSES,
  type RecordClass,
  SENSITIVE_LABELS,
} from '../access/vocabulary.ts';
import { asciiBytes, bytesFromHex, hexFromBytes } from '../bytes.ts';
import { FhirResource } from '../clinical/resource.ts';
import { Identifier, MomentMs, SaltHex } from '../identifiers.ts';
import type { Sha256 } from '../merkle.ts';
import { type ConsentTerms, INSURER_PURPOSES, type ShareTerms } from './terms.ts';

/** What a share covers. */
export interface ShareScope {
  readonly classes: readonly RecordClass[] | 'all';
  /** Sensitive labels that are shared too. */
  readonly labels: readonly string[];
  readonly purposes: readonly Purpose[];
  readonly fromMs: number;
  readonly untilMs: number;
}

/** A live consent as the insurer has it, in `extract`. No id of `providers` is in it. */
export interface ShareDocument extends ShareScope {
  readonly shareId: string;
  readonly grantee: { readonly mspId: string; readonly subjectId: string | null };
  readonly saltHex: string;
}
const Classes: z.ZodType<readonly RecordClass[] | 'all'> = z.union([
  z.array(RecordClassSchema).max(RECORD_CLASSES.length),
  z.literal('all'),
]);
export const ShareDocument: z.ZodType<ShareDocument> = z.strictObject({
  shareId: Identifier,
  grantee: z.strictObject({ mspId: z.string(), subjectId: Identifier.nullable() }),
  classes: Classes,
  labels: LabelList,
  purposes: z.array(PurposeSchema),
  fromMs: MomentMs,
  untilMs: MomentMs,
  saltHex: SaltHex,
});

/** Where a copy stands within a share. */
export interface SharedPlace {
  readonly recordClass: RecordClass;
  readonly alias: string;
}
export const SharedPlace: z.ZodType<SharedPlace> = z.strictObject({
  recordClass: RecordClassSchema,
  alias: Identifier,
});

/** The copy of a record in `extract`: its ids are aliases, another for each share. */
export interface SharedDocument extends SharedPlace {
  readonly shareId: string;
  /** Version of the record that was copied. */
  readonly version: number;
  readonly resource: FhirResource;
  /** Organization that wrote it. */
  readonly mspId: string;
  readonly saltHex: string;
}
export const SharedDocument: z.ZodType<SharedDocument> = z.strictObject({
  shareId: Identifier,
  recordClass: RecordClassSchema,
  alias: Identifier,
  version: z.int().min(1),
  resource: FhirResource,
  mspId: z.string(),
  saltHex: SaltHex,
});

/** A record as far as copying it needs. */
export interface CopiedRecord {
  readonly recordClass: RecordClass;
  readonly recordId: string;
  readonly version: number;
  readonly resource: FhirResource;
  readonly mspId: string;
}

/** The share's document that terms towards an insurer make. */
export function shareDocument(terms: ConsentTerms, saltHex: string): ShareDocument | undefined {
  const { share, grantee, classes, labels, purposes, fromMs, untilMs } = terms;
  if (share === null || grantee.mspId === null || untilMs === null || purposes === 'all') {
    return undefined;
  }
  return {
    shareId: share.shareId,
    grantee: { mspId: grantee.mspId, subjectId: grantee.subjectId },
    ...{ classes, labels, purposes, fromMs, untilMs, saltHex },
  };
}

/** Labels for which a record is shared only when they are named. */
const TO_BE_NAMED: readonly string[] = [...SENSITIVE_LABELS, 'R'];

/** Does a deny hold against an organization, for payment or coverage, now or later? */
function deniesInsurer(
  { effect, grantee, purposes, untilMs }: ConsentFact,
  at: Narrowing,
): boolean {
  const isAgainst = grantee.mspId === null || grantee.mspId === at.mspId;
  const isFor =
    purposes === 'all' || purposes.some((purpose) => INSURER_PURPOSES.includes(purpose));
  const isOver = untilMs !== null && untilMs <= at.atMs;
  return effect === 'deny' && grantee.subjectId === null && isAgainst && isFor && !isOver;
}

/** Whose share is narrowed, and when. */
export interface Narrowing {
  readonly mspId: string | null;
  readonly atMs: number;
}

/**
 * What is left of a share's scope by what the patient denies: deny overrides. A deny of labels takes
 * these labels from every class of the share, which may be more than it says and is never less.
 */
export function narrowedScope(
  scope: Pick<ShareScope, 'classes' | 'labels'>,
  consents: readonly ConsentFact[],
  at: Narrowing,
): Pick<ShareScope, 'classes' | 'labels'> {
  const denies = consents.filter((consent) => deniesInsurer(consent, at));
  const { classes, labels } = scope;
  if (denies.length === 0) return { classes, labels };
  const whole = denies.filter(({ labels }) => labels.length === 0);
  const all = RECORD_CLASSES.filter((one) => !NAMED_ONLY.includes(one));
  const left = (classes === 'all' ? all : classes).filter((one) =>
    whole.every((deny) => deny.classes !== 'all' && !deny.classes.includes(one)),
  );
  const hidden = denies.flatMap((deny) => deny.labels);
  return { classes: left, labels: labels.filter((label) => !hidden.includes(label)) };
}

/**
 * Does a share cover a record of this class with these labels? Classes that must be named are not in
 * `all`; a sensitive or restricted record is covered when every such label is named; a very restricted
 * one (V) never.
 */
export function coversRecord(
  { classes, labels }: Pick<ShareScope, 'classes' | 'labels'>,
  recordClass: RecordClass,
  recordLabels: readonly string[],
): boolean {
  if (recordClass === 'psychotherapy-note' || recordLabels.includes('V')) return false;
  const isNamed =
    classes === 'all' ? !NAMED_ONLY.includes(recordClass) : classes.includes(recordClass);
  const sensitive = recordLabels.filter((label) => TO_BE_NAMED.includes(label));
  return isNamed && sensitive.every((label) => labels.includes(label));
}

function saltedDigest(domain: string, saltHex: string, text: string, sha256: Sha256): string {
  const parts = [asciiBytes(domain), bytesFromHex(saltHex), new TextEncoder().encode(text)];
  return hexFromBytes(sha256(Uint8Array.from(parts.flatMap((part) => [...part]))));
}

const ID_DIGITS = 32;

/** Name of a record, person or device within one share, from its id. Nobody finds the id without the salt. */
export function aliasOf(aliasSaltHex: string, id: string, sha256: Sha256): string {
  return saltedDigest('pulseledger/alias/1', aliasSaltHex, id, sha256).slice(0, ID_DIGITS);
}

/** An id, a UUID or any longer run of hex digits. */
const IDS = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32,}/gi;
const UUID_PARTS = /^(.{8})(.{4})(.{4})(.{4})(.{12})$/;

/** An alias in the form of what it replaces: an id, a UUID, a run of digits as long. */
function aliasInForm(found: string, aliasSaltHex: string, sha256: Sha256): string {
  const id = found.replaceAll('-', '').toLowerCase();
  if (id.length === ID_DIGITS) {
    const alias = aliasOf(aliasSaltHex, id, sha256);
    return found.length === id.length ? alias : alias.replace(UUID_PARTS, '$1-$2-$3-$4-$5');
  }
  const digest = saltedDigest('pulseledger/alias/1', aliasSaltHex, id, sha256);
  const long = digest.repeat(Math.ceil(id.length / digest.length)).slice(0, id.length);
  const isDecimal = /^\d+$/.test(id);
  // A digit of an object identifier stays one, and none of its arcs begins with 0.
  return isDecimal
    ? `1${long.slice(1).replaceAll(/[a-f]/g, (digit) => String(digit.charCodeAt(0) % 10))}`
    : long;
}

/**
 * The value with every id in any text or member name replaced by its alias in the share, so that
 * references among the copies still meet and nothing leads from a copy to what is not shared.
 */
export function rewriteIds(value: unknown, aliasSaltHex: string, sha256: Sha256): unknown {
  const inText = (text: string): string =>
    text.replaceAll(IDS, (found) => aliasInForm(found, aliasSaltHex, sha256));
  const rewrite = (one: unknown): unknown => {
    if (typeof one === 'string') return inText(one);
    if (Array.isArray(one)) return one.map(rewrite);
    if (typeof one !== 'object' || one === null) return one;
    const members = Object.entries(one).map(([name, member]) => [inText(name), rewrite(member)]);
    return Object.fromEntries(members) as unknown;
  };
  return rewrite(value);
}

/** The copy of a record for a share. Every endorser makes the same bytes. */
export function sharedDocument(
  { shareId, aliasSaltHex }: ShareTerms,
  record: CopiedRecord,
  sha256: Sha256,
): SharedDocument {
  const { recordClass, recordId, version, mspId } = record;
  const saltText = `${recordId}.${version}`;
  return {
    ...{ shareId, recordClass, version, mspId },
    alias: aliasOf(aliasSaltHex, recordId, sha256),
    resource: FhirResource.parse(rewriteIds(record.resource, aliasSaltHex, sha256)),
    saltHex: saltedDigest('pulseledger/copy/1', aliasSaltHex, saltText, sha256).slice(0, ID_DIGITS),
  };
}
