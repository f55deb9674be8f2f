import { z } from 'zod';
import { DigestHex, Identifier, MomentMs, SaltHex } from '../identifiers.ts';
import { ROLES, type Role } from '../record/roles.ts';
import { PasskeyAssertion } from './assertion.ts';
import { Base64Url } from './base64url.ts';
import { ConsentTerms } from './terms.ts';

/** Who agreed, when, and the proof that their passkey did. */
export interface Agreement {
  readonly subjectId: string;
  readonly role: Role;
  readonly mspId: string;
  readonly atMs: number;
  readonly assertion: PasskeyAssertion;
}
const Agreement: z.ZodType<Agreement> = z.strictObject({
  subjectId: Identifier,
  role: z.enum(ROLES),
  mspId: z.string(),
  atMs: MomentMs,
  assertion: PasskeyAssertion,
});

/** A consent, as stored by the providers; it stays after it was revoked. */
export interface ConsentDocument {
  readonly terms: ConsentTerms;
  readonly granted: Agreement;
  readonly revoked: Agreement | null;
  readonly saltHex: string;
}
export const ConsentDocument: z.ZodType<ConsentDocument> = z.strictObject({
  terms: ConsentTerms,
  granted: Agreement,
  revoked: Agreement.nullable(),
  saltHex: SaltHex,
});

/** How it was made sure that a passkey is this person's. */
export type PasskeyApproval = 'in-person' | 'passkey' | 'recovery';
export const PASSKEY_APPROVALS: readonly PasskeyApproval[] = ['in-person', 'passkey', 'recovery'];

/** A passkey of a person, as stored by the providers. */
export interface PasskeyDocument {
  readonly subjectId: string;
  /** Base64url. */
  readonly credentialId: string;
  readonly publicKeySpkiBase64: string;
  /** Signature counter at registration. */
  readonly counter: number;
  readonly approval: PasskeyApproval;
  readonly registeredAtMs: number;
  /** Set when the person lost it. */
  readonly revokedAtMs: number | null;
  readonly saltHex: string;
}
export const PasskeyDocument: z.ZodType<PasskeyDocument> = z.strictObject({
  subjectId: Identifier,
  credentialId: Base64Url,
  publicKeySpkiBase64: z.string(),
  counter: z.int().min(0),
  approval: z.enum(['in-person', 'passkey', 'recovery']),
  registeredAtMs: MomentMs,
  revokedAtMs: MomentMs.nullable(),
  saltHex: SaltHex,
});

/** One use of a passkey. */
export interface PasskeyUseDocument {
  readonly counter: number;
  readonly atMs: number;
  readonly saltHex: string;
}
export const PasskeyUseDocument: z.ZodType<PasskeyUseDocument> = z.strictObject({
  counter: z.int().min(0),
  atMs: MomentMs,
  saltHex: SaltHex,
});

/** How long a person who was seen may take to register a passkey. */
export const INVITATION_LIFE_MS: number = 30 * 60_000;

/** That an administrator has seen a person, as stored by the providers. */
export interface InvitationDocument {
  readonly invitationId: string;
  readonly subjectId: string;
  readonly kind: 'in-person' | 'recovery';
  readonly mspId: string;
  readonly administratorId: string;
  /** SHA-256 of the code that the administrator hands over. */
  readonly codeDigestHex: string;
  readonly atMs: number;
  readonly saltHex: string;
}
export const InvitationDocument: z.ZodType<InvitationDocument> = z.strictObject({
  invitationId: Identifier,
  subjectId: Identifier,
  kind: z.enum(['in-person', 'recovery']),
  mspId: z.string(),
  administratorId: Identifier,
  codeDigestHex: DigestHex,
  atMs: MomentMs,
  saltHex: SaltHex,
});
