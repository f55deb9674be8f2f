import { z } from 'zod';
import type { QualificationStatus } from '../directory/attestation.ts';
import { QualificationCheck } from '../directory/contract.ts';
import { Identifier, MomentMs } from '../identifiers.ts';

/** A post that somebody has or had. */
export interface DirectoryPost {
  /** What they do there, in words. */
  readonly role: string;
  readonly specialties: readonly string[];
  /** Name of the organization; empty when it is not in the directory. */
  readonly organization: string;
  readonly places: readonly string[];
  /** FHIR dates; null = not said. */
  readonly start: string | null;
  readonly end: string | null;
  readonly isCurrent: boolean;
  /** Null = not said. */
  readonly acceptsPatients: boolean | null;
  readonly phones: readonly string[];
}

/** One hit: somebody, and the post that was found. */
export interface DirectoryHit {
  readonly practitionerId: string;
  readonly name: string;
  readonly languages: readonly string[];
  readonly post: DirectoryPost;
}

/** Answer of `GET /directory`: a page may be short, or empty, and have a bookmark. */
export interface DirectoryAnswer {
  readonly hits: readonly DirectoryHit[];
  readonly bookmark?: string | undefined;
}

/** What somebody learned, and who has checked it. */
export interface ProfileQualification {
  /** By which it is attested. */
  readonly key: string;
  readonly text: string;
  readonly start: string | null;
  readonly end: string | null;
  readonly status: QualificationStatus;
  /** When it is to be checked anew; null when nobody has checked, or it failed. */
  readonly dueMs: number | null;
  readonly attestations: readonly {
    /** MSP of the organization that checked. */
    readonly mspId: string;
    readonly source: string;
    readonly outcome: 'verified' | 'failed';
    readonly atMs: number;
  }[];
}

/** Body of `POST /directory/{practitionerId}/attestations`, by an organization's administrator. */
export type AttestationRequest = QualificationCheck;
export const AttestationRequest: z.ZodType<AttestationRequest> = QualificationCheck;

/** Answer of `GET /directory/{practitionerId}`: the career, current posts first. */
export interface ProfileAnswer {
  readonly practitionerId: string;
  readonly name: string;
  readonly languages: readonly string[];
  readonly phones: readonly string[];
  readonly posts: readonly DirectoryPost[];
  readonly qualifications: readonly ProfileQualification[];
  readonly npis: readonly {
    readonly value: string;
    readonly status: 'well-formed' | 'unverified';
  }[];
  /** Members of the entry that another organization disputes. */
  readonly disputed: readonly string[];
  /** MSP of the organization that answers for the entry. */
  readonly custodian: string;
  readonly updatedAtMs: number;
}

const Post: z.ZodType<DirectoryPost> = z.object({
  role: z.string(),
  specialties: z.array(z.string()),
  organization: z.string(),
  places: z.array(z.string()),
  start: z.string().nullable(),
  end: z.string().nullable(),
  isCurrent: z.boolean(),
  acceptsPatients: z.boolean().nullable(),
  phones: z.array(z.string()),
});

export const DirectoryAnswer: z.ZodType<DirectoryAnswer> = z.object({
  hits: z.array(
    z.object({
      practitionerId: Identifier,
      name: z.string(),
      languages: z.array(z.string()),
      post: Post,
    }),
  ),
  bookmark: z.string().optional(),
});

export const ProfileAnswer: z.ZodType<ProfileAnswer> = z.object({
  practitionerId: Identifier,
  name: z.string(),
  languages: z.array(z.string()),
  phones: z.array(z.string()),
  posts: z.array(Post),
  qualifications: z.array(
    z.object({
      key: z.string(),
      text: z.string(),
      start: z.string().nullable(),
      end: z.string().nullable(),
      status: z.enum(['claimed', 'verified', 'failed', 'stale']),
      dueMs: MomentMs.nullable(),
      attestations: z.array(
        z.object({
          mspId: z.string(),
          source: z.string(),
          outcome: z.enum(['verified', 'failed']),
          atMs: MomentMs,
        }),
      ),
    }),
  ),
  npis: z.array(z.object({ value: z.string(), status: z.enum(['well-formed', 'unverified']) })),
  disputed: z.array(z.string()),
  custodian: z.string(),
  updatedAtMs: MomentMs,
});
