import { z } from 'zod';
import { RecordClassSchema } from '../access/attestation.ts';
import type { RecordClass } from '../access/vocabulary.ts';
import { DigestHex, Identifier, MomentMs, SaltHex } from '../identifiers.ts';
import { PasskeyAssertion } from './assertion.ts';
import { MAX_COPIES, MAX_PURGED, SharePurge } from './claims.ts';
import { ConsentDocument, PASSKEY_APPROVALS, type PasskeyApproval } from './documents.ts';
import { PasskeyRegistration } from './registration.ts';
import { ShareDocument, SharedDocument, SharedPlace } from './share.ts';
import { ConsentTerms } from './terms.ts';

/** Largest page of consents, shares or copies. */
export const MAX_CONSENT_PAGE = 200;

/** Input of `consent:InvitePasskey`: an administrator has seen the person and hands over the code. */
export interface InvitePasskeyInput {
  readonly invitationId: string;
  readonly subjectId: string;
  readonly kind: 'in-person' | 'recovery';
  readonly codeDigestHex: string;
  readonly saltHex: string;
}
export const InvitePasskeyInput: z.ZodType<InvitePasskeyInput> = z.strictObject({
  invitationId: Identifier,
  subjectId: Identifier,
  kind: z.enum(['in-person', 'recovery']),
  codeDigestHex: DigestHex,
  saltHex: SaltHex,
});

/** An invitation with its code: 16 random bytes as hex. */
export interface OpenedInvitation {
  readonly invitationId: string;
  readonly code: string;
}
const OpenedInvitation: z.ZodType<OpenedInvitation> = z.strictObject({
  invitationId: Identifier,
  code: Identifier,
});

/** Why a new passkey is believed to be this person's. */
export type PasskeyProof =
  | { readonly kind: 'in-person'; readonly invitation: OpenedInvitation }
  | { readonly kind: 'passkey'; readonly assertion: PasskeyAssertion }
  | { readonly kind: 'recovery'; readonly invitations: readonly OpenedInvitation[] };
const PasskeyProof: z.ZodType<PasskeyProof> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('in-person'), invitation: OpenedInvitation }),
  z.strictObject({ kind: z.literal('passkey'), assertion: PasskeyAssertion }),
  z.strictObject({ kind: z.literal('recovery'), invitations: z.array(OpenedInvitation).length(2) }),
]);

/** What the new passkey's challenge is over. */
export interface PasskeyRequest {
  readonly subjectId: string;
  readonly nonceHex: string;
}

/** What a known passkey agrees to when it vouches for a new one. */
export interface PasskeyVouch extends PasskeyRequest {
  readonly credentialId: string;
  readonly publicKeySpkiBase64: string;
}

/** Input of `consent:RegisterPasskey`, by the person. */
export interface RegisterPasskeyInput {
  /** Random; in the challenge. */
  readonly nonceHex: string;
  readonly registration: PasskeyRegistration;
  readonly proof: PasskeyProof;
  readonly saltHex: string;
}
export const RegisterPasskeyInput: z.ZodType<RegisterPasskeyInput> = z.strictObject({
  nonceHex: Identifier,
  registration: PasskeyRegistration,
  proof: PasskeyProof,
  saltHex: SaltHex,
});

/** Input of `consent:Grant`. */
export interface GrantInput {
  readonly terms: ConsentTerms;
  readonly assertion: PasskeyAssertion;
  /** Salt of the share's document. */
  readonly shareSaltHex: string;
  /** Of a permit towards an insurer. */
  readonly copies: readonly SharedDocument[];
  /** Of a deny: what it takes from shares that are there. */
  readonly purges: readonly SharePurge[];
}
export const GrantInput: z.ZodType<GrantInput> = z.strictObject({
  terms: ConsentTerms,
  assertion: PasskeyAssertion,
  shareSaltHex: SaltHex,
  copies: z.array(SharedDocument).max(MAX_COPIES),
  purges: z.array(SharePurge).max(MAX_COPIES),
});

/** Input of `consent:Copy`. */
export interface CopyInput {
  readonly patientId: string;
  readonly consentId: string;
  readonly copies: readonly SharedDocument[];
  /** Copies that the consent does not cover any more. */
  readonly places: readonly SharedPlace[];
}
export const CopyInput: z.ZodType<CopyInput> = z.strictObject({
  patientId: Identifier,
  consentId: Identifier,
  copies: z.array(SharedDocument).max(MAX_COPIES),
  places: z.array(SharedPlace).max(MAX_PURGED),
});

/** What is agreed to when a consent is revoked; a consent is revoked once. */
export interface RevokeTerms {
  readonly patientId: string;
  readonly consentId: string;
}

/** Input of `consent:Revoke`. */
export interface RevokeInput extends RevokeTerms {
  readonly assertion: PasskeyAssertion;
  /** Copies to purge along with the share; what is left is purged by `consent:Purge`. */
  readonly places: readonly SharedPlace[];
}
export const RevokeInput: z.ZodType<RevokeInput> = z.strictObject({
  patientId: Identifier,
  consentId: Identifier,
  assertion: PasskeyAssertion,
  places: z.array(SharedPlace).max(MAX_PURGED),
});

/** Input of `consent:Purge`: copies of a share that has ended. */
export type PurgeInput = SharePurge;
export const PurgeInput: z.ZodType<PurgeInput> = SharePurge;

/** Input of `consent:ListCopies`: what `extract` has of a consent, ended or not. */
export type ListCopiesInput = RevokeTerms;
export const ListCopiesInput: z.ZodType<ListCopiesInput> = z.strictObject({
  patientId: Identifier,
  consentId: Identifier,
});

/** Answer of `consent:ListCopies`: as many as `consent:Purge` takes; null when nothing was shared. */
export interface ListCopiesOutput {
  readonly purge: PurgeInput | null;
}
export const ListCopiesOutput: z.ZodType<ListCopiesOutput> = z.object({
  purge: PurgeInput.nullable(),
});

/** Input of `consent:ListEnded`. */
export interface ListEndedInput {
  readonly pageSize: number;
}
export const ListEndedInput: z.ZodType<ListEndedInput> = z.strictObject({
  pageSize: z.int().min(1).max(MAX_PURGED),
});

/** Answer of `consent:ListEnded`: inputs of `consent:Purge`, until there are none. */
export interface ListEndedOutput {
  readonly ended: readonly PurgeInput[];
}
export const ListEndedOutput: z.ZodType<ListEndedOutput> = z.object({ ended: z.array(PurgeInput) });

const Page = {
  pageSize: z.int().min(1).max(MAX_CONSENT_PAGE),
  bookmark: z.string().min(1).max(200).optional(),
};

/** Input of `consent:List`. */
export interface ListConsentsInput {
  readonly patientId: string;
  readonly pageSize: number;
  readonly bookmark?: string | undefined;
}
export const ListConsentsInput: z.ZodType<ListConsentsInput> = z.strictObject({
  patientId: Identifier,
  ...Page,
});

/** Answer of `consent:List`, in the order of the consents' ids. */
export interface ListConsentsOutput {
  readonly consents: readonly ConsentDocument[];
  readonly bookmark?: string | undefined;
}
export const ListConsentsOutput: z.ZodType<ListConsentsOutput> = z.object({
  consents: z.array(ConsentDocument),
  bookmark: z.string().optional(),
});

/** Input of `consent:Preview`: what would the insurer see? */
export interface PreviewInput {
  readonly terms: ConsentTerms;
  readonly pageSize: number;
  readonly bookmark?: string | undefined;
}
export const PreviewInput: z.ZodType<PreviewInput> = z.strictObject({
  terms: ConsentTerms,
  ...Page,
});

/** A page of copies. */
export interface SharedPage {
  readonly records: readonly SharedDocument[];
  readonly bookmark?: string | undefined;
}
export const SharedPage: z.ZodType<SharedPage> = z.object({
  records: z.array(SharedDocument),
  bookmark: z.string().optional(),
});

/** Input of `consent:ListPasskeys`: the caller's own. */
export type ListPasskeysInput = Readonly<Record<string, never>>;
export const ListPasskeysInput: z.ZodType<ListPasskeysInput> = z.strictObject({});

/** A passkey as its owner sees it. */
export interface PasskeyView {
  readonly credentialId: string;
  readonly approval: PasskeyApproval;
  readonly registeredAtMs: number;
  readonly revokedAtMs: number | null;
}

/** Answer of `consent:ListPasskeys`: the caller's own, and for whom and where they may be used. */
export interface ListPasskeysOutput {
  readonly passkeys: readonly PasskeyView[];
  readonly relyingParty: { readonly id: string; readonly origins: readonly string[] } | null;
}
export const ListPasskeysOutput: z.ZodType<ListPasskeysOutput> = z.object({
  passkeys: z.array(
    z.object({
      credentialId: z.string(),
      approval: z.enum(PASSKEY_APPROVALS),
      registeredAtMs: MomentMs,
      revokedAtMs: MomentMs.nullable(),
    }),
  ),
  relyingParty: z.object({ id: z.string(), origins: z.array(z.string()) }).nullable(),
});

/** Input of `consent:Worklist`. */
export interface WorklistInput {
  readonly pageSize: number;
  readonly bookmark?: string | undefined;
}
export const WorklistInput: z.ZodType<WorklistInput> = z.strictObject(Page);

/** Answer of `consent:Worklist`: what is shared with the caller's organization, and until when. */
export interface WorklistOutput {
  readonly shares: readonly ShareDocument[];
  readonly bookmark?: string | undefined;
}
export const WorklistOutput: z.ZodType<WorklistOutput> = z.object({
  shares: z.array(ShareDocument),
  bookmark: z.string().optional(),
});

/** Input of `consent:ReadShared`. */
export interface ReadSharedInput {
  readonly shareId: string;
  /** Of the caller's own opening of the share. */
  readonly permitId: string;
  readonly recordClass: RecordClass;
  readonly pageSize: number;
  readonly bookmark?: string | undefined;
}
export const ReadSharedInput: z.ZodType<ReadSharedInput> = z.strictObject({
  shareId: Identifier,
  permitId: Identifier,
  recordClass: RecordClassSchema,
  ...Page,
});
