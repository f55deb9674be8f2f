import { z } from 'zod';
import { FhirResource } from '../clinical/resource.ts';
import { Identifier, MomentMs, SaltHex } from '../identifiers.ts';
import type { CheckedNpi, CheckedQualification, QualificationAttestation } from './attestation.ts';
import { DIRECTORY_KINDS, type DirectoryKind } from './resource.ts';

/** Most entries in one transaction. */
export const MAX_DIRECTORY_WRITES = 50;
/** Largest page, and most entries that one call reads by id. */
export const MAX_DIRECTORY_PAGE = 100;

const Kind: z.ZodType<DirectoryKind> = z.enum(DIRECTORY_KINDS);
const Words: z.ZodType<string> = z.string().min(1).max(200);
const Bookmark: z.ZodType<string> = z.string().min(1).max(500);
const Statement: z.ZodType<string> = z.string().min(3).max(1_000);

/** An entry as stored, with the resource as it was given. */
export interface DirectoryDocument {
  readonly kind: DirectoryKind;
  readonly id: string;
  /** Organization of the network that answers for it. */
  readonly custodian: string;
  /** 1 = the first. */
  readonly version: number;
  readonly updatedAtMs: number;
  /** Who wrote this version: an administrator, or the doctor it is about. */
  readonly updatedBy: { readonly mspId: string; readonly role: 'administrator' | 'doctor' };
  readonly resource: FhirResource;
  readonly saltHex: string;
}
export const DirectoryDocument: z.ZodType<DirectoryDocument> = z.object({
  kind: Kind,
  id: Identifier,
  custodian: z.string(),
  version: z.int().min(1),
  updatedAtMs: MomentMs,
  updatedBy: z.object({ mspId: z.string(), role: z.enum(['administrator', 'doctor']) }),
  resource: FhirResource,
  saltHex: SaltHex,
});

/** One entry to write. */
export interface DirectoryWrite {
  readonly kind: DirectoryKind;
  readonly id: string;
  /** Null = it must not exist yet. */
  readonly ifVersion: number | null;
  readonly resource: FhirResource;
  readonly saltHex: string;
}

/** Input of `directory:Write`. */
export interface WriteDirectoryInput {
  readonly writes: readonly DirectoryWrite[];
}
export const WriteDirectoryInput: z.ZodType<WriteDirectoryInput> = z.strictObject({
  writes: z
    .array(
      z.strictObject({
        kind: Kind,
        id: Identifier,
        ifVersion: z.int().min(1).nullable(),
        resource: FhirResource,
        saltHex: SaltHex,
      }),
    )
    .min(1)
    .max(MAX_DIRECTORY_WRITES),
});

/** Answer of `directory:Write`, in the order of the input. */
export interface WriteDirectoryOutput {
  readonly versions: readonly number[];
}
export const WriteDirectoryOutput: z.ZodType<WriteDirectoryOutput> = z.object({
  versions: z.array(z.int()),
});

/** What an organization found when it checked a qualification. */
export interface QualificationCheck {
  /** `system|code` or text of the qualification. */
  readonly qualification: string;
  readonly outcome: 'verified' | 'failed';
  /** Where it was checked, e.g. a register of licences. */
  readonly source: string;
}
const CHECK = {
  qualification: z.string().min(1).max(2_000),
  outcome: z.enum(['verified', 'failed']),
  source: Statement,
};
export const QualificationCheck: z.ZodType<QualificationCheck> = z.strictObject(CHECK);

/** Input of `directory:Attest`, by an organization's administrator. */
export interface AttestQualificationInput extends QualificationCheck {
  readonly practitionerId: string;
  /** Random. */
  readonly attestationId: string;
  readonly saltHex: string;
}
export const AttestQualificationInput: z.ZodType<AttestQualificationInput> = z.strictObject({
  practitionerId: Identifier,
  attestationId: Identifier,
  ...CHECK,
  saltHex: SaltHex,
});

const Attestation: z.ZodType<QualificationAttestation> = z.object({
  attestationId: Identifier,
  qualification: z.string(),
  outcome: z.enum(['verified', 'failed']),
  source: z.string(),
  mspId: z.string(),
  atMs: MomentMs,
});
/** An attestation as stored. */
export interface AttestationDocument {
  readonly attestation: QualificationAttestation;
  readonly saltHex: string;
}
export const AttestationDocument: z.ZodType<AttestationDocument> = z.object({
  attestation: Attestation,
  saltHex: SaltHex,
});

/** Another organization's objection to a member of an entry. */
export interface Dispute {
  readonly disputeId: string;
  readonly kind: DirectoryKind;
  readonly id: string;
  /** Member of the resource, e.g. `qualification`. */
  readonly field: string;
  /** Version that it is about. */
  readonly version: number;
  readonly statement: string;
  readonly mspId: string;
  readonly openedAtMs: number;
  /** `withdrawn` by who opened it, `settled` by the custodian. */
  readonly status: 'open' | 'withdrawn' | 'settled';
  readonly closedAtMs: number | null;
  readonly answer: string | null;
}
export const Dispute: z.ZodType<Dispute> = z.object({
  disputeId: Identifier,
  kind: Kind,
  id: Identifier,
  field: z.string(),
  version: z.int(),
  statement: z.string(),
  mspId: z.string(),
  openedAtMs: MomentMs,
  status: z.enum(['open', 'withdrawn', 'settled']),
  closedAtMs: MomentMs.nullable(),
  answer: z.string().nullable(),
});
/** A dispute as stored. */
export interface DisputeDocument {
  readonly dispute: Dispute;
  readonly saltHex: string;
}
export const DisputeDocument: z.ZodType<DisputeDocument> = z.object({
  dispute: Dispute,
  saltHex: SaltHex,
});

/** Input of `directory:Dispute`, by the administrator of another organization than the custodian. */
export interface OpenDisputeInput {
  readonly disputeId: string;
  readonly kind: DirectoryKind;
  readonly id: string;
  readonly field: string;
  readonly statement: string;
  readonly saltHex: string;
}
export const OpenDisputeInput: z.ZodType<OpenDisputeInput> = z.strictObject({
  disputeId: Identifier,
  kind: Kind,
  id: Identifier,
  field: z.string().regex(/^[A-Za-z]{1,64}$/),
  statement: Statement,
  saltHex: SaltHex,
});

/** Input of `directory:CloseDispute`: withdrawn by who opened it, or settled by the custodian. */
export interface CloseDisputeInput {
  readonly disputeId: string;
  readonly kind: DirectoryKind;
  readonly id: string;
  readonly answer: string;
}
export const CloseDisputeInput: z.ZodType<CloseDisputeInput> = z.strictObject({
  disputeId: Identifier,
  kind: Kind,
  id: Identifier,
  answer: Statement,
});

/** An entry as it is read. */
export interface DirectoryEntry extends Omit<DirectoryDocument, 'saltHex'> {
  readonly npis: readonly CheckedNpi[];
  readonly qualifications: readonly CheckedQualification[];
  readonly disputes: readonly Dispute[];
}
export const DirectoryEntry: z.ZodType<DirectoryEntry> = z.object({
  kind: Kind,
  id: Identifier,
  custodian: z.string(),
  version: z.int(),
  updatedAtMs: MomentMs,
  updatedBy: z.object({ mspId: z.string(), role: z.enum(['administrator', 'doctor']) }),
  resource: FhirResource,
  npis: z.array(z.object({ value: z.string(), status: z.enum(['well-formed', 'unverified']) })),
  qualifications: z.array(
    z.object({
      qualification: z.string(),
      status: z.enum(['claimed', 'verified', 'failed', 'stale']),
      dueMs: MomentMs.nullable(),
      attestations: z.array(Attestation),
    }),
  ),
  disputes: z.array(Dispute),
});

/** Input of `directory:Read`. */
export interface ReadDirectoryInput {
  readonly entries: readonly { readonly kind: DirectoryKind; readonly id: string }[];
}
export const ReadDirectoryInput: z.ZodType<ReadDirectoryInput> = z.strictObject({
  entries: z
    .array(z.strictObject({ kind: Kind, id: Identifier }))
    .min(1)
    .max(MAX_DIRECTORY_PAGE),
});

/** Answer of `directory:Read`: those that exist, in the order of the input. */
export interface ReadDirectoryOutput {
  readonly entries: readonly DirectoryEntry[];
}
export const ReadDirectoryOutput: z.ZodType<ReadDirectoryOutput> = z.object({
  entries: z.array(DirectoryEntry),
});

/** Input of `directory:History`. */
export interface DirectoryHistoryInput {
  readonly kind: DirectoryKind;
  readonly id: string;
}
export const DirectoryHistoryInput: z.ZodType<DirectoryHistoryInput> = z.strictObject({
  kind: Kind,
  id: Identifier,
});

/** Answer of `directory:History`, the latest first. */
export interface DirectoryHistoryOutput {
  readonly versions: readonly DirectoryDocument[];
}
export const DirectoryHistoryOutput: z.ZodType<DirectoryHistoryOutput> = z.object({
  versions: z.array(DirectoryDocument),
});

/**
 * Input of `directory:Search`. All that is given must hold. For roles, name, gender and language are those of the
 * practitioner, and place is that of a location of the role or of its organization.
 */
export interface SearchDirectoryInput {
  readonly kind: DirectoryKind;
  /** Beginnings of words, without regard to accents and case. */
  readonly name?: string | undefined;
  readonly place?: string | undefined;
  /** Code, mostly of NUCC. */
  readonly specialty?: string | undefined;
  /** BCP 47: `es` finds `es-MX` too. */
  readonly language?: string | undefined;
  readonly gender?: string | undefined;
  readonly acceptsPatients?: boolean | undefined;
  /** `system|value` or `value`, whole. */
  readonly identifier?: string | undefined;
  readonly practitionerId?: string | undefined;
  readonly organizationId?: string | undefined;
  readonly locationId?: string | undefined;
  /** Only what was written at this moment or later, oldest first. */
  readonly updatedSinceMs?: number | undefined;
  /** Only what is active and, for roles, under way. */
  readonly current?: boolean | undefined;
  readonly pageSize: number;
  readonly bookmark?: string | undefined;
}
export const SearchDirectoryInput: z.ZodType<SearchDirectoryInput> = z.strictObject({
  kind: Kind,
  name: Words.optional(),
  place: Words.optional(),
  specialty: Words.optional(),
  language: z
    .string()
    .regex(/^[A-Za-z0-9-]{2,35}$/)
    .optional(),
  gender: Words.optional(),
  acceptsPatients: z.boolean().optional(),
  identifier: z.string().min(1).max(500).optional(),
  practitionerId: Identifier.optional(),
  organizationId: Identifier.optional(),
  locationId: Identifier.optional(),
  updatedSinceMs: MomentMs.optional(),
  current: z.boolean().optional(),
  pageSize: z.int().min(1).max(MAX_DIRECTORY_PAGE),
  bookmark: Bookmark.optional(),
});

/** Answer of `directory:Search`; a page may be short, or empty, and still have a bookmark. */
export interface SearchDirectoryOutput {
  readonly entries: readonly DirectoryEntry[];
  readonly bookmark?: string | undefined;
}
export const SearchDirectoryOutput: z.ZodType<SearchDirectoryOutput> = z.object({
  entries: z.array(DirectoryEntry),
  bookmark: Bookmark.optional(),
});
