import { z } from 'zod';
import { RecordClassSchema } from '../access/attestation.ts';
import { REASON_CODES, type ReasonCode, type RecordClass } from '../access/vocabulary.ts';
import { DigestHex, Identifier, MomentMs } from '../identifiers.ts';
import { ROLES, type Role } from '../record/roles.ts';
import type { KnownPasskey } from './assertion.ts';
import { Base64Url } from './base64url.ts';
import { SharedDocument, SharedPlace } from './share.ts';
import { ConsentTerms } from './terms.ts';

/** Most copies in one transaction. */
export const MAX_COPIES = 200;
/** A list of copies ends at this many bytes of JSON, below the limit of one transaction's input. */
export const MAX_COPY_BYTES: number = 384 * 1024;
/** Most copies that one transaction purges. */
export const MAX_PURGED = 500;
/** Longest claims: the transient attestation has the same limit. */
const MAX_CLAIMS_LENGTH = 100_000;
/** Most live shares of a patient. */
const MAX_SHARES = 200;
/** Most passkeys of a person. */
export const MAX_PASSKEYS = 20;

/** What an attestation is asked for. */
export type ConsentUse =
  /** To give a consent: with its first copies. */
  | { readonly kind: 'grant'; readonly terms: ConsentTerms }
  /** To end one. */
  | { readonly kind: 'revoke'; readonly consentId: string }
  /** To copy what a live consent covers and `extract` does not have. */
  | { readonly kind: 'copy'; readonly consentId: string }
  /** To register a passkey of the caller's own. */
  | { readonly kind: 'passkey' };
export const ConsentUse: z.ZodType<ConsentUse> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('grant'), terms: ConsentTerms }),
  z.strictObject({ kind: z.literal('revoke'), consentId: Identifier }),
  z.strictObject({ kind: z.literal('copy'), consentId: Identifier }),
  z.strictObject({ kind: z.literal('passkey') }),
]);

/** What both organizations are asked alike. */
export interface ConsentAttestInput {
  /** The caller's own id for `passkey`. */
  readonly patientId: string;
  readonly use: ConsentUse;
  readonly atMs: number;
  readonly nonceHex: string;
}
export const ConsentAttestInput: z.ZodType<ConsentAttestInput> = z.strictObject({
  patientId: Identifier,
  use: ConsentUse,
  atMs: MomentMs,
  nonceHex: Identifier,
});

/** Input of the evaluated function `consent:Attest`, with whose key shall sign. */
export interface ConsentAttestRequest {
  readonly attesterMspId: string;
  readonly question: ConsentAttestInput;
}
export const ConsentAttestRequest: z.ZodType<ConsentAttestRequest> = z.strictObject({
  attesterMspId: z.string().min(1).max(64),
  question: ConsentAttestInput,
});

/** Copies of one share that are to go. */
export interface SharePurge {
  readonly shareId: string;
  readonly places: readonly SharedPlace[];
}
export const SharePurge: z.ZodType<SharePurge> = z.strictObject({
  shareId: Identifier,
  places: z.array(SharedPlace).max(MAX_PURGED),
});

/** A copy that may be made: its place and the digest of its canonical JSON. */
export interface AttestedCopy {
  readonly recordClass: RecordClass;
  readonly alias: string;
  readonly digestHex: string;
}
const AttestedCopy: z.ZodType<AttestedCopy> = z.strictObject({
  recordClass: RecordClassSchema,
  alias: Identifier,
  digestHex: DigestHex,
});

/**
 * What an organization attests about a consent. These are facts that live at keys which other
 * transactions of the same person use too, so the transaction itself must not read them.
 */
export interface ConsentClaims {
  readonly v: 1;
  readonly kind: 'consent';
  readonly subjectId: string;
  readonly role: Role;
  readonly mspId: string;
  readonly patientId: string;
  readonly use: ConsentUse['kind'];
  /** May the caller consent for this patient? */
  readonly outcome: 'permit' | 'deny';
  readonly reason: ReasonCode;
  /** The caller's live passkeys with the highest counter seen, by credential id. */
  readonly passkeys: readonly KnownPasskey[];
  /** Credential ids that were revoked. */
  readonly lostPasskeys: readonly string[];
  /** The consent that is revoked or copied for; null otherwise. */
  readonly terms: ConsentTerms | null;
  readonly copies: readonly AttestedCopy[];
  /** Shares of the patient, by id, from which the transaction may purge. */
  readonly shareIds: readonly string[];
  readonly atMs: number;
  readonly expiresAtMs: number;
  readonly nonceHex: string;
}
const KnownPasskeySchema: z.ZodType<KnownPasskey> = z.strictObject({
  credentialId: Base64Url,
  publicKeySpkiBase64: z.string(),
  counter: z.int().min(0),
});
export const ConsentClaims: z.ZodType<ConsentClaims> = z.strictObject({
  v: z.literal(1),
  kind: z.literal('consent'),
  subjectId: Identifier,
  role: z.enum(ROLES),
  mspId: z.string(),
  patientId: Identifier,
  use: z.enum(['grant', 'revoke', 'copy', 'passkey']),
  outcome: z.enum(['permit', 'deny']),
  reason: z.enum(REASON_CODES),
  passkeys: z.array(KnownPasskeySchema).max(MAX_PASSKEYS),
  lostPasskeys: z.array(Base64Url),
  terms: ConsentTerms.nullable(),
  copies: z.array(AttestedCopy).max(MAX_COPIES),
  shareIds: z.array(Identifier).max(MAX_SHARES),
  atMs: MomentMs,
  expiresAtMs: MomentMs,
  nonceHex: Identifier,
});

/** Answer of `consent:Attest`; only the claims are signed. */
export interface ConsentAttestOutput {
  readonly claims: string;
  readonly mspId: string;
  readonly signature: string;
  /** What to copy; its digests are in the claims. */
  readonly copies: readonly SharedDocument[];
  /** What to purge: of a share that is revoked, or what is not covered any more. */
  readonly purges: readonly SharePurge[];
  /** Whether that is all. */
  readonly isWhole: boolean;
}
export const ConsentAttestOutput: z.ZodType<ConsentAttestOutput> = z.object({
  claims: z.string().max(MAX_CLAIMS_LENGTH),
  mspId: z.string(),
  signature: z.string().regex(/^[A-Za-z0-9+/]{86}==$/),
  copies: z.array(SharedDocument).max(MAX_COPIES),
  purges: z.array(SharePurge),
  isWhole: z.boolean(),
});
