import { z } from 'zod';
import { Identifier, MomentMs, SaltHex } from '../identifiers.ts';
import { AttestInput } from './attestation.ts';
import {
  AccessEntry,
  AttesterKey,
  AttesterSecret,
  LinkDocument,
  LinkTarget,
  RelationScopeSchema,
  RepresentativeDocument,
} from './documents.ts';
import type { RelationScope } from './question.ts';

/** How long a chart stays open. */
export const PERMIT_LIFE_MS: number = 30 * 60_000;
/** Most entries of a page of the accounting of disclosures. */
export const MAX_ACCESS_PAGE = 200;

/** Input of `access:PutAttesterKey`: the private key, for the caller's organization's peers only. */
export interface PutAttesterKeyInput extends AttesterSecret {
  readonly keyId: string;
}
export const PutAttesterKeyInput: z.ZodType<PutAttesterKeyInput> = z.strictObject({
  keyId: Identifier,
  privateKeyPkcs8Base64: z.string().regex(/^[A-Za-z0-9+/]{64}$/),
  saltHex: SaltHex,
});

/** Input of `access:PublishAttester`. */
export type PublishAttesterInput = AttesterKey;
export const PublishAttesterInput: z.ZodType<PublishAttesterInput> = AttesterKey;

/** Input of `access:ListAttesters`. */
export type ListAttestersInput = Readonly<Record<string, never>>;
export const ListAttestersInput: z.ZodType<ListAttestersInput> = z.strictObject({});

/** Answer of `access:ListAttesters`: keys by MSP id. */
export interface ListAttestersOutput {
  readonly attesters: Readonly<Record<string, readonly AttesterKey[]>>;
}
export const ListAttestersOutput: z.ZodType<ListAttestersOutput> = z.object({
  attesters: z.record(z.string(), z.array(AttesterKey)),
});

/** Input of the evaluated function `access:Attest`, with whose key shall sign. */
export interface AttestRequest {
  readonly attesterMspId: string;
  readonly question: AttestInput;
}
export const AttestRequest: z.ZodType<AttestRequest> = z.strictObject({
  attesterMspId: z.string().min(1).max(64),
  question: AttestInput,
});

/** Input of `access:OpenChart`; who, what and why stand in the attestation. */
export interface OpenChartInput {
  /** 16 random bytes. */
  readonly permitId: string;
  readonly saltHex: string;
}
export const OpenChartInput: z.ZodType<OpenChartInput> = z.strictObject({
  permitId: Identifier,
  saltHex: SaltHex,
});

/** Input of `access:List` and `access:Notices`, by the patient or a representative; newest first. */
export interface ListAccessInput {
  readonly patientId: string;
  /** Entries from this moment on. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly pageSize: number;
  readonly bookmark?: string | undefined;
}
export const ListAccessInput: z.ZodType<ListAccessInput> = z.strictObject({
  patientId: Identifier,
  fromMs: MomentMs,
  toMs: MomentMs,
  pageSize: z.int().min(1).max(MAX_ACCESS_PAGE),
  bookmark: z
    .string()
    .regex(/^\d{1,15}\.[0-9a-f]{32}$/)
    .optional(),
});

/** Answer of `access:List` and `access:Notices`. */
export interface ListAccessOutput {
  readonly entries: readonly AccessEntry[];
  readonly bookmark?: string | undefined;
}
export const ListAccessOutput: z.ZodType<ListAccessOutput> = z.object({
  entries: z.array(AccessEntry),
  bookmark: z.string().optional(),
});

/** Input of `access:SetRepresentative`; attested with action `represent`. */
export interface SetRepresentativeInput {
  readonly representativeId: string;
  readonly kind: 'guardian' | 'proxy';
  readonly scope: RelationScope;
  readonly fromMs: number;
  readonly untilMs: number | null;
  readonly saltHex: string;
}
export const SetRepresentativeInput: z.ZodType<SetRepresentativeInput> = z.strictObject({
  representativeId: Identifier,
  kind: z.enum(['guardian', 'proxy']),
  scope: RelationScopeSchema,
  fromMs: MomentMs,
  untilMs: MomentMs.nullable(),
  saltHex: SaltHex,
});

/** Input of `access:EndRepresentative`; attested with action `represent`. */
export interface EndRepresentativeInput {
  readonly representativeId: string;
  readonly untilMs: number;
}
export const EndRepresentativeInput: z.ZodType<EndRepresentativeInput> = z.strictObject({
  representativeId: Identifier,
  untilMs: MomentMs,
});

/** Answer of `access:ListRepresentatives`. */
export interface ListRepresentativesOutput {
  readonly representatives: readonly RepresentativeDocument[];
}
export const ListRepresentativesOutput: z.ZodType<ListRepresentativesOutput> = z.object({
  representatives: z.array(RepresentativeDocument),
});

/** Input of `care:Link`; attested with action `register` of class `basics`. */
export interface LinkInput {
  /** 16 random bytes. */
  readonly linkId: string;
  readonly target: LinkDocument['target'];
  readonly saltHex: string;
}
export const LinkInput: z.ZodType<LinkInput> = z.strictObject({
  linkId: Identifier,
  target: LinkTarget,
  saltHex: SaltHex,
});

/** Input of `care:Unlink`; attested like `care:Link`. */
export interface UnlinkInput {
  readonly linkId: string;
}
export const UnlinkInput: z.ZodType<UnlinkInput> = z.strictObject({ linkId: Identifier });

/** Answer of `care:ListLinks`: live and ended links. */
export interface ListLinksOutput {
  readonly links: readonly LinkDocument[];
}
export const ListLinksOutput: z.ZodType<ListLinksOutput> = z.object({
  links: z.array(LinkDocument),
});
